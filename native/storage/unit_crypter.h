// SPDX-License-Identifier: Apache-2.0
#pragma once

// Moves bytes between a request's cut-up memory in the clear and units of ciphertext. Units that
// lie in one piece are encrypted or decrypted straight from one to the other; those that a border
// cuts go through a scratch unit. One thread, with its own cipher.

#include "crypto/aes_xts.h"
#include "storage/allocation_map.h"
#include "storage/buffers.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon {

/// The units that a range of bytes touches, and how far it covers the first and the last.
struct UnitRange {
  static constexpr std::uint64_t kUnitBytes = AllocationMap::kUnitBytes;

  std::uint64_t offsetBytes = 0;
  std::uint64_t lengthBytes = 0;

  [[nodiscard]] std::uint64_t endBytes() const { return offsetBytes + lengthBytes; }
  [[nodiscard]] std::uint64_t firstUnit() const { return offsetBytes / kUnitBytes; }
  [[nodiscard]] std::uint64_t unitCount() const {
    return (endBytes() + kUnitBytes - 1) / kUnitBytes - firstUnit();
  }
  /// Bytes of the first unit before the range.
  [[nodiscard]] std::size_t headBytes() const {
    return static_cast<std::size_t>(offsetBytes % kUnitBytes);
  }
  /// Bytes of the last unit up to the end of the range: kUnitBytes if it ends with the unit.
  [[nodiscard]] std::size_t tailBytes() const {
    return static_cast<std::size_t>((endBytes() - 1) % kUnitBytes + 1);
  }
};

class UnitCrypter {
public:
  explicit UnitCrypter(XtsCipher cipher) : cipher_(std::move(cipher)) {}

  /// What to do with the parts of the first and last unit that the range does not cover.
  struct Edges {
    /// The unit holds no data yet: zeros, so that the whole unit can be written.
    bool fillsHead = false;
    bool fillsTail = false;
  };

  /// Encrypts the next `range.lengthBytes` of `source` to `units`, where the range's first unit
  /// starts. Ciphertext outside the range is right where an edge is filled, else not written or
  /// meaningless.
  void encrypt(const UnitRange& range, Edges edges, BufferCursor& source,
               std::span<std::byte> units);

  /// Decrypts the range from `units`, where its first unit starts, to the next bytes of `target`.
  /// Bytes of the edge units outside the range need not be there, but the memory must.
  void decrypt(const UnitRange& range, std::span<const std::byte> units, BufferCursor& target);

private:
  void encryptUnit(std::uint64_t unit, std::size_t begin, std::size_t end, bool fillsHead,
                   bool fillsTail, BufferCursor& source, std::span<std::byte> target);
  void decryptUnit(std::uint64_t unit, std::size_t begin, std::size_t end,
                   std::span<const std::byte> source, BufferCursor& target);

  XtsCipher cipher_;
  alignas(64) std::array<std::byte, UnitRange::kUnitBytes> scratch_{};
};

} // namespace argon
