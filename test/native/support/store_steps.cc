// SPDX-License-Identifier: Apache-2.0
#include "support/store_steps.h"

#include "base/alignment.h"
#include "base/check.h"
#include "base/checked_math.h"
#include "base/mapped_region.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

namespace argon::test {

namespace {

// Ends a hang; whoever runs the tests may be slow.
constexpr unsigned kChildSecondsMax = 60;
// From the end of the handler for a forbidden store to the store itself: some hundred instructions
// with a sanitizer. A store that changes nothing is passed over after as many.
constexpr int kStepCountMax = 1000;

// The child's only, for its signal handlers.
std::span<std::byte> watched;

void allowStore(int /*signal*/) {
  ::mprotect(watched.data(), watched.size(), PROT_READ | PROT_WRITE);
  ::kill(::getpid(), SIGSTOP);
}

void forbidStores(int /*signal*/) { ::mprotect(watched.data(), watched.size(), PROT_READ); }

[[noreturn]] void beChild(std::span<std::byte> pages, const std::function<void()>& body) {
  watched = pages;
  static_cast<void>(::signal(SIGSEGV, allowStore));
  static_cast<void>(::signal(SIGUSR2, forbidStores));
  ::alarm(kChildSecondsMax);
  ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  ::kill(::getpid(), SIGSTOP);
  forbidStores(0);
  body();
  ::_exit(0);
}

// The signal that the child stopped for; 0 if it ended well. Its crash or its alarm is a bug.
int waitStopped(pid_t child) {
  int status = 0;
  ARGON_CHECK_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) {
    ARGON_CHECK_EQ(WEXITSTATUS(status), 0);
    return 0;
  }
  ARGON_CHECK(WIFSTOPPED(status));
  return WSTOPSIG(status);
}

void resume(pid_t child, __ptrace_request how, int signal) {
  // The kernel takes the signal's number as a pointer.
  ARGON_CHECK_EQ(::ptrace(how, child, nullptr, static_cast<std::intptr_t>(signal)), 0);
}

} // namespace

std::vector<std::vector<std::byte>> contentsAfterEachStore(std::span<std::byte> memory,
                                                           const std::function<void()>& body) {

  ARGON_CHECK(isAligned(memory.data(), pageBytes()));
  std::vector<std::vector<std::byte>> contents;
  contents.emplace_back(memory.begin(), memory.end());
  const auto hasChanged = [&memory, &contents] {
    return std::memcmp(memory.data(), contents.back().data(), memory.size()) != 0;
  };
  const pid_t child = ::fork();
  ARGON_CHECK(child >= 0);
  if (child == 0) {
    beChild({memory.data(), *roundUp(memory.size(), pageBytes())}, body);
  }
  ARGON_CHECK_EQ(waitStopped(child), SIGSTOP);
  resume(child, PTRACE_CONT, 0);
  while (waitStopped(child) == SIGSEGV) {
    resume(child, PTRACE_CONT, SIGSEGV);
    ARGON_CHECK_EQ(waitStopped(child), SIGSTOP);
    for (int count = 0; count < kStepCountMax && !hasChanged(); ++count) {
      resume(child, PTRACE_SINGLESTEP, 0);
      ARGON_CHECK_EQ(waitStopped(child), SIGTRAP);
    }
    if (hasChanged()) {
      contents.emplace_back(memory.begin(), memory.end());
    }
    resume(child, PTRACE_CONT, SIGUSR2);
  }
  std::ranges::copy(contents.front(), memory.begin());
  return contents;
}

} // namespace argon::test
