// SPDX-License-Identifier: Apache-2.0
#include "fuzz/device_model.h"

#include "block/config.h"
#include "fuzz/chain_model.h"
#include "fuzz/guest_scene.h"
#include "fuzz/work_script.h"
#include "storage/block_store.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace blk = virtio::spec::blk;
namespace spec = virtio::spec;

namespace {

constexpr std::size_t kHeaderBytes = 16;

bool doOverlap(const Range& left, const Range& right) {
  return left.offset < right.offset + right.size && right.offset < left.offset + left.size;
}

bool doOverlap(const std::vector<Range>& ranges, const Range& other) {
  return std::ranges::any_of(ranges,
                             [&other](const Range& range) { return doOverlap(range, other); });
}

// Leaves out the first bytes.
std::vector<Range> skip(const std::vector<Range>& ranges, std::size_t count) {
  std::vector<Range> rest;
  for (const Range& range : ranges) {
    const std::size_t skipped = std::min(count, range.size);
    count -= skipped;
    if (range.size > skipped) {
      rest.push_back({.offset = range.offset + skipped, .size = range.size - skipped});
    }
  }
  return rest;
}

class Device {
public:
  Device(GuestScene& scene, const WorkScript& script, std::span<const std::byte> store,
         std::span<const std::byte> id)
      : scene_(scene), script_(script), id_(id) {
    result_.memory.assign(scene.arena().bytes().begin(), scene.arena().bytes().end());
    result_.store.assign(store.begin(), store.end());
    result_.nextAvailable = scene.firstIndex();
    used_ = load(scene.usedRing().offset + spec::kUsedIdxOffset);
    publishedUsed_ = used_;
    refuseKicks();
  }

  Prediction run() {
    collect();
    if (isUncertain()) {
      result_.isCertain = false;
      return std::move(result_);
    }
    for (const WorkScript::Turn& turn : script_.turns) {
      take(turn.budget);
      for (const WorkScript::Completion& completion : turn.completions) {
        if (!held_.empty()) {
          complete(completion.which % held_.size(), completion.status);
        }
      }
      publish();
      result_.counts.calls += turn.renewsCall ? 1 : 0;
      if (turn.arms) {
        arm();
      }
      if (turn.kicks && script_.hasKick) {
        ++result_.counts.kicks;
        if (std::exchange(isArmed_, false)) {
          refuseKicks();
        }
      }
    }
    while (!held_.empty()) {
      complete(0, StoreStatus::Ok);
    }
    publish();
    return std::move(result_);
  }

private:
  struct Offer {
    std::uint16_t head = 0;
    ModelChain chain;
  };
  // A request that the store has.
  struct Held {
    const Offer* offer;
    std::uint32_t type;
    std::uint64_t sector;
  };

  [[nodiscard]] std::uint16_t load(std::size_t offset) const {
    std::uint16_t value = 0;
    std::memcpy(&value, result_.memory.data() + offset, sizeof value);
    return value;
  }
  void store16(std::size_t offset, std::uint16_t value) {
    std::memcpy(result_.memory.data() + offset, &value, sizeof value);
  }

  // All chains that may be taken.
  void collect() {
    const std::uint16_t size = scene_.queue().size();
    for (std::uint16_t number = 0; number < std::min(scene_.offeredCount(), size); ++number) {
      const auto entry = static_cast<std::uint16_t>(scene_.firstIndex() + number);
      const std::uint16_t head = load(scene_.availableRing().offset + spec::kAvailRingOffset +
                                      entry % size * spec::kAvailElementBytes);
      if (head >= size) {
        offers_.push_back({.head = head, .chain = {}});
        return;
      }
      offers_.push_back(
          {.head = head, .chain = modelChain(scene_, head, virtio::kSegmentCountMax)});
    }
  }

  // The device writes the used ring, and requests write their buffers; neither may be where it
  // looks for other things.
  [[nodiscard]] bool isUncertain() const {
    std::vector<Range> read = {scene_.descriptorTable(), scene_.availableRing(), scene_.usedRing()};
    for (const Offer& offer : offers_) {
      read.insert(read.end(), offer.chain.tables.begin(), offer.chain.tables.end());
      if (doOverlap(offer.chain.tables, scene_.usedRing()) ||
          doOverlap(offer.chain.readable, scene_.usedRing())) {
        return true;
      }
    }
    return std::ranges::any_of(offers_, [&read](const Offer& offer) {
      return std::ranges::any_of(
          read, [&offer](const Range& range) { return doOverlap(offer.chain.writable, range); });
    });
  }

