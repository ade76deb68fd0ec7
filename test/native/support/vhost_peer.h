// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front end's messages one at a time, each with an acknowledgment where there is one, so that
// a test can send any of them in any order. Its memory is an arena with a place for two rings.

#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace argon::test {

/// What became of a message.
enum class Told : std::uint8_t {
  Accepted,
  /// Acknowledged with an error; the session goes on.
  Refused,
  /// The back end hung up.
  HungUp,
  /// Anything else, such as no answer.
  Failed,
};
[[nodiscard]] Told toldOf(const Result<void>& result);

template <typename Struct>
  requires std::is_trivially_copyable_v<Struct>
[[nodiscard]] std::span<const std::byte> bytesOf(const Struct& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// The payload of SET_MEM_TABLE.
[[nodiscard]] std::vector<std::byte> memoryTablePayload(std::span<const RegionDescription> regions);
[[nodiscard]] vhost_user::spec::SingleMemoryRegion
singleRegionPayload(const RegionDescription& region);

class VhostPeer {
public:
  using Request = vhost_user::spec::Request;
  static constexpr std::uint16_t kRingSize = 16;

  explicit VhostPeer(frontend::Channel& channel);

  [[nodiscard]] frontend::Channel& channel() { return channel_; }
  [[nodiscard]] frontend::Arena& arena() { return *arena_; }

  // Negotiation.

  /// The number that the back end answers with; nullopt if it does not.
  [[nodiscard]] std::optional<std::uint64_t> askU64(Request request);
  /// SET_PROTOCOL_FEATURES with all that were offered, SET_OWNER, SET_FEATURES.
  [[nodiscard]] Told negotiate(virtio::FeatureSet features);
  /// The same with VERSION_1 and PROTOCOL_FEATURES.
  [[nodiscard]] Told negotiate();

  // One message each, acknowledged: REPLY_ACK must have been negotiated.

  [[nodiscard]] Told tell(Request request, std::span<const std::byte> payload,
                          std::span<const int> fds = {});
  [[nodiscard]] Told tellU64(Request request, std::uint64_t value);
  [[nodiscard]] Told tellState(Request request, std::uint32_t ring, std::uint32_t number);
  [[nodiscard]] Told tellFd(Request request, std::uint64_t value, int fd);
  [[nodiscard]] Told setMemTable();
  /// Where a ring's parts are in the arena.
  [[nodiscard]] vhost_user::spec::VringAddress addressOf(std::uint16_t ring) const;
  [[nodiscard]] Told setAddr(std::uint16_t ring);
  [[nodiscard]] std::optional<std::uint32_t> getBase(std::uint16_t ring);

  /// NUM, BASE, ADDR, CALL and KICK: all but ENABLE.
  [[nodiscard]] Told configureRing(std::uint16_t ring, std::uint16_t base = 0);
  /// Negotiates, sends memory, configures and enables one ring.
  [[nodiscard]] Told startRing(std::uint16_t ring = 0, std::uint16_t base = 0);

  [[nodiscard]] int kick() const { return kick_.get(); }
  [[nodiscard]] int call() const { return call_.get(); }

private:
  frontend::Channel& channel_;
  std::unique_ptr<frontend::Arena> arena_;
  UniqueFd kick_;
  UniqueFd call_;
};

} // namespace argon::test
