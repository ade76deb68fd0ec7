// SPDX-License-Identifier: Apache-2.0
#include "crypto/vectors.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace argon::test {

Bytes fromHex(std::string_view text) {
  REQUIRE(text.size() % 2 == 0);
  Bytes bytes;
  for (std::size_t index = 0; index < text.size(); index += 2) {
    std::uint8_t byte = 0;
    const char* digits = text.data() + index;
    const auto [end, status] = std::from_chars(digits, digits + 2, byte, 16);
    REQUIRE((status == std::errc{} && end == digits + 2));
    bytes.push_back(std::byte{byte});
  }
  return bytes;
}

std::vector<Vector> readVectors(const std::string& fileName) {
  const std::string path = concat(ARGON_TEST_CRYPTO_DATA, "/", fileName);
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.is_open(), path);
  std::vector<Vector> vectors;
  Vector current;
  std::string name;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) {
      continue;
    }
    if (line.starts_with(' ')) {
      current.append(name, std::string_view(line).substr(line.find_first_not_of(' ')));
      continue;
    }
    const std::size_t sign = line.find(" =");
    if (sign != std::string::npos) {
      name = line.substr(0, sign);
      current.set(name, line.size() > sign + 3 ? line.substr(sign + 3) : std::string());
    } else if (!current.isEmpty()) {
      vectors.push_back(std::exchange(current, {}));
    }
  }
  if (!current.isEmpty()) {
    vectors.push_back(std::move(current));
  }
  return vectors;
}

std::string findWycheproof(const std::string& fileName) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests read the environment on one thread.
  const char* asked = std::getenv("ARGON_TEST_VECTORS");
  std::string path = concat(asked != nullptr ? asked : ARGON_TEST_WYCHEPROOF, "/", fileName);
  if (std::filesystem::exists(path)) {
    return path;
  }
  MESSAGE("left out: Wycheproof's ", fileName, " is not there (", path, ")");
  return {};
}

} // namespace argon::test
