// SPDX-License-Identifier: Apache-2.0
#include "support/death.h"

#include "base/check.h"
#include "base/unique_fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>

namespace argon::test {

namespace {

// Ends a hang; whoever runs the tests may be slow.
constexpr unsigned kChildSecondsMax = 60;

[[noreturn]] void beChild(int errorPipe, const std::function<void()>& body) {
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  // doctest's handlers would report the death as a failed test.
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGTERM}) {
    static_cast<void>(::signal(number, SIG_DFL));
  }
  ::dup2(errorPipe, STDERR_FILENO);
  ::alarm(kChildSecondsMax);
  body();
  ::_exit(0);
}

std::string readAll(int fd) {
  std::string text;
  std::array<char, 4096> piece{};
  ssize_t count = 0;
  while ((count = ::read(fd, piece.data(), piece.size())) > 0 || (count < 0 && errno == EINTR)) {
    text.append(piece.data(), static_cast<std::size_t>(count > 0 ? count : 0));
  }
  return text;
}

} // namespace

Death runInChild(const std::function<void()>& body) {
  std::array<int, 2> ends{};
  ARGON_CHECK_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  ARGON_CHECK(child >= 0);
  if (child == 0) {
    beChild(writing.get(), body);
  }
  writing.reset();
  Death death{.output = readAll(reading.get())};
  int status = 0;
  ARGON_CHECK_EQ(::waitpid(child, &status, 0), child);
  death.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  death.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return death;
}

void checkDies(std::string_view text, const std::function<void()>& body,
               std::source_location location) {
  const Death death = runInChild(body);
  const bool isFailedCheck = death.signal == SIGABRT &&
                             death.output.find("check failed") != std::string::npos &&
                             death.output.find(text) != std::string::npos;
  if (isFailedCheck) {
    CHECK(isFailedCheck);
    return;
  }
  ADD_FAIL_CHECK_AT(location.file_name(), static_cast<int>(location.line()),
                    "no check failed with \"", text, "\"; signal ", death.signal, ", exit code ",
                    death.exitCode, ", stderr: ", death.output);
}

} // namespace argon::test
