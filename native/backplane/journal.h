// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a front end has set at its device, so that another card can be told the same: the last
// message of each kind that sets state, for each ring and each region of memory. A message is
// recorded when the card acknowledged it, or took it where the front end did not agree on
// acknowledgments; one that was refused leaves the state as it was, and the journal too.
//
// Bounded by what a front end may set: kRingCountMax rings with three descriptors each, and the
// regions of memory that a session takes. What goes beyond is not kept. Loop thread only.

#include "backplane/stored_message.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace argon::backplane {

class Journal {
public:
  /// A ring's number has 8 bits in the messages that bring descriptors.
  static constexpr std::uint32_t kRingCountMax = 256;
  /// Above what a session lets a front end add, 64 regions for each of 8 pairs of rings, and set at
  /// once, which is 8. A region that is added again is replayed as often.
  static constexpr std::size_t kRegionCountMax = 64 * 8 + 8;
  /// Places of the configuration space that are written. Arbitrary; drivers write one or two.
  static constexpr std::size_t kConfigCountMax = 16;

  /// `message` took effect. `answer`: the payload of the card's answer, if it had one.
  void record(const StoredMessage& message, std::span<const std::byte> answer);
  /// The front end is gone.
  void clear() { *this = Journal(); }

  /// Everything, in an order in which any front end may say it: owner, features, protocol features,
  /// channel for requests, in-flight region, memory, log, configuration, then each ring's size,
  /// addresses, base, error, call, kick and enable, and the status at last. Without need_reply.
  [[nodiscard]] std::vector<StoredMessage> replay() const;

  [[nodiscard]] bool isEmpty() const;
  /// Those acknowledged with SET_FEATURES; none before.
  [[nodiscard]] virtio::FeatureSet features() const;
  [[nodiscard]] virtio::FeatureSet protocolFeatures() const;
  /// The front end and its card have agreed on acknowledgments.
  [[nodiscard]] bool hasReplyAck() const;
  /// The driver has said so in the status. Where the front end does not pass that on: a ring runs.
  [[nodiscard]] bool isDriverOk() const;

private:
  // In the order in which they are replayed.
  enum class RingPart : std::uint8_t { Num, Addr, Base, Err, Call, Kick, Enable };
  static constexpr std::size_t kRingPartCount = 7;
  using Ring = std::array<std::optional<StoredMessage>, kRingPartCount>;
  struct Region {
    vhost_user::spec::MemoryRegion description;
    SharedFd fd;
  };

  void recordRing(const StoredMessage& message);
  void recordBase(std::span<const std::byte> answer);
  void recordConfig(const StoredMessage& message);
  void recordTable(const StoredMessage& message);
  void addRegion(const StoredMessage& message);
  void removeRegion(const StoredMessage& message);
  void resetDevice();
  void disableRings();
  void setPart(std::uint64_t ring, RingPart part, StoredMessage message);
  [[nodiscard]] const StoredMessage* last(vhost_user::spec::Request request) const;
  [[nodiscard]] std::optional<StoredMessage> tableMessage() const;

  // Those of which the last one counts and nothing else.
  std::map<vhost_user::spec::Request, StoredMessage> last_;
  // Of SET_MEM_TABLE, and beside them of ADD_MEM_REG.
  std::vector<Region> table_;
  std::vector<Region> added_;
  std::vector<StoredMessage> config_;
  std::map<std::uint64_t, Ring> rings_;
};

} // namespace argon::backplane
