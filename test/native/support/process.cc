// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include "base/text.h"

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace argon::test {

std::size_t openFdCount() {
  // The folder is open itself while it is read, each time.
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

bool hasVmFlag(const void* address, std::string_view flag) {
  const auto wanted = std::bit_cast<std::uintptr_t>(address);
  std::ifstream smaps("/proc/self/smaps");
  std::string line;
  bool isInEntry = false;
  while (std::getline(smaps, line)) {
    // A mapping's entry opens with its range: two numbers in hex with a dash between.
    const char* lineEnd = line.data() + line.size();
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;
    const auto [dash, status] = std::from_chars(line.data(), lineEnd, start, 16);
    if (status == std::errc{} && dash != lineEnd && *dash == '-') {
      std::from_chars(dash + 1, lineEnd, end, 16);
      isInEntry = wanted >= start && wanted < end;
    } else if (isInEntry && line.starts_with("VmFlags:")) {
      return concat(line, " ").find(concat(" ", flag, " ")) != std::string::npos;
    }
  }
  return false;
}

} // namespace argon::test
