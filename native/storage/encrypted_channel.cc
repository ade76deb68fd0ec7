// SPDX-License-Identifier: Apache-2.0
#include "storage/encrypted_channel.h"

#include "base/check.h"
#include "base/result.h"
#include "base/slab_pool.h"
#include "base/stage_meter.h"
#include "crypto/aes_xts.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"
#include "storage/buffers.h"
#include "storage/encrypted_store.h"
#include "storage/stage_trace.h"
#include "storage/unit_crypter.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace argon {

namespace {

constexpr std::uint64_t kUnitBytes = UnitRange::kUnitBytes;

// A part has a buffer of the worker's pool, which has about this many.
constexpr std::size_t kPartCountMax = 1280;

// The content of a unit that is cleared.
constexpr std::array<std::byte, kUnitBytes> kZeros{};

// Carries a flush from the thread that wants it to the home channel's and its answer back.
class FlushCourier final : public StoreSink {
public:
  FlushCourier(StoreRequest& original, const ChannelContext& origin)
      : original_(original), origin_(origin) {
    copy_.operation = StoreOperation::Flush;
    copy_.sink = this;
  }

  [[nodiscard]] StoreRequest& copy() { return copy_; }
  // Under way it is its own owner.
  void holdYourself(std::shared_ptr<FlushCourier> self) { self_ = std::move(self); }

  void onStoreDone(StoreRequest& /*request*/, StoreStatus status) override {
    origin_.post([courier = std::move(self_), status] { courier->original_.done(status); });
  }

private:
  StoreRequest copy_;
  StoreRequest& original_;
  const ChannelContext& origin_;
  std::shared_ptr<FlushCourier> self_;
};

// The longest part from `offsetBytes` on that fits one buffer, whose start is a unit's start.
std::uint64_t bytesToBufferEnd(std::uint64_t offsetBytes) {
  return BufferPool::kBufferBytesMax - offsetBytes % kUnitBytes;
}

} // namespace

Result<std::unique_ptr<EncryptedChannel>> EncryptedChannel::create(EncryptedStore& store,
                                                                   const ChannelContext& context,
                                                                   Parts parts, XtsCipher cipher) {
  ARGON_TRY_ASSIGN(std::unique_ptr<SlabPool<Part>> pool, SlabPool<Part>::create(kPartCountMax));
  return std::unique_ptr<EncryptedChannel>(
      new EncryptedChannel(store, context, std::move(parts), std::move(cipher), std::move(pool)));
}

EncryptedChannel::EncryptedChannel(EncryptedStore& store, const ChannelContext& context,
                                   Parts parts, XtsCipher cipher,
                                   std::unique_ptr<SlabPool<Part>> partPool)
    : store_(store), map_(store.map()), context_(context), parts_(std::move(parts)),
      crypter_(std::move(cipher)), flusher_(store, *parts_.data, parts_.map.get()),
      partPool_(std::move(partPool)) {}

void EncryptedChannel::submit(StoreRequest& request) {
  if (request.operation == StoreOperation::Flush) {
    submitFlush(request);
    return;
  }
  request.progressBytes = 0;
  request.partStatus = StoreStatus::Ok;
  // One for the issuing itself, so that parts which are done at once do not end the request early.
  request.partCount = 1;
  if (!waiters_.isEmpty() || !issueAll(request)) {
    waiters_.append(request);
    return;
  }
  finishPart(request, StoreStatus::Ok);
}

void EncryptedChannel::submitFlush(StoreRequest& request) {
  EncryptedChannel& home = store_.homeChannel();
  if (&home == this) {
    flusher_.submit(request);
    return;
  }
  // The home channel belongs to another thread: the request goes there and its answer comes back.
  // The hand-over orders every bit that was set before it ahead of the flush.
  auto courier = std::make_shared<FlushCourier>(request, context_);
  home.context().post([&home, courier] {
    courier->holdYourself(courier);
    home.flusher().submit(courier->copy());
  });
}

bool EncryptedChannel::issueAll(StoreRequest& request) {
  while (request.progressBytes < request.lengthBytes) {
    Step step = Step::Issued;
    switch (request.operation) {
    case StoreOperation::Read:
      step = issueRead(request);
      break;
    case StoreOperation::Write:
      step = issueWrite(request);
      break;
    case StoreOperation::Discard:
    case StoreOperation::WriteZeroes:
      step = issueZeroes(request);
      break;
    case StoreOperation::Flush:
      ARGON_UNREACHABLE();
    }
    if (step == Step::MustWait) {
      return false;
    }
  }
  return true;
}

