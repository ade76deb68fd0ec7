// SPDX-License-Identifier: Apache-2.0
#pragma once

// Front-end messages with fields from a byte source: of the right shape and mostly near what makes
// sense, so that they reach what lies behind the first checks.

#include "frontend/arena.h"
#include "memory/memory_region.h"
#include "support/byte_source.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::test {

struct MadeMessage {
  std::vector<std::byte> bytes;
  /// Which descriptors of the pool come with it.
  std::vector<std::size_t> fdIndexes;
};

class MessageMaker {
public:
  // Places in the pool of descriptors.
  static constexpr std::size_t kArenaFd = 0;
  static constexpr std::size_t kEventFd = 1;
  static constexpr std::size_t kOtherEventFd = 2;
  static constexpr std::size_t kSocketFd = 3;
  static constexpr std::size_t kInflightFd = 4;
  static constexpr std::size_t kLogFd = 5;
  /// Of each of the last two.
  static constexpr std::uint64_t kFileBytes = std::uint64_t{16} * 1024;

  MessageMaker(const frontend::Arena& arena, std::size_t poolSize)
      : arena_(arena), poolSize_(poolSize) {}

  /// A message of a request that the specification has, its payload of the right size.
  [[nodiscard]] MadeMessage make(ByteSource& source) const;
  /// Header fields, payload and descriptors as they come.
  [[nodiscard]] MadeMessage makeRaw(ByteSource& source) const;
  /// All that starts ring 0 or 1.
  [[nodiscard]] std::vector<MadeMessage> makeSetUp(ByteSource& source) const;
  /// Memory regions beside each other, up to more than there may be.
  [[nodiscard]] std::vector<MadeMessage> makeRegions(ByteSource& source) const;

private:
  using Request = vhost_user::spec::Request;
  [[nodiscard]] std::vector<std::byte> payloadOf(Request request, ByteSource& source) const;
  [[nodiscard]] std::vector<std::byte> tablePayload(ByteSource& source) const;
  [[nodiscard]] RegionDescription regionInSlot(std::uint64_t slot) const;
  [[nodiscard]] RegionDescription regionFrom(ByteSource& source) const;
  [[nodiscard]] std::uint64_t addressFrom(ByteSource& source) const;
  [[nodiscard]] std::vector<std::size_t> fdIndexesFrom(Request request, ByteSource& source,
                                                       std::span<const std::byte> payload) const;

  const frontend::Arena& arena_;
  std::size_t poolSize_;
};

} // namespace argon::test
