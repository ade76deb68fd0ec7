// SPDX-License-Identifier: Apache-2.0
#pragma once

// One pair of a network device's rings, as a guest's driver has them: buffers offered for frames to
// come, frames sent one at a time, and cut into descriptors in any way. For tests. One thread;
// blocks.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace argon::frontend {

class NetDriver {
public:
  struct Options {
    std::uint16_t pairIndex = 0;
    /// Buffers to receive into, and their size, the header's included.
    std::uint16_t bufferCount = 16;
    std::uint32_t bufferBytes = 2048;
    /// Sizes of the descriptors that each of them is cut into, over and over; empty: one.
    std::vector<std::uint32_t> bufferCuts{};
  };
  /// A frame to send, and what the device is told of it.
  struct Frame {
    virtio::spec::net::Header header{};
    std::span<const std::byte> bytes;
    /// Sizes of the descriptors that header and frame are cut into, over and over; empty: one.
    std::span<const std::uint32_t> cuts{};
    bool isIndirect = false;
  };
  struct Received {
    virtio::spec::net::Header header{};
    std::vector<std::byte> bytes;
    /// Buffers it came in.
    std::uint16_t bufferCount = 0;
  };

  /// Offers all buffers to a session's ring. The session outlives the driver.
  static Result<std::unique_ptr<NetDriver>> create(Session& session, const Options& options);

  /// Sends a frame and waits until the device has taken it. TimedOut if it does not.
  [[nodiscard]] Result<void> send(const Frame& frame);
  /// Offers a frame and does not wait: waitSent() does, for one of them.
  [[nodiscard]] Result<void> offer(const Frame& frame);
  [[nodiscard]] Result<void> waitSent();

  /// The next frame; waits for it, TimedOut if none comes.
  [[nodiscard]] Result<Received> receive();
  /// One that is there. An error if the device broke a rule of receiving (virtio 1.2, 5.1.6.4).
  [[nodiscard]] Result<std::optional<Received>> take();
  /// Offers the buffers of frames that were taken. receive() and take() do not.
  [[nodiscard]] Result<void> refill();

  void setTimeoutMs(std::uint64_t timeoutMs) { timeoutMs_ = timeoutMs; }
  [[nodiscard]] Session& session() { return session_; }
  [[nodiscard]] std::uint16_t receiveIndex() const;
  [[nodiscard]] std::uint16_t transmitIndex() const;

private:
  NetDriver(Session& session, Options options);
  [[nodiscard]] DriverRing& receiving() const { return session_.ring(receiveIndex()); }
  [[nodiscard]] DriverRing& transmitting() const { return session_.ring(transmitIndex()); }
  [[nodiscard]] Result<void> waitUntilUsed(std::uint16_t ringIndex);
  [[nodiscard]] Result<std::span<const std::byte>> takeBuffer();

  Session& session_;
  Options options_;
  std::uint64_t timeoutMs_ = 10'000;
  std::vector<ArenaBlock> buffers_;
  std::vector<std::size_t> freeBuffers_;
  // By what the device names a chain: which buffer it is.
  std::vector<std::size_t> bufferOf_;
  std::size_t sendCount_ = 0; // Under way.
  std::size_t arenaMark_ = 0;
};

} // namespace argon::frontend
