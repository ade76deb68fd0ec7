// SPDX-License-Identifier: Apache-2.0
#include "support/process_facts.h"

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

namespace argon::test {

namespace {

std::size_t statusKib(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == field) {
      std::size_t kib = 0;
      status >> kib;
      return kib;
    }
  }
  return 0;
}

} // namespace

std::size_t mappingCount(std::string_view name) {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    count += line.find(name) != std::string::npos ? 1U : 0U;
  }
  return count;
}

std::size_t residentKib() { return statusKib("VmRSS:"); }

std::size_t lockedKib() { return statusKib("VmLck:"); }

} // namespace argon::test
