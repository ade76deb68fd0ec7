// SPDX-License-Identifier: Apache-2.0
#include "storage/fault_store.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/uring_alarm.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "storage/channel_wake.h"
#include "storage/fault_plan.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace argon {

namespace {

bool hasData(const StoreRequest& request) {
  return request.operation == StoreOperation::Read || request.operation == StoreOperation::Write;
}

// What stands for a request that is not done as it was asked: a part of it, or with other memory.
struct Stand final : StoreRequest {
  StoreRequest* original = nullptr;
  FaultAction action = FaultAction::Error;
  // Of the bit that is flipped.
  std::uint64_t bitIndex = 0;
  std::vector<iovec> pieces;
  std::vector<std::byte> copy;
};

// The first `sizeBytes` of a request's memory.
std::vector<iovec> prefixOf(std::span<const iovec> buffers, std::uint64_t sizeBytes) {
  std::vector<iovec> pieces;
  std::uint64_t rest = sizeBytes;
  for (const iovec& buffer : buffers) {
    if (rest == 0) {
      break;
    }
    const std::uint64_t taken = std::min<std::uint64_t>(rest, buffer.iov_len);
    pieces.push_back({.iov_base = buffer.iov_base, .iov_len = static_cast<std::size_t>(taken)});
    rest -= taken;
  }
  return pieces;
}

void flipBit(std::span<const iovec> buffers, std::uint64_t bitIndex) {
  std::byte changed{};
  gather(buffers, bitIndex / 8, std::span(&changed, 1));
  changed ^= std::byte{1} << (bitIndex % 8);
  scatter(std::span(&changed, 1), buffers, bitIndex / 8);
}

class FaultChannel final : public StoreChannel, private StoreSink {
public:
  FaultChannel(std::unique_ptr<StoreChannel> below, FaultPlan& plan, FaultLayer layer,
               std::uint32_t blockBytes, const ChannelContext& context)
      : below_(std::move(below)), plan_(plan), layer_(layer), blockBytes_(blockBytes),
        wake_(std::make_shared<ChannelWake>(context, [this] { onRelease(); })),
        alarm_(context.uring, [this] { startDue(); }),
        subscription_(plan_.subscribe([wake = wake_] { wake->wake(); })) {}
  FaultChannel(const FaultChannel&) = delete;
  FaultChannel& operator=(const FaultChannel&) = delete;
  ~FaultChannel() override {
    ARGON_CHECK(stands_.empty() && delayed_.empty() && hung_.isEmpty());
    subscription_ = nullptr;
    wake_->close();
  }

  void submit(StoreRequest& request) override {
    const std::optional<FaultPlan::Hit> hit = plan_.next(request, layer_);
    if (!hit) {
      below_->submit(request);
      return;
    }
    switch (hit->action) {
    case FaultAction::Error:
      request.done(StoreStatus::IoError);
      return;
    case FaultAction::NoSpace:
      request.done(StoreStatus::NoSpace);
      return;
    case FaultAction::LoseFlush:
      request.done(StoreStatus::Ok);
      return;
    case FaultAction::Delay:
      hold(request, hit->delayNs);
      return;
    case FaultAction::Hang:
      hang(request);
      return;
    case FaultAction::Short:
    case FaultAction::Torn:
      cutShort(request, *hit);
      return;
    case FaultAction::Flip:
      flip(request, *hit);
      return;
    }
    ARGON_UNREACHABLE();
  }

  bool poll() override { return below_->poll(); }
  [[nodiscard]] bool isWaiting() const override { return below_->isWaiting(); }
  [[nodiscard]] bool isCongested() const override {
    return delayed_.size() + hungCount_ >= FaultStore::kHeldCountMax || below_->isCongested();
  }
  void drain() override {
    startHung();
    startDelayed(FaultDelay::kNsMax + monotonicNs());
    below_->drain();
  }

private:
  void hold(StoreRequest& request, std::uint64_t delayNs) {
    if (!plan_.mayHold()) {
      below_->submit(request);
      return;
    }
    const std::uint64_t dueNs = monotonicNs() + delayNs;
    delayed_.emplace(dueNs, &request);
    alarm_.set(dueNs);
  }

  void hang(StoreRequest& request) {
    if (!plan_.mayHold()) {
      below_->submit(request);
      return;
    }
    hung_.append(request);
    ++hungCount_;
  }