  void take(unsigned budget) {
    const std::size_t waitingCount = scene_.offeredCount() - takenCount_;
    if (result_.isBroken || isArmed_) {
      return;
    }
    if (waitingCount > scene_.queue().size()) {
      breakRing();
      return;
    }
    for (std::size_t count = std::min<std::size_t>(waitingCount, budget); count > 0; --count) {
      const Offer& offer = offers_[takenCount_++];
      ++result_.nextAvailable;
      if (offer.head >= scene_.queue().size() || headsUnderWay_.contains(offer.head)) {
        breakRing();
        return;
      }
      headsUnderWay_.insert(offer.head);
      begin(offer);
    }
  }

  void breakRing() {
    result_.isBroken = true;
    ++result_.counts.malformedChains;
  }

  void begin(const Offer& offer) {
    const ModelChain& chain = offer.chain;
    if (chain.fault != virtio::ChainFault::None || !chain.isTailKnown ||
        chain.readableBytes() < kHeaderBytes) {
      ++result_.counts.malformedChains;
      ++result_.counts.failures;
      answer(offer, blk::S_IOERR, 0);
      return;
    }
    blk::RequestHeader header{};
    gather(chain.readable, std::as_writable_bytes(std::span(&header, 1)));
    const std::uint32_t type = header.type.get();
    const std::uint64_t sector = header.sector.get();
    if (type == blk::T_GET_ID) {
      const std::size_t count = std::min<std::uint64_t>(room(chain), id_.size());
      scatter(chain.writable, id_.first(count));
      answer(offer, blk::S_OK, lengthFor(chain, count));
    } else if (type == blk::T_FLUSH || (type == blk::T_IN && isInDevice(sector, room(chain))) ||
               (type == blk::T_OUT && isInDevice(sector, sentBytes(chain)))) {
      held_.push_back({.offer = &offer, .type = type, .sector = sector});
      if (!script_.isHolding) {
        complete(0, StoreStatus::Ok);
      }
    } else {
      ++result_.counts.failures;
      const bool isKnown = type == blk::T_IN || type == blk::T_OUT;
      answer(offer, isKnown ? blk::S_IOERR : blk::S_UNSUPP, lengthFor(chain, 0));
    }
  }

  void complete(std::size_t which, StoreStatus status) {
    const Held held = held_[which];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    const ModelChain& chain = held.offer->chain;
    // Of a read that fails the driver gets zeros.
    const std::uint64_t writtenBytes = held.type == blk::T_IN ? room(chain) : 0;
    if (status == StoreStatus::Ok) {
      perform(held);
    } else {
      scatter(chain.writable, std::vector<std::byte>(writtenBytes));
      ++result_.counts.failures;
    }
    answer(*held.offer, status == StoreStatus::Ok ? blk::S_OK : blk::S_IOERR,
           lengthFor(chain, writtenBytes));
  }

  void perform(const Held& held) {
    const ModelChain& chain = held.offer->chain;
    if (held.type == blk::T_IN) {
      scatter(chain.writable, std::span(result_.store).subspan(held.sector * 512, room(chain)));
      ++result_.counts.reads;
      result_.counts.readBytes += room(chain);
    } else if (held.type == blk::T_OUT) {
      gather(skip(chain.readable, kHeaderBytes),
             std::span(result_.store).subspan(held.sector * 512, sentBytes(chain)));
      ++result_.counts.writes;
      result_.counts.writtenBytes += sentBytes(chain);
    } else {
      ++result_.counts.flushes;
    }
  }

  void answer(const Offer& offer, std::uint8_t status, std::uint32_t length) {
    if (offer.chain.isTailKnown) {
      const Range& last = offer.chain.writable.back();
      result_.memory[last.offset + last.size - 1] = std::byte{status};
    }
    const spec::UsedElement element{.id = std::uint32_t{offer.head}, .len = length};
    const std::size_t slot = used_ % scene_.queue().size();
    std::memcpy(result_.memory.data() + scene_.usedRing().offset + spec::kUsedRingOffset +
                    slot * sizeof element,
                &element, sizeof element);
    ++used_;
    headsUnderWay_.erase(offer.head);
  }

