// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include "base/text.h"

#include <unistd.h>

#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>

namespace argon {

void failCheck(std::string_view expression, std::string_view operands,
               std::source_location location) {
  const std::string line =
      concat("argon: check failed: ", expression, operands.empty() ? "" : " (", operands,
             operands.empty() ? "" : ")", " at ", location.file_name(), ":", location.line(), "\n");
  // The process ends either way; there is nobody to tell that stderr is gone.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  std::abort();
}

} // namespace argon