EncryptedChannel::Step EncryptedChannel::issueRead(StoreRequest& request) {
  const UnitRange rest{.offsetBytes = request.offsetBytes + request.progressBytes,
                       .lengthBytes = request.lengthBytes - request.progressBytes};
  const std::uint64_t generation = map_.generation();
  const AllocationMap::Run run = map_.runAt(rest.firstUnit(), rest.unitCount());
  const std::uint64_t runBytes =
      std::min(rest.lengthBytes, run.unitCount * kUnitBytes - rest.headBytes());
  if (!run.isSet) {
    BufferCursor(request.buffers, request.progressBytes).zero(runBytes);
    request.progressBytes += runBytes;
    return Step::Issued;
  }
  if (!parts_.mappedData.empty()) {
    readMapped(request, runBytes, generation);
    return Step::Issued;
  }
  const UnitRange range{.offsetBytes = rest.offsetBytes,
                        .lengthBytes = std::min(runBytes, bytesToBufferEnd(rest.offsetBytes))};
  Part* part = takePart(request, range.unitCount() * kUnitBytes);
  if (part == nullptr) {
    return Step::MustWait;
  }
  part->endBytes = range.endBytes();
  request.progressBytes += range.lengthBytes;
  submitRead(*part, range, generation);
  return Step::Issued;
}

// `range` is of units that were set in the given generation of the map.
void EncryptedChannel::submitRead(Part& part, const UnitRange& range, std::uint64_t generation) {
  part.generation = generation;
  part.childBuffer = {.iov_base = part.buffer.data() + range.headBytes(),
                      .iov_len = range.lengthBytes};
  part.operation = StoreOperation::Read;
  part.offsetBytes = range.offsetBytes;
  part.lengthBytes = range.lengthBytes;
  submitPart(part);
}

EncryptedChannel::Step EncryptedChannel::issueWrite(StoreRequest& request) {
  const std::uint64_t offset = request.offsetBytes + request.progressBytes;
  const UnitRange range{.offsetBytes = offset,
                        .lengthBytes = std::min(request.lengthBytes - request.progressBytes,
                                                bytesToBufferEnd(offset))};
  const std::uint64_t firstUnit = range.firstUnit();
  const std::uint64_t unitCount = range.unitCount();
  const AllocationMap::Run run = map_.runAt(firstUnit, unitCount);
  const bool isFirstWrite = !run.isSet || run.unitCount < unitCount;
  if (isFirstWrite && !map_.tryClaim(firstUnit, unitCount)) {
    waitsForClaim_ = true;
    return Step::MustWait;
  }
  // Looked at again under the claim: the write that held the units before may have set them. And
  // only then: a unit that a discard clears under a write without a claim may be another's to fill.
  const UnitCrypter::Edges edges{.fillsHead = isFirstWrite && !map_.isSet(firstUnit),
                                 .fillsTail =
                                     isFirstWrite && !map_.isSet(firstUnit + unitCount - 1)};
  if (!parts_.mappedData.empty()) {
    writeMapped(request, range, edges, isFirstWrite);
    return Step::Issued;
  }
  Part* part = takePart(request, unitCount * kUnitBytes);
  if (part == nullptr) {
    if (isFirstWrite) {
      map_.releaseClaim(firstUnit, unitCount);
    }
    return Step::MustWait;
  }
  BufferCursor source(request.buffers, request.progressBytes);
  encrypt(request, range, edges, source, part->buffer);
  const std::size_t head = edges.fillsHead ? 0 : range.headBytes();
  const std::size_t tail = edges.fillsTail ? kUnitBytes : range.tailBytes();
  const std::uint64_t childBytes = (unitCount - 1) * kUnitBytes + tail - head;
  part->firstUnit = firstUnit;
  part->unitCount = unitCount;
  part->isClaimed = isFirstWrite;
  part->childBuffer = {.iov_base = part->buffer.data() + head, .iov_len = childBytes};
  part->operation = StoreOperation::Write;
  part->offsetBytes = firstUnit * kUnitBytes + head;
  part->lengthBytes = childBytes;
  request.progressBytes += range.lengthBytes;
  submitPart(*part);
  return Step::Issued;
}

