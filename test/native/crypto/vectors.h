// SPDX-License-Identifier: Apache-2.0
#pragma once

// Test vectors: our own data files beside this, and Project Wycheproof's where they are to be had.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace argon::test {

using Bytes = std::vector<std::byte>;

/// The bytes of a text of hex digits, two a byte.
[[nodiscard]] Bytes fromHex(std::string_view text);

/// One vector of a data file: "name = value" lines up to an empty one, a value going on in lines
/// that begin with a blank.
class Vector {
public:
  void set(const std::string& name, std::string value) { fields_[name] = std::move(value); }
  void append(const std::string& name, std::string_view more) { fields_[name] += more; }
  [[nodiscard]] bool isEmpty() const { return fields_.empty(); }
  [[nodiscard]] const std::string& text(const std::string& name) const { return fields_.at(name); }
  [[nodiscard]] Bytes bytes(const std::string& name) const { return fromHex(text(name)); }
  [[nodiscard]] std::uint64_t number(const std::string& name) const {
    return std::stoull(text(name));
  }

private:
  std::map<std::string, std::string> fields_;
};

/// The vectors of a file in test/native/crypto/data.
[[nodiscard]] std::vector<Vector> readVectors(const std::string& fileName);

/// Where a Wycheproof file is: in $ARGON_TEST_VECTORS or ../shared/vectors. Empty if it is not
/// there, which is printed: what it would test is then left out.
[[nodiscard]] std::string findWycheproof(const std::string& fileName);

} // namespace argon::test
