// SPDX-License-Identifier: Apache-2.0
#pragma once

// A worker's way to an encrypted store. A request is worked on in parts, each with a buffer of its
// own, so that the crypting of one overlaps with the disk's work on another. When buffers run out,
// or a first write or a flush that gives space back holds a unit, requests wait here in order.
//
// A discard clears bits and is done; flushes give the space back. A read that was under way while
// they did is done again.

#include "base/result.h"
#include "base/slab_pool.h"
#include "crypto/aes_xts.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "storage/encrypted_store.h"
#include "storage/map_flusher.h"
#include "storage/unit_crypter.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace argon {

class EncryptedChannel final : public StoreChannel, private StoreSink {
public:
  struct Parts {
    std::unique_ptr<StoreChannel> data;
    /// Null if the map is not stored.
    std::unique_ptr<StoreChannel> map;
    /// The data store's bytes if it is memory; then `data` is used for flushes only.
    std::span<std::byte> mappedData;
  };

  static Result<std::unique_ptr<EncryptedChannel>>
  create(EncryptedStore& store, const ChannelContext& context, Parts parts, XtsCipher cipher);

  void submit(StoreRequest& request) override;
  bool poll() override;
  [[nodiscard]] bool isWaiting() const override {
    // Buffers come back with this channel's own parts, or, if it has none, with another's.
    return !waiters_.isEmpty() && (waitsForClaim_ || partPool_->usedCount() == 0);
  }

  [[nodiscard]] bool isCongested() const override { return parts_.data->isCongested(); }
  void drain() override;

  /// The flushes of the whole store, on its home channel's thread.
  [[nodiscard]] MapFlusher& flusher() { return flusher_; }
  [[nodiscard]] const ChannelContext& context() const { return context_; }

private:
  // A piece of a request on its way to or from the data store.
  struct Part final : StoreRequest {
    StoreRequest* parent = nullptr;
    // Bytes of the parent before this part.
    std::uint64_t skipBytes = 0;
    // Of a read: where the part ends, and the map's generation when the units were found to be set.
    std::uint64_t endBytes = 0;
    std::uint64_t generation = 0;
    // Of a write: the units it touches, and whether it claimed them for a first write.
    std::uint64_t firstUnit = 0;
    std::uint64_t unitCount = 0;
    bool isClaimed = false;
    std::span<std::byte> buffer;
    iovec childBuffer{};
  };
  // What became of an attempt to go on with a request.
  enum class Step : std::uint8_t { Issued, MustWait };

  EncryptedChannel(EncryptedStore& store, const ChannelContext& context, Parts parts,
                   XtsCipher cipher, std::unique_ptr<SlabPool<Part>> partPool);

  void onStoreDone(StoreRequest& request, StoreStatus status) override;
  void submitFlush(StoreRequest& request);
  // Issues the rest of a request in parts; false if it has to wait.
  bool issueAll(StoreRequest& request);
  Step issueRead(StoreRequest& request);
  Step issueWrite(StoreRequest& request);
  Step issueZeroes(StoreRequest& request);
  [[nodiscard]] std::span<std::byte> mappedUnits(const UnitRange& range);
  void submitRead(Part& part, const UnitRange& range, std::uint64_t generation);
  void readMapped(StoreRequest& request, std::uint64_t bytes, std::uint64_t generation);
  [[nodiscard]] bool isCurrent(std::uint64_t generation) const;
  void writeMapped(StoreRequest& request, const UnitRange& range, UnitCrypter::Edges edges,
                   bool isFirstWrite);
  // What was done in place counts, unless the place was not there.
  void finishMapped(StoreRequest& request, const UnitRange& range);
  // The cipher, with its time counted as a request's and as the worker's.
  void encrypt(const StoreRequest& request, const UnitRange& range, UnitCrypter::Edges edges,
               BufferCursor& source, std::span<std::byte> target);
  void decrypt(const StoreRequest& request, const UnitRange& range,
               std::span<const std::byte> source, BufferCursor& target);
  void submitPart(Part& part);
  [[nodiscard]] Part* takePart(StoreRequest& request, std::size_t bufferBytes);
  [[nodiscard]] bool finishRead(Part& part);
  void finishWrite(const Part& part, StoreStatus status);
  void releasePart(Part& part);
  void finishPart(StoreRequest& request, StoreStatus status);
  void drainWaiters();

  EncryptedStore& store_;
  AllocationMap& map_;
  ChannelContext context_;
  Parts parts_;
  UnitCrypter crypter_;
  MapFlusher flusher_;
  std::unique_ptr<SlabPool<Part>> partPool_;
  StoreRequestList waiters_;
  bool waitsForClaim_ = false;
  bool isDraining_ = false;
};

} // namespace argon
