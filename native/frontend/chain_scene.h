// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ring with the makings of one block request laid out in memory, for chains that no driver would
// make. Descriptors are written by hand; nothing is checked.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::frontend {

/// Where the parts of the request are. The header asks for a read of the first sectors.
struct ScenePart {
  GuestAddress address;
  std::uint32_t lengthBytes = 0;
};

/// What a request to discard or zero consists of (virtio 1.2, 5.2.6).
struct SceneSegment {
  std::uint64_t sector = 0;
  std::uint32_t sectorCount = 0;
  std::uint32_t flags = 0;
};

class ChainScene {
public:
  static constexpr std::uint32_t kDataBytes = 4096;
  static constexpr std::uint8_t kNoStatus = 0xff;

  /// Lays out a scene in the session's arena, for its ring `queueIndex`. The arena's space is taken
  /// until the scene goes.
  static Result<ChainScene> create(Session& session, std::uint16_t queueIndex);
  ChainScene(ChainScene&& other) noexcept;
  ChainScene& operator=(ChainScene&&) = delete;
  ChainScene(const ChainScene&) = delete;
  ChainScene& operator=(const ChainScene&) = delete;
  ~ChainScene();

  [[nodiscard]] ScenePart header() const { return partOf(header_); }
  [[nodiscard]] ScenePart data() const { return partOf(data_); }
  [[nodiscard]] ScenePart status() const { return partOf(status_); }
  /// An indirect table's place, with room for kTableEntryCount entries.
  [[nodiscard]] ScenePart table() const { return partOf(table_); }
  static constexpr std::uint32_t kTableEntryCount = 2048;
  /// The first address that is no guest memory.
  [[nodiscard]] GuestAddress endOfMemory() const { return session_->arena().endAddress(); }
  [[nodiscard]] GuestAddress startOfMemory() const { return session_->arena().startAddress(); }
  /// Where the second region starts, if the session has two.
  [[nodiscard]] GuestAddress middleOfMemory() const;
  [[nodiscard]] GuestAddress ringAddress() const { return queue().descriptorsAddress(); }
  [[nodiscard]] GuestAddress availableAddress() const { return queue().availableAddress(); }
  [[nodiscard]] GuestAddress usedAddress() const { return queue().usedAddress(); }
  [[nodiscard]] std::uint16_t queueSize() const { return queue().size(); }
  [[nodiscard]] std::uint64_t capacitySectors() const { return session_->config().capacity.get(); }

  void setRequest(std::uint32_t type, std::uint64_t sector, std::uint32_t reserved = 0);
  /// A header at another place.
  void putRequestAt(GuestAddress address, std::uint32_t type, std::uint64_t sector);
  /// Segment `index` of a request whose readable data is data().
  void putSegment(std::uint32_t index, const SceneSegment& segment);
  /// The status is looked for in this byte of memory.
  void moveStatus(ScenePart place);
  /// The indirect table starts `bytes` later than it would.
  void moveTable(std::uint32_t bytes);
  /// What the driver writes into the available ring beside heads: flags, and used_event as far from
  /// the next chain.
  void setWishes(std::uint16_t flags, std::uint16_t usedEventDistance);

  // `flags`: DESC_F_*. With DESC_F_NEXT the next entry is `index` + 1 unless given.
  void put(std::uint16_t index, ScenePart part, unsigned flags);
  void put(std::uint16_t index, ScenePart part, unsigned flags, std::uint16_t next);
  void putIndirect(std::uint16_t index, ScenePart part, unsigned flags);
  void putIndirect(std::uint16_t index, ScenePart part, unsigned flags, std::uint16_t next);

  /// Offers a chain to the device, and publishes and kicks at the end of the scene.
  void offer(std::uint16_t head);
  /// Publishes an available index that is `count` beyond what was offered.
  void overclaim(std::uint16_t count);
  void publish();

  [[nodiscard]] std::uint16_t offeredCount() const { return offeredCount_; }
  [[nodiscard]] std::uint8_t statusByte() const { return byteAt(statusPlace_); }
  /// An error if memory of the session changed since publish() that no descriptor let the device
  /// write, beside the used ring.
  [[nodiscard]] Result<void> checkUntouched() const;

private:
  ChainScene(Session& session, std::uint16_t queueIndex, std::size_t mark);
  [[nodiscard]] static ScenePart partOf(const ArenaBlock& block) {
    return {.address = block.address,
            .lengthBytes = static_cast<std::uint32_t>(block.bytes.size())};
  }
  [[nodiscard]] DriverQueue& queue() const { return session_->queue(queueIndex_); }
  [[nodiscard]] std::byte& memoryAt(GuestAddress address) const;
  [[nodiscard]] std::uint8_t byteAt(GuestAddress address) const;
  // Notes what the device may write.
  void note(ScenePart part, unsigned flags);
  [[nodiscard]] bool mayChange(GuestAddress address) const;

  Session* session_;
  std::uint16_t queueIndex_;
  std::size_t mark_;
  ArenaBlock header_{};
  ArenaBlock data_{};
  ArenaBlock status_{};
  ArenaBlock table_{};
  std::uint16_t offeredCount_ = 0;
  std::uint16_t overclaimedCount_ = 0;
  GuestAddress statusPlace_{0};
  std::vector<ScenePart> writable_;
  // The session's memory up to the scene's end, as it was published.
  std::vector<std::byte> published_;
};

} // namespace argon::frontend