// Whole units lose their bits; of one that the range covers in part, the part gets zeros if the
// unit holds data.
EncryptedChannel::Step EncryptedChannel::issueZeroes(StoreRequest& request) {
  const std::uint64_t offset = request.offsetBytes + request.progressBytes;
  const std::uint64_t restBytes = request.lengthBytes - request.progressBytes;
  if (offset % kUnitBytes == 0 && restBytes >= kUnitBytes) {
    const bool givesBack = request.operation == StoreOperation::Discard || request.mayUnmap;
    const std::uint64_t unitCount = restBytes / kUnitBytes;
    const std::uint64_t doneCount =
        map_.clear(offset / kUnitBytes, unitCount,
                   givesBack ? AllocationMap::Space::GiveBack : AllocationMap::Space::Keep);
    request.progressBytes += doneCount * kUnitBytes;
    if (doneCount < unitCount) {
      waitsForClaim_ = true;
      return Step::MustWait;
    }
    return Step::Issued;
  }
  const UnitRange range{.offsetBytes = offset,
                        .lengthBytes = std::min(restBytes, kUnitBytes - offset % kUnitBytes)};
  if (!map_.isSet(range.firstUnit())) {
    request.progressBytes += range.lengthBytes;
    return Step::Issued;
  }
  // The crypter only reads from it; the type is shared with reads.
  const iovec zeros{.iov_base = const_cast<std::byte*>(kZeros.data()), .iov_len = kZeros.size()};
  BufferCursor source(std::span(&zeros, 1), 0);
  if (!parts_.mappedData.empty()) {
    encrypt(request, range, {}, source, mappedUnits(range));
    finishMapped(request, range);
    return Step::Issued;
  }
  Part* part = takePart(request, kUnitBytes);
  if (part == nullptr) {
    return Step::MustWait;
  }
  encrypt(request, range, {}, source, part->buffer);
  part->childBuffer = {.iov_base = part->buffer.data() + range.headBytes(),
                       .iov_len = range.lengthBytes};
  part->operation = StoreOperation::Write;
  part->offsetBytes = range.offsetBytes;
  part->lengthBytes = range.lengthBytes;
  request.progressBytes += range.lengthBytes;
  submitPart(*part);
  return Step::Issued;
}

// The units' bytes in the data store.
std::span<std::byte> EncryptedChannel::mappedUnits(const UnitRange& range) {
  const std::uint64_t first = range.firstUnit() * kUnitBytes;
  const std::uint64_t size = range.unitCount() * kUnitBytes;
  if (parts_.mappedData.size() < first + size) [[unlikely]] {
    // The store has grown.
    parts_.mappedData = store_.data().mappedBytes();
  }
  return parts_.mappedData.subspan(first, size);
}

void EncryptedChannel::readMapped(StoreRequest& request, std::uint64_t bytes,
                                  std::uint64_t generation) {
  const UnitRange range{.offsetBytes = request.offsetBytes + request.progressBytes,
                        .lengthBytes = bytes};
  BufferCursor target(request.buffers, request.progressBytes);
  decrypt(request, range, mappedUnits(range), target);
  // Without progress it is read again.
  if (isCurrent(generation)) {
    finishMapped(request, range);
  }
}

void EncryptedChannel::finishMapped(StoreRequest& request, const UnitRange& range) {
  request.progressBytes += range.lengthBytes;
  if (!store_.data().isMappingGood()) [[unlikely]] {
    request.partStatus = StoreStatus::IoError;
  }
}

// True if no ciphertext has gone away since the map had this generation.
bool EncryptedChannel::isCurrent(std::uint64_t generation) const {
  // What was read before is not read after the generation is.
  std::atomic_thread_fence(std::memory_order_acquire);
  return map_.generation() == generation;
}

void EncryptedChannel::writeMapped(StoreRequest& request, const UnitRange& range,
                                   UnitCrypter::Edges edges, bool isFirstWrite) {
  const std::uint64_t firstUnit = range.firstUnit();
  const std::uint64_t unitCount = range.unitCount();
  const StoreStatus room =
      isFirstWrite ? store_.data().makeRoom(firstUnit * kUnitBytes, unitCount * kUnitBytes)
                   : StoreStatus::Ok;
  if (room == StoreStatus::Ok) [[likely]] {
    BufferCursor source(request.buffers, request.progressBytes);
    encrypt(request, range, edges, source, mappedUnits(range));
  }
  finishMapped(request, range);
  if (room != StoreStatus::Ok) {
    request.partStatus = room;
  }
  if (isFirstWrite) {
    if (room == StoreStatus::Ok) {
      map_.set(firstUnit, unitCount);
    }
    map_.releaseClaim(firstUnit, unitCount);
  }
}

void EncryptedChannel::encrypt(const StoreRequest& request, const UnitRange& range,
                               UnitCrypter::Edges edges, BufferCursor& source,
                               std::span<std::byte> target) {
  const CryptoSpan span(request.trace);
  const StageScope stage(context_.stages, Stage::Crypto);
  crypter_.encrypt(range, edges, source, target);
}

