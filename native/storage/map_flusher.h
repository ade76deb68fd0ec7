// SPDX-License-Identifier: Apache-2.0
#pragma once

// Flushes an encrypted store, in the order that makes a power cut harmless: the changed pages of
// the allocation map are copied, then the data is made durable, then the copies are written, then
// the map is made durable, then the answer is given. A bit in the copies was set after its data was
// written, so that data is covered by the flush between.
//
//     Idle ──▶ FlushingData ──▶ WritingMap ──▶ FlushingMap ──▶ GivingBack ──▶ Idle (or again, for
//                   └───────────────────────── nothing changed ─────┘  those that came meanwhile)
//
// Then, the cleared bits of discarded units being durable, their space is given back: so much for
// each flush, so that none takes for ever. What a flush leaves is for the next one.
//
// One at a time for a store, on its home channel's thread: requests that come while one is under
// way share the next.

#include "storage/allocation_map.h"
#include "storage/block_store.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon {

class EncryptedStore;

class MapFlusher final : private StoreSink {
public:
  /// `mapChannel` is null if the map is not stored. Everything outlives the flusher.
  MapFlusher(EncryptedStore& store, StoreChannel& dataChannel, StoreChannel* mapChannel);

  void submit(StoreRequest& request);
  [[nodiscard]] bool isIdle() const { return state_ == State::Idle; }

private:
  enum class State : std::uint8_t { Idle, FlushingData, WritingMap, FlushingMap, GivingBack };

  void onStoreDone(StoreRequest& request, StoreStatus status) override;
  void begin();
  void writeNextPages();
  void flushMap();
  void giveBackNext();
  void finish(StoreStatus status);

  EncryptedStore& store_;
  StoreChannel& dataChannel_;
  StoreChannel* mapChannel_;
  State state_ = State::Idle;
  StoreRequestList waiting_;
  StoreRequestList active_;
  StoreRequest step_;
  iovec stepBuffer_{};
  std::vector<std::uint64_t> changedPages_;
  std::size_t writtenPageCount_ = 0;
  // Where the search for discarded units is, what is being given back, and how often it was done.
  std::uint64_t discardCursor_ = 0;
  AllocationMap::Units givenBack_;
  unsigned giveBackCount_ = 0;
};

} // namespace argon
