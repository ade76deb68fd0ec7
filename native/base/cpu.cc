// SPDX-License-Identifier: Apache-2.0
#include "base/cpu.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr unsigned kCpuCountMax = CPU_SETSIZE;

bool parseNumber(std::string_view text, unsigned& number) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc{} && end == text.data() + text.size();
}

} // namespace

Result<std::vector<unsigned>> parseCpuList(const std::string& text) {
  std::vector<unsigned> cpus;
  std::string_view rest = text;
  bool hasMore = !rest.empty();
  while (hasMore) {
    const std::string_view item = rest.substr(0, rest.find(','));
    hasMore = item.size() < rest.size();
    rest.remove_prefix(hasMore ? item.size() + 1 : item.size());
    const std::size_t dash = item.find('-');
    unsigned first = 0;
    unsigned last = 0;
    const bool isNumber = parseNumber(item.substr(0, dash), first);
    const bool isRange = dash == std::string_view::npos ? (last = first, true)
                                                        : parseNumber(item.substr(dash + 1), last);
    if (!isNumber || !isRange || first > last || last >= kCpuCountMax) {
      return Error(ErrorKind::InvalidArgument, concat("\"", text, "\" is not a CPU list"));
    }
    for (unsigned cpu = first; cpu <= last; ++cpu) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

Result<void> pinThisThread(const std::vector<unsigned>& cpus) {
  if (cpus.empty()) {
    return {};
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned cpu : cpus) {
    CPU_SET(cpu, &set);
  }
  if (::sched_setaffinity(0, sizeof set, &set) != 0) {
    return Error::fromErrno(errno, "pin a thread to the CPUs asked for");
  }
  return {};
}

std::jthread startThread(const std::string& name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ARGON_CHECK_EQ(::pthread_sigmask(SIG_SETMASK, &all, &before), 0);
  std::jthread thread([name = name.substr(0, 15), body = std::move(body)] {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    // A fault signal that is blocked kills the process at once, and SIGBUS has a handler of ours.
    sigset_t faults;
    ::sigemptyset(&faults);
    ::sigaddset(&faults, SIGBUS);
    ::sigaddset(&faults, SIGSEGV);
    ::pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
    body();
  });
  ARGON_CHECK_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  return thread;
}

} // namespace argon
