// SPDX-License-Identifier: Apache-2.0
#pragma once

// For what is meant to end the process: it is done in a forked child.

#include <functional>
#include <source_location>
#include <string>
#include <string_view>

namespace argon::test {

struct Death {
  /// The signal that ended the child, or 0 and the exit code.
  int signal = 0;
  int exitCode = 0;
  /// What it wrote to stderr.
  std::string output;
};

/// Runs `body` in a child, which exits with 0 if that returns and is killed if it takes 20 seconds.
[[nodiscard]] Death runInChild(const std::function<void()>& body);

/// Checks that `body` fails an ARGON_CHECK whose line holds `text`.
void checkDies(std::string_view text, const std::function<void()>& body,
               std::source_location location = std::source_location::current());

} // namespace argon::test
