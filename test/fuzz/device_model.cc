// SPDX-License-Identifier: Apache-2.0
#include "fuzz/device_model.h"

#include "block/config.h"
#include "block/request.h"
#include "fuzz/chain_model.h"
#include "fuzz/guest_scene.h"
#include "fuzz/held_store.h"
#include "fuzz/ring_model.h"
#include "fuzz/work_script.h"
#include "storage/block_store.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace blk = virtio::spec::blk;

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
  Device(const GuestScene& scene, const WorkScript& script, std::span<const std::byte> store,
         std::span<const std::byte> id)
      : scene_(scene), script_(script), id_(id) {
    result_.memory.assign(scene.bytes().begin(), scene.bytes().end());
    result_.store.assign(store.begin(), store.end());
    ring_ = makeRingModel(scene, result_.memory);
    ring_->refuseKicks();
  }

  Prediction run() {
    for (const WorkScript::Turn& turn : script_.turns) {
      isWriteBack_ = turn.isWriteBack;
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
          ring_->refuseKicks();
        }
      }
    }
    while (!held_.empty()) {
      complete(0, StoreStatus::Ok);
    }
    publish();
    result_.base = ring_->base();
    result_.isCertain = !isUncertain();
    return std::move(result_);
  }

private:
  // What a request still has to do in the store, in order; then it is answered.
  struct Step {
    StoreOperation operation;
    block::StoreRange range{};
  };
  struct Request {
    RingModel::Taken taken;
    std::uint32_t type = 0;
    std::uint64_t rangedBytes = 0;
    std::deque<Step> steps{};
  };

  // The device writes the ring, and requests write their buffers; neither may be where it looks for
  // other things.
  [[nodiscard]] bool isUncertain() const {
    std::vector<Range> read = {scene_.descriptorTable(), scene_.availableRing(), scene_.usedRing()};
    for (const Request& request : requests_) {
      const ModelChain& chain = request.taken.chain;
      read.insert(read.end(), chain.tables.begin(), chain.tables.end());
      for (const Range& part : ring_->writtenParts()) {
        if (doOverlap(chain.tables, part) || doOverlap(chain.readable, part)) {
          return true;
        }
      }
    }
    return std::ranges::any_of(requests_, [&read](const Request& request) {
      return std::ranges::any_of(read, [&request](const Range& range) {
        return doOverlap(request.taken.chain.writable, range);
      });
    });
  }

  void take(unsigned budget) {
    for (unsigned count = 0; count < budget && !result_.isBroken && !isArmed_; ++count) {
      RingModel::Taken taken = ring_->take();
      if (taken.kind == RingModel::Taken::Kind::Nothing) {
        return;
      }
      if (taken.kind == RingModel::Taken::Kind::Broken || headsUnderWay_.contains(taken.head)) {
        result_.isBroken = true;
        ++result_.counts.malformedChains;
        return;
      }
      headsUnderWay_.insert(taken.head);
      requests_.push_back({.taken = std::move(taken)});
      begin(requests_.back());
    }
  }

  void begin(Request& request) {
    const ModelChain& chain = request.taken.chain;
    if (chain.fault != virtio::ChainFault::None || !chain.isTailKnown ||
        chain.readableBytes() < kHeaderBytes) {
      ++result_.counts.malformedChains;
      ++result_.counts.failures;
      answer(request, blk::S_IOERR, 0);
      return;
    }
    blk::RequestHeader header{};
    gather(chain.readable, std::as_writable_bytes(std::span(&header, 1)));
    request.type = header.type.get();
    const std::uint64_t start = header.sector.get();
    switch (request.type) {
    case blk::T_GET_ID: {
      const std::size_t count = std::min<std::uint64_t>(room(chain), id_.size());
      scatter(chain.writable, id_.first(count));
      answer(request, blk::S_OK, lengthFor(chain, count));
      return;
    }
    case blk::T_FLUSH:
      request.steps.push_back({.operation = StoreOperation::Flush});
      submit(request);
      return;
    case blk::T_IN:
      beginTransfer(request, StoreOperation::Read, start, room(chain));
      return;
    case blk::T_OUT:
      beginTransfer(request, StoreOperation::Write, start, sentBytes(chain));
      return;
    case blk::T_DISCARD:
    case blk::T_WRITE_ZEROES:
      beginRanges(request);
      return;
    default:
      refuse(request, blk::S_UNSUPP);
    }
  }

  void beginTransfer(Request& request, StoreOperation operation, std::uint64_t sector,
                     std::uint64_t bytes) {
    if (bytes == 0 || bytes % 512 != 0 || bytes > block::kRequestBytesMax ||
        !isInDevice(sector, bytes / 512)) {
      refuse(request, blk::S_IOERR);
      return;
    }
    request.steps.push_back(
        {.operation = operation, .range = {.offsetBytes = sector * 512, .lengthBytes = bytes}});
    if (operation == StoreOperation::Write) {
      flushIfWriteThrough(request);
    }
    submit(request);
  }

  // Nothing is done if any of them is wrong, and the first that is decides.
  void beginRanges(Request& request) {
    const bool isDiscard = request.type == blk::T_DISCARD;
    const std::uint64_t bytes = sentBytes(request.taken.chain);
    if (!scene_.features().has(isDiscard ? blk::F_DISCARD : blk::F_WRITE_ZEROES)) {
      refuse(request, blk::S_UNSUPP);
      return;
    }
    if (bytes == 0 || bytes % 16 != 0 || bytes > std::uint64_t{16} * 64) {
      refuse(request, blk::S_IOERR);
      return;
    }
    std::vector<blk::DiscardWriteZeroes> ranges(bytes / 16);
    gather(skip(request.taken.chain.readable, kHeaderBytes),
           std::as_writable_bytes(std::span(ranges)));
    for (const blk::DiscardWriteZeroes& range : ranges) {
      const std::uint64_t sectorCount = range.num_sectors.get();
      const std::uint64_t sectorCountMax = isDiscard ? 2'097'152 : 65'536;
      if (range.flags.get() > (isDiscard ? 0 : 1)) {
        refuse(request, blk::S_UNSUPP);
        return;
      }
      if (sectorCount > sectorCountMax || !isInDevice(range.sector.get(), sectorCount)) {
        refuse(request, blk::S_IOERR);
        return;
      }
      if (sectorCount > 0) {
        request.rangedBytes += sectorCount * 512;
        request.steps.push_back(
            {.operation = isDiscard ? StoreOperation::Discard : StoreOperation::WriteZeroes,
             .range = {.offsetBytes = range.sector.get() * 512,
                       .lengthBytes = sectorCount * 512,
                       .mayUnmap = range.flags.get() == 1}});
      }
    }
    flushIfWriteThrough(request);
    submit(request);
  }

  // Durable before it is answered, if the driver has no cache that it could flush or turned it off.
  void flushIfWriteThrough(Request& request) {
    const bool isWriteBack = scene_.features().has(blk::F_CONFIG_WCE)
                                 ? isWriteBack_
                                 : scene_.features().has(blk::F_FLUSH);
    if (!isWriteBack) {
      request.steps.push_back({.operation = StoreOperation::Flush});
    }
  }

  void refuse(Request& request, std::uint8_t status) {
    ++result_.counts.failures;
    request.steps.clear();
    answer(request, status, lengthFor(request.taken.chain, 0));
  }

  // Has the store do the next step, or finishes the request behind the last.
  void submit(Request& request) {
    if (request.steps.empty()) {
      count(request);
      answer(request, blk::S_OK,
             lengthFor(request.taken.chain,
                       request.type == blk::T_IN ? room(request.taken.chain) : 0));
      return;
    }
    held_.push_back(&request);
    if (!script_.isHolding) {
      complete(0, StoreStatus::Ok);
    }
  }

  void complete(std::size_t which, StoreStatus status) {
    Request& request = *held_[which];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    const ModelChain& chain = request.taken.chain;
    if (status == StoreStatus::Ok) {
      perform(chain, request.steps.front());
      request.steps.pop_front();
      submit(request);
      return;
    }
    // Of a read that fails the driver gets zeros.
    const std::uint64_t writtenBytes = request.type == blk::T_IN ? room(chain) : 0;
    scatter(chain.writable, std::vector<std::byte>(writtenBytes));
    ++result_.counts.failures;
    answer(request, blk::S_IOERR, lengthFor(chain, writtenBytes));
  }

  void perform(const ModelChain& chain, const Step& step) {
    const std::span<std::byte> place =
        std::span(result_.store).subspan(step.range.offsetBytes, step.range.lengthBytes);
    switch (step.operation) {
    case StoreOperation::Read:
      scatter(chain.writable, place);
      return;
    case StoreOperation::Write:
      gather(skip(chain.readable, kHeaderBytes), place);
      return;
    case StoreOperation::Discard:
    case StoreOperation::WriteZeroes:
      std::ranges::fill(place, HeldStore::clearedByte(step.operation, step.range.mayUnmap));
      return;
    case StoreOperation::Flush:
      return;
    }
  }

  void count(const Request& request) {
    Counts& counts = result_.counts;
    switch (request.type) {
    case blk::T_IN:
      ++counts.reads;
      counts.readBytes += room(request.taken.chain);
      return;
    case blk::T_OUT:
      ++counts.writes;
      counts.writtenBytes += sentBytes(request.taken.chain);
      return;
    case blk::T_DISCARD:
      ++counts.discards;
      counts.discardedBytes += request.rangedBytes;
      return;
    case blk::T_WRITE_ZEROES:
      ++counts.writeZeroes;
      counts.zeroedBytes += request.rangedBytes;
      return;
    default:
      ++counts.flushes;
    }
  }

  void answer(const Request& request, std::uint8_t status, std::uint32_t length) {
    const RingModel::Taken& taken = request.taken;
    if (taken.chain.isTailKnown) {
      const Range& last = taken.chain.writable.back();
      result_.memory[last.offset + last.size - 1] = std::byte{status};
    }
    ring_->put(taken.head, taken.descriptorCount, length);
    hasAnswers_ = true;
    headsUnderWay_.erase(taken.head);
  }

  // The driver is called once whatever it wants, then as it wants.
  void publish() {
    if (!std::exchange(hasAnswers_, false)) {
      return;
    }
    const bool isCallWanted = ring_->publish();
    result_.counts.calls += isCallWanted || !wasCalled_ ? 1 : 0;
    wasCalled_ = true;
  }

  // Waits for a kick, unless there is nobody to kick or something to do.
  void arm() {
    if (!script_.hasKick || result_.isBroken || isArmed_) {
      return;
    }
    isArmed_ = !ring_->askForKick();
    if (!isArmed_) {
      ring_->refuseKicks();
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

  [[nodiscard]] bool isInDevice(std::uint64_t sector, std::uint64_t count) const {
    const std::uint64_t sectorCount = result_.store.size() / 512;
    return count <= sectorCount && sector <= sectorCount - count;
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

  const GuestScene& scene_;
  const WorkScript& script_;
  std::span<const std::byte> id_;
  std::unique_ptr<RingModel> ring_;
  // All that were taken; in place.
  std::deque<Request> requests_;
  std::set<std::uint16_t> headsUnderWay_;
  // Those that the store has, oldest first.
  std::vector<Request*> held_;
  bool isWriteBack_ = true;
  // True from the start, for a call may have been lost before.
  bool hasAnswers_ = true;
  bool wasCalled_ = false;
  bool isArmed_ = false;
  Prediction result_;
};

} // namespace

Prediction predict(const GuestScene& scene, const WorkScript& script,
                   std::span<const std::byte> store, std::span<const std::byte> id) {
  return Device(scene, script, store, id).run();
}

} // namespace argon::fuzz
