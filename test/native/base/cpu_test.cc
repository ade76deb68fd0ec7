// SPDX-License-Identifier: Apache-2.0
#include "base/cpu.h"

#include "base/error.h"
#include "base/result.h"
#include "support/test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace argon {

namespace {

using Cpus = std::vector<unsigned>;

// The first CPU that this process may run on.
unsigned firstAllowedCpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(::sched_getaffinity(0, sizeof set, &set) == 0);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) {
      return cpu;
    }
  }
  FAIL("no CPU at all");
  return 0;
}

bool isBlocked(int number) {
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return ::sigismember(&blocked, number) == 1;
}

} // namespace

TEST_CASE("a CPU list has numbers and ranges") {
  const auto parsed = [](const std::string& text) {
    const Result<Cpus> cpus = parseCpuList(text);
    REQUIRE_OK(cpus);
    return *cpus;
  };

  CHECK(parsed("0") == Cpus{0});
  CHECK(parsed("0,2") == Cpus{0, 2});
  CHECK(parsed("0-3,8") == Cpus{0, 1, 2, 3, 8});
  CHECK(parsed("5-5") == Cpus{5});
  CHECK(parsed("1023") == Cpus{1023});
  CHECK(parsed("2,0") == Cpus{2, 0});
  CHECK(parsed("").empty());
}

TEST_CASE("text that taskset would not write is no CPU list") {
  for (const std::string text :
       {",",   "0,",  ",0", "0,,1", "-",  "-1",   "1-",     "3-1",        "1-2-3",
        "a",   "0x1", " 0", "0 ",   "+1", "1024", "0-1024", "4294967296", "99999999999999999999",
        "1.5", "0;1", "--1"}) {
    CAPTURE(text);
    const Result<Cpus> cpus = parseCpuList(text);
    REQUIRE_FALSE(cpus);
    CHECK(cpus.error().kind() == ErrorKind::InvalidArgument);
  }
}

TEST_CASE("a thread that is pinned runs where it was told to") {
  const unsigned cpu = firstAllowedCpu();
  int ranOn = -1;
  bool isPinned = false;

  startThread("pinned", [cpu, &ranOn, &isPinned] {
    isPinned = pinThisThread({cpu}).has_value();
    ranOn = ::sched_getcpu();
  }).join();

  CHECK(isPinned);
  CHECK(ranOn == static_cast<int>(cpu));
}

TEST_CASE("an empty list leaves a thread where it is") { CHECK_OK(pinThisThread({})); }

TEST_CASE("a thread cannot be pinned to a CPU that is not there") {
  std::vector<ErrorKind> kinds;

  startThread("pinned", [&kinds] {
    const Result<void> pinned = pinThisThread({1023});
    if (!pinned) {
      kinds.push_back(pinned.error().kind());
    }
  }).join();

  CHECK(kinds == std::vector{ErrorKind::InvalidArgument});
}

TEST_CASE("a thread has the name it was given, cut to what tools show") {
  std::array<char, 16> name{};

  startThread("a name that is too long", [&name] {
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  }).join();

  CHECK(std::string(name.data()) == "a name that is ");
}

TEST_CASE("a thread takes no signal but those of its own faults") {
  bool blocksTerm = false;
  bool blocksBus = true;
  bool blocksSegv = true;

  startThread("quiet", [&] {
    blocksTerm = isBlocked(SIGTERM) && isBlocked(SIGCHLD) && isBlocked(SIGUSR1);
    blocksBus = isBlocked(SIGBUS);
    blocksSegv = isBlocked(SIGSEGV);
  }).join();

  CHECK(blocksTerm);
  CHECK_FALSE(blocksBus);
  CHECK_FALSE(blocksSegv);
}

TEST_CASE("starting a thread leaves the signals of the starter as they were") {
  const bool blockedBefore = isBlocked(SIGTERM);

  startThread("other", [] {}).join();

  CHECK(isBlocked(SIGTERM) == blockedBefore);
}

} // namespace argon
