// SPDX-License-Identifier: Apache-2.0
#pragma once

// A disk's bytes with a volatile cache before them. What is written is seen at once; of what was
// not flushed a power cut leaves any sectors, in any of the states they have been in.

#include "support/random.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace argon::test {

class VolatileImage {
public:
  static constexpr std::size_t kSectorBytes = 512;

  explicit VolatileImage(std::vector<std::byte> bytes)
      : visible_(std::move(bytes)), durable_(visible_) {}

  // Ranges are whole sectors.

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] std::span<const std::byte> visible() const { return visible_; }

  /// Writes so far.
  [[nodiscard]] std::uint64_t writeCount() const { return writeCount_; }
  /// Makes the first `writeCount` writes durable.
  void flush(std::uint64_t writeCount);

  /// Loses power: what is seen from then on is what survived.
  void cutPower(Random& random);

private:
  // A state that a sector had after a write and that no flush covers.
  struct Version {
    std::uint64_t write = 0;
    std::vector<std::byte> bytes;
  };

  void keep(std::uint64_t sector, std::span<const std::byte> bytes);

  std::vector<std::byte> visible_;
  std::vector<std::byte> durable_;
  std::map<std::uint64_t, std::vector<Version>> unflushed_;
  std::uint64_t writeCount_ = 0;
};

} // namespace argon::test