  // The driver is called once whatever it wants, then as it wants.
  void publish() {
    if (used_ == publishedUsed_ && wasCalled_) {
      return;
    }
    store16(scene_.usedRing().offset + spec::kUsedIdxOffset, used_);
    if (!wasCalled_ || isCallWanted()) {
      ++result_.counts.calls;
    }
    wasCalled_ = true;
    publishedUsed_ = used_;
  }

  [[nodiscard]] bool isCallWanted() const {
    const std::size_t ring = scene_.availableRing().offset;
    if (!scene_.features().has(spec::F_EVENT_IDX)) {
      return (load(ring + spec::kAvailFlagsOffset) & spec::AVAIL_F_NO_INTERRUPT) == 0;
    }
    // True if the entry that it waits for is among those that were just published.
    const std::uint16_t awaited =
        load(ring + spec::kAvailRingOffset + spec::kAvailElementBytes * scene_.queue().size());
    for (std::uint16_t index = publishedUsed_; index != used_; ++index) {
      if (index == awaited) {
        return true;
      }
    }
    return false;
  }

  // While it looks anyway. With EVENT_IDX what it last waited for is behind it, and stays.
  void refuseKicks() {
    if (!scene_.features().has(spec::F_EVENT_IDX)) {
      store16(scene_.usedRing().offset + spec::kUsedFlagsOffset, spec::USED_F_NO_NOTIFY);
    }
  }

  // Waits for a kick, unless there is nobody to kick or something to do.
  void arm() {
    if (!script_.hasKick || result_.isBroken || isArmed_) {
      return;
    }
    const Range used = scene_.usedRing();
    if (scene_.features().has(spec::F_EVENT_IDX)) {
      store16(used.offset + used.size - sizeof(std::uint16_t), result_.nextAvailable);
    } else {
      store16(used.offset + spec::kUsedFlagsOffset, 0);
    }
    isArmed_ = takenCount_ == scene_.offeredCount();
    if (!isArmed_) {
      refuseKicks();
    }
  }

  // Writable bytes before the status; readable bytes behind the header.
  [[nodiscard]] static std::uint64_t room(const ModelChain& chain) {
    return chain.writableBytes() - 1;
  }
  [[nodiscard]] static std::uint64_t sentBytes(const ModelChain& chain) {
    return chain.readableBytes() - kHeaderBytes;
  }
  // The status counts only if all before it was written.
  [[nodiscard]] static std::uint32_t lengthFor(const ModelChain& chain,
                                               std::uint64_t writtenBytes) {
    return static_cast<std::uint32_t>(writtenBytes == room(chain) ? writtenBytes + 1
                                                                  : writtenBytes);
  }

  [[nodiscard]] bool isInDevice(std::uint64_t sector, std::uint64_t bytes) const {
    const std::uint64_t sectorCount = result_.store.size() / 512;
    return bytes > 0 && bytes % 512 == 0 && bytes <= block::kRequestBytesMax &&
           bytes / 512 <= sectorCount && sector <= sectorCount - bytes / 512;
  }

  void gather(const std::vector<Range>& ranges, std::span<std::byte> into) {
    for (const Range& range : ranges) {
      const std::size_t count = std::min(range.size, into.size());
      std::ranges::copy(std::span(result_.memory).subspan(range.offset, count), into.begin());
      into = into.subspan(count);
    }
  }

  void scatter(const std::vector<Range>& ranges, std::span<const std::byte> from) {
    for (const Range& range : ranges) {
      const std::size_t count = std::min(range.size, from.size());
      std::ranges::copy(from.first(count),
                        result_.memory.begin() + static_cast<std::ptrdiff_t>(range.offset));
      from = from.subspan(count);
    }
  }

  GuestScene& scene_;
  const WorkScript& script_;
  std::span<const std::byte> id_;
  std::vector<Offer> offers_;
  std::size_t takenCount_ = 0;
  std::set<std::uint16_t> headsUnderWay_;
  std::vector<Held> held_;
  std::uint16_t used_ = 0;
  std::uint16_t publishedUsed_ = 0;
  bool wasCalled_ = false;
  bool isArmed_ = false;
  Prediction result_;
};

} // namespace

Prediction predict(GuestScene& scene, const WorkScript& script, std::span<const std::byte> store,
                   std::span<const std::byte> id) {
  return Device(scene, script, store, id).run();
}

} // namespace argon::fuzz