  void startDue() {
    startDelayed(monotonicNs());
    if (!delayed_.empty()) {
      alarm_.set(delayed_.begin()->first);
    }
  }

  void startDelayed(std::uint64_t untilNs) {
    while (!delayed_.empty() && delayed_.begin()->first <= untilNs) {
      StoreRequest& request = *delayed_.begin()->second;
      delayed_.erase(delayed_.begin());
      below_->submit(request);
    }
  }

  void startHung() {
    // Only those that hang now: what they start may hang again.
    for (std::size_t rest = std::exchange(hungCount_, 0); rest > 0; --rest) {
      below_->submit(*hung_.takeFirst());
    }
  }

  void onRelease() {
    startHung();
    if (!plan_.mayHold()) {
      startDelayed(FaultDelay::kNsMax + monotonicNs());
    }
  }

  void cutShort(StoreRequest& request, const FaultPlan::Hit& hit) {
    const std::uint64_t blockCount = request.lengthBytes / blockBytes_;
    const std::uint64_t doneBytes = blockCount == 0 ? 0 : hit.choice % blockCount * blockBytes_;
    if (!hasData(request) || doneBytes == 0) {
      request.done(hit.action == FaultAction::Torn ? StoreStatus::Ok : StoreStatus::IoError);
      return;
    }
    Stand& stand = standFor(request, hit.action);
    stand.pieces = prefixOf(request.buffers, doneBytes);
    stand.lengthBytes = doneBytes;
    submitStand(stand);
  }

  void flip(StoreRequest& request, const FaultPlan::Hit& hit) {
    if (!hasData(request) || request.lengthBytes == 0) {
      below_->submit(request);
      return;
    }
    Stand& stand = standFor(request, hit.action);
    stand.bitIndex = hit.choice % (request.lengthBytes * 8);
    if (request.operation == StoreOperation::Read) {
      stand.pieces.assign(request.buffers.begin(), request.buffers.end());
    } else {
      // Not in the memory it comes from, which is the guest's.
      stand.copy.resize(request.lengthBytes);
      gather(request.buffers, 0, stand.copy);
      stand.pieces = {{.iov_base = stand.copy.data(), .iov_len = stand.copy.size()}};
      flipBit(stand.pieces, stand.bitIndex);
    }
    submitStand(stand);
  }

  Stand& standFor(StoreRequest& request, FaultAction action) {
    auto made = std::make_unique<Stand>();
    Stand& stand = *made;
    stands_.emplace(&stand, std::move(made));
    stand.original = &request;
    stand.action = action;
    stand.operation = request.operation;
    stand.offsetBytes = request.offsetBytes;
    stand.lengthBytes = request.lengthBytes;
    stand.sink = this;
    return stand;
  }

  void submitStand(Stand& stand) {
    stand.buffers = stand.pieces;
    below_->submit(stand);
  }

  void onStoreDone(StoreRequest& done, StoreStatus status) override {
    const auto found = stands_.find(&done);
    ARGON_CHECK(found != stands_.end());
    const std::unique_ptr<Stand> stand = std::move(found->second);
    stands_.erase(found);
    StoreRequest& request = *stand->original;
    if (status == StoreStatus::Ok) {
      if (stand->action == FaultAction::Flip && request.operation == StoreOperation::Read) {
        flipBit(request.buffers, stand->bitIndex);
      }
      if (stand->action == FaultAction::Short) {
        request.done(StoreStatus::IoError);
        return;
      }
    }
    request.done(status);
  }

  std::unique_ptr<StoreChannel> below_;
  FaultPlan& plan_;
  FaultLayer layer_;
  std::uint32_t blockBytes_;
  std::shared_ptr<ChannelWake> wake_;
  UringAlarm alarm_;
  std::unique_ptr<FaultPlan::Subscription> subscription_;
  // By the moment they start at.
  std::multimap<std::uint64_t, StoreRequest*> delayed_;
  StoreRequestList hung_;
  std::size_t hungCount_ = 0;
  std::unordered_map<const StoreRequest*, std::unique_ptr<Stand>> stands_;
};

} // namespace

Result<std::unique_ptr<StoreChannel>> FaultStore::openChannel(const ChannelContext& context) {
  ARGON_TRY_ASSIGN(std::unique_ptr<StoreChannel> below, below_->openChannel(context));
  return std::unique_ptr<StoreChannel>(std::make_unique<FaultChannel>(
      std::move(below), *plan_, layer_, below_->blockBytes(), context));
}

} // namespace argon
