// SPDX-License-Identifier: Apache-2.0
#pragma once

// A front end that sends what none should, over a real socket, and finds out what became of it.

#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "memory/memory_region.h"
#include "support/backend.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/features.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::hostile {

using test::Told;

/// How far the conversation is before the hostile part.
enum class Prelude : std::uint8_t {
  /// Connected, nothing said.
  Fresh,
  Negotiated,
  /// Memory and ring 0 are there; the ring is not enabled.
  Configured,
  Running,
};

class Attacker {
public:
  using Request = vhost_user::spec::Request;

  static constexpr std::uint64_t kModernFeatures =
      std::uint64_t{1} << virtio::spec::F_VERSION_1 | std::uint64_t{1}
                                                          << vhost_user::spec::F_PROTOCOL_FEATURES;
  static constexpr std::uint64_t kPackedFeatures =
      kModernFeatures | std::uint64_t{1} << virtio::spec::F_RING_PACKED;

  /// Goes through the prelude with whatever device is behind the channel, or fails the test.
  Attacker(frontend::Channel channel, Prelude prelude);
  /// Connects first.
  Attacker(const test::Backend& backend, Prelude prelude)
      : Attacker(backend.connectChannel(), prelude) {}

  [[nodiscard]] test::VhostPeer& peer() { return peer_; }
  [[nodiscard]] frontend::Channel& channel() { return channel_; }

  /// Sends a header as it is, a payload and descriptors, up to the kernel's 253, in one go. What
  /// the kernel refuses to send is the case's fault and fails the test.
  void send(const vhost_user::spec::Header& header, std::span<const std::byte> payload = {},
            std::span<const int> fds = {});
  void sendBytes(std::span<const std::byte> bytes, std::span<const int> fds = {});
  /// A header of the right version that wants no acknowledgment.
  [[nodiscard]] static vhost_user::spec::Header headerOf(Request request, std::size_t bytes);
  /// Accepted if GET_FEATURES is answered, HungUp if the back end is gone.
  [[nodiscard]] Told probe();
  /// send(), then probe().
  [[nodiscard]] Told sendAndProbe(const vhost_user::spec::Header& header,
                                  std::span<const std::byte> payload = {},
                                  std::span<const int> fds = {});

  /// What is no memory and no eventfd; `variant` is less than kOddFdCount.
  [[nodiscard]] static UniqueFd makeOddFd(std::uint32_t variant);
  static constexpr std::uint32_t kOddFdCount = 8;
  /// The one of them that is a file of a disk.
  static constexpr std::uint32_t kFileFd = 3;
  /// The one that is a connected unix stream socket.
  static constexpr std::uint32_t kSocketFd = 5;

  /// The peer's memory with one field of its region changed, as a table of one.
  [[nodiscard]] RegionDescription region();
  [[nodiscard]] Told tellTable(std::span<const RegionDescription> regions, int fd);
  [[nodiscard]] Told tellTable(std::span<const RegionDescription> regions) {
    return tellTable(regions, peer_.arena().fd());
  }
  [[nodiscard]] Told addRegion(const RegionDescription& region);
  [[nodiscard]] Told removeRegion(const RegionDescription& region);
  /// Sets an address of ring 0 and starts it; Accepted though it cannot start, for the message is
  /// good. What counts is that the device still answers.
  [[nodiscard]] Told startAt(const vhost_user::spec::VringAddress& address);
  /// The same from `base`; Accepted if the ring tells through its err descriptor that it cannot
  /// start.
  [[nodiscard]] Told startBroken(std::uint32_t base, const vhost_user::spec::VringAddress& address);

private:
  frontend::Channel channel_;
  test::VhostPeer peer_;
};

} // namespace argon::hostile
