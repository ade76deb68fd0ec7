// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a session over a FakeDevice makes of a front end's bytes, told slowly and in other words
// than native/vhost_user: the oracle for MessagePlayer. It takes bytes as they are sent and knows
// at once what the session will have come to when it has read them: every byte it answers, the
// state of every ring and table, and whether it hangs up. A device that takes its time to stop a
// ring delays that, and changes nothing of it.

#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace argon::test {

/// What a descriptor is that came with a message.
struct FdFacts {
  enum class Kind : std::uint8_t { Memory, Event, Socket, Other };
  Kind kind = Kind::Other;
  /// Of Memory, which is a file that can be mapped for writing.
  std::uint64_t sizeBytes = 0;
  bool isSealed = false;
  /// Of Memory: it is only for in-flight regions, and all zero when a session begins.
  bool isForInflight = false;
};

class SessionModel {
public:
  static constexpr std::size_t kRingCount = 2;

  struct Ring {
    std::uint32_t size = 0;
    std::uint32_t base = 0;
    std::optional<vhost_user::spec::VringAddress> addresses;
    bool hasKick = false;
    bool hasKickFd = false;
    bool hasCallFd = false;
    bool isEnabled = false;
    // Could not be started with what it has; forgotten when that changes.
    bool isRefused = false;
    bool isStarted = false;
    unsigned startCount = 0;
  };

  /// `takenCount`: how many chains the device claims to have taken of a ring that it stops.
  SessionModel(RegionPolicy policy, std::uint16_t takenCount)
      : policy_(policy), takenCount_(takenCount) {}

  /// Bytes that were sent at once, with the descriptors beside the first of them.
  void feed(std::span<const std::byte> bytes, std::span<const FdFacts> fds);

  /// The session has hung up, or will; what comes after does not matter.
  [[nodiscard]] bool hasEnded() const { return hasEnded_; }
  /// All it has answered so far, or will.
  [[nodiscard]] std::span<const std::byte> answers() const { return answers_; }
  [[nodiscard]] const Ring& ring(std::size_t index) const { return rings_[index]; }
  [[nodiscard]] const std::vector<RegionDescription>& regions() const { return regions_; }
  [[nodiscard]] virtio::FeatureSet features() const { return features_; }
  /// What comes of an in-flight region depends on what is in it, which this model does not know if
  /// it is not in a file of its own.
  [[nodiscard]] bool isUncertain() const { return isUncertain_; }

private:
  using Request = vhost_user::spec::Request;
  enum class Outcome : std::uint8_t { Done, Refused, Answered, Fatal };

  void handleMessage();
  [[nodiscard]] Outcome apply(Request request);
  [[nodiscard]] Outcome applyToDevice(Request request);
  [[nodiscard]] Outcome applyToRing(Request request);
  [[nodiscard]] Outcome setStatus();
  [[nodiscard]] Outcome reset();
  [[nodiscard]] Outcome setLogBase();
  [[nodiscard]] Outcome getInflight();
  [[nodiscard]] Outcome setInflight();
  [[nodiscard]] Outcome setFeatures();
  [[nodiscard]] Outcome setProtocolFeatures();
  [[nodiscard]] Outcome getConfig();
  [[nodiscard]] Outcome setConfig();
  [[nodiscard]] bool isGoodConfig() const;
  [[nodiscard]] Outcome setTable();
  [[nodiscard]] Outcome addRegion();
  [[nodiscard]] Outcome removeRegion();
  [[nodiscard]] Outcome useRegions(std::vector<RegionDescription> regions);
  [[nodiscard]] bool canMap(const RegionDescription& region, const FdFacts& fd) const;
  [[nodiscard]] Outcome setAddresses();
  [[nodiscard]] Outcome setRingNumber(Request request);
  [[nodiscard]] Outcome setEnabled(Ring& ring, std::uint32_t value);
  [[nodiscard]] Outcome setRingFd(Request request);
  [[nodiscard]] Outcome getBase();

  void stop(Ring& ring) const;
  void stopAll();
  void restartAll();
  void startAllThatCan();
  [[nodiscard]] bool canStart(Ring& ring);
  [[nodiscard]] bool takeUpInflight(Ring& ring);
  [[nodiscard]] bool canPlace(const Ring& ring) const;
  [[nodiscard]] bool isInOneRegion(std::uint64_t address, std::uint64_t bytes,
                                   std::uint64_t alignment) const;

  template <typename Struct>
  [[nodiscard]] Struct payloadAs(std::size_t offset = 0) const;
  [[nodiscard]] std::size_t payloadBytes() const;
  void answer(Request request, std::span<const std::byte> payload);
  [[nodiscard]] Outcome answerU64(Request request, std::uint64_t value);

  RegionPolicy policy_;
  std::uint16_t takenCount_;

  // The message that is coming in.
  std::vector<std::byte> message_;
  std::vector<FdFacts> fds_;

  virtio::FeatureSet features_;
  virtio::FeatureSet protocolFeatures_;
  std::uint64_t status_ = 0;
  std::vector<RegionDescription> regions_;
  std::array<Ring, kRingCount> rings_;
  std::optional<vhost_user::spec::InflightDescription> inflight_;
  // The file for in-flight regions: as long as what was seen of it.
  std::vector<std::byte> inflightFile_;
  // It is guest memory too, or a log.
  bool isInflightFileShared_ = false;
  std::vector<std::byte> answers_;
  bool hasEnded_ = false;
  bool isUncertain_ = false;
};

template <typename Struct>
Struct SessionModel::payloadAs(std::size_t offset) const {
  Struct value{};
  std::memcpy(&value, message_.data() + sizeof(vhost_user::spec::Header) + offset, sizeof value);
  return value;
}

} // namespace argon::test
