// SPDX-License-Identifier: Apache-2.0
#pragma once

// Block requests with a deadline: for tests, small reads and writes, and images. One at a time, or
// as many as the ring takes. The header, the data and the status can be cut into descriptors in any
// way. One thread; blocks.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace argon::frontend {

class BlockDriver {
public:
  /// Uses ring `queueIndex` of the session and memory of its arena while a request is under way.
  explicit BlockDriver(Session& session, std::uint16_t queueIndex = 0)
      : session_(session), queueIndex_(queueIndex) {}

  struct Request {
    std::uint32_t type = 0;
    std::uint64_t sector = 0;
    /// What the device reads after the header.
    std::span<const std::byte> output{};
    /// What the device writes before the status.
    std::span<std::byte> input{};
    /// Sizes of the descriptors that the readable part and then the writable part are cut into,
    /// over and over; empty: header, data and status have one each.
    std::span<const std::uint32_t> cuts{};
    bool isIndirect = false;
    /// Where the buffers start within a page, so that they lie across pages.
    std::size_t offsetInPage = 0;
  };
  struct Answer {
    std::uint8_t status = 0xff;
    std::uint32_t usedBytes = 0;
  };
  /// How to wait for answers.
  enum class Wait : std::uint8_t {
    /// Sleeps on the call descriptor.
    Calls,
    /// Looks at the ring and wants no calls.
    Polling,
  };

  /// TimedOut if the device does not answer.
  [[nodiscard]] Result<Answer> execute(const Request& request);

  // Many requests at once.

  /// Offers a request, visible with the next publish(). Returns its chain: below the ring's size,
  /// and of no other request under way. Exhausted if the ring or the arena is full. `input` must
  /// stay until the answer was taken, which fills it.
  [[nodiscard]] Result<std::uint16_t> submit(const Request& request);
  /// Makes what was offered visible, and kicks if the device wants that.
  void publish();
  struct Completion {
    std::uint16_t chain = 0;
    Answer answer;
  };
  /// Waits for the next answer; TimedOut if none comes.
  [[nodiscard]] Result<Completion> waitAny();
  /// Takes an answer that is there.
  [[nodiscard]] Result<std::optional<Completion>> takeAny();
  [[nodiscard]] std::size_t underWayCount() const { return underWay_.size(); }

  // With an error if the status is not OK.

  [[nodiscard]] Result<void> read(std::uint64_t offsetBytes, std::span<std::byte> into);
  [[nodiscard]] Result<void> write(std::uint64_t offsetBytes, std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> flush();
  /// Waits for one used chain of the ring, whoever offered it; it is nobody's request any more.
  [[nodiscard]] Result<UsedChain> waitUsed();

  /// DISCARD or WRITE_ZEROES (`type`) of these segments.
  [[nodiscard]] Result<Answer>
  zero(std::uint32_t type, std::span<const virtio::spec::blk::DiscardWriteZeroes> segments);

  void setTimeoutMs(std::uint64_t timeoutMs) { timeoutMs_ = timeoutMs; }
  void setWait(Wait wait);
  [[nodiscard]] Session& session() { return session_; }
  [[nodiscard]] std::uint16_t queueIndex() const { return queueIndex_; }

private:
  struct UnderWay {
    std::span<std::byte> writable;
    std::span<std::byte> input;
  };

  [[nodiscard]] Result<std::uint16_t> submitIn(Arena& arena, const Request& request);
  [[nodiscard]] Result<void> waitUntilUsed();
  [[nodiscard]] Result<Completion> complete(const UsedChain& used);
  [[nodiscard]] DriverRing& ring() const { return session_.ring(queueIndex_); }

  Session& session_;
  std::uint16_t queueIndex_;
  std::uint64_t timeoutMs_ = 10'000;
  Wait wait_ = Wait::Calls;
  // By chain.
  std::map<std::uint16_t, UnderWay> underWay_;
  // What the arena had taken before the oldest request under way.
  std::size_t arenaMark_ = 0;
};

} // namespace argon::frontend