void EncryptedChannel::decrypt(const StoreRequest& request, const UnitRange& range,
                               std::span<const std::byte> source, BufferCursor& target) {
  const CryptoSpan span(request.trace);
  const StageScope stage(context_.stages, Stage::Crypto);
  crypter_.decrypt(range, source, target);
}

void EncryptedChannel::submitPart(Part& part) {
  if (part.parent->trace != nullptr) [[unlikely]] {
    part.parent->trace->noteSubmitted();
  }
  parts_.data->submit(part);
}

EncryptedChannel::Part* EncryptedChannel::takePart(StoreRequest& request, std::size_t bufferBytes) {
  Part* part = partPool_->take();
  if (part == nullptr) {
    return nullptr;
  }
  part->buffer = context_.buffers.take(bufferBytes);
  if (part->buffer.empty()) {
    partPool_->giveBack(*part);
    return nullptr;
  }
  part->parent = &request;
  part->skipBytes = request.progressBytes;
  part->isClaimed = false;
  part->sink = this;
  part->buffers = std::span(&part->childBuffer, 1);
  ++request.partCount;
  return part;
}

void EncryptedChannel::onStoreDone(StoreRequest& request, StoreStatus status) {
  // Only parts report to this sink.
  Part& part = static_cast<Part&>(request);
  StoreRequest& parent = *part.parent;
  if (parent.trace != nullptr) [[unlikely]] {
    parent.trace->noteAnswered();
  }
  if (part.operation == StoreOperation::Write) {
    finishWrite(part, status);
  } else if (status == StoreStatus::Ok && !finishRead(part)) {
    return; // Under way again.
  }
  releasePart(part);
  finishPart(parent, status);
  drainWaiters();
}

// Takes what was read, if it is still what was written, and reads what is missing of the part; true
// if nothing is.
bool EncryptedChannel::finishRead(Part& part) {
  UnitRange range{.offsetBytes = part.offsetBytes, .lengthBytes = part.lengthBytes};
  if (isCurrent(part.generation)) {
    BufferCursor target(part.parent->buffers, part.skipBytes);
    decrypt(*part.parent, range, part.buffer, target);
    part.skipBytes += range.lengthBytes;
    range.offsetBytes += range.lengthBytes;
  }
  while (range.offsetBytes < part.endBytes) {
    range.lengthBytes = part.endBytes - range.offsetBytes;
    const std::uint64_t generation = map_.generation();
    const AllocationMap::Run run = map_.runAt(range.firstUnit(), range.unitCount());
    range.lengthBytes = std::min(range.lengthBytes, run.unitCount * kUnitBytes - range.headBytes());
    if (run.isSet) {
      submitRead(part, range, generation);
      return false;
    }
    BufferCursor(part.parent->buffers, part.skipBytes).zero(range.lengthBytes);
    part.skipBytes += range.lengthBytes;
    range.offsetBytes += range.lengthBytes;
  }
  return true;
}

void EncryptedChannel::finishWrite(const Part& part, StoreStatus status) {
  if (!part.isClaimed) {
    return;
  }
  // A failed first write leaves its units as zeros, which they were.
  if (status == StoreStatus::Ok) {
    map_.set(part.firstUnit, part.unitCount);
  }
  map_.releaseClaim(part.firstUnit, part.unitCount);
}

void EncryptedChannel::releasePart(Part& part) {
  context_.buffers.giveBack(part.buffer);
  part.buffer = {};
  partPool_->giveBack(part);
}

void EncryptedChannel::finishPart(StoreRequest& request, StoreStatus status) {
  if (status != StoreStatus::Ok) {
    request.partStatus = status;
  }
  if (--request.partCount == 0) {
    request.done(request.partStatus);
  }
}

void EncryptedChannel::drainWaiters() {
  // A store that answers within submit() would come back here.
  if (isDraining_) {
    return;
  }
  isDraining_ = true;
  waitsForClaim_ = false;
  while (StoreRequest* request = waiters_.first()) {
    if (!issueAll(*request)) {
      break;
    }
    // It stayed in the list until now, so that nothing overtook it.
    waiters_.takeFirst();
    finishPart(*request, StoreStatus::Ok);
  }
  isDraining_ = false;
}

void EncryptedChannel::drain() {
  parts_.data->drain();
  if (parts_.map != nullptr) {
    parts_.map->drain();
  }
}

bool EncryptedChannel::poll() {
  const StoreRequest* before = waiters_.first();
  drainWaiters();
  return before != waiters_.first();
}

} // namespace argon
