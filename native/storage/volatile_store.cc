// SPDX-License-Identifier: Apache-2.0
#include "storage/volatile_store.h"

#include "base/check.h"
#include "base/result.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "storage/channel_wake.h"
#include "storage/fault_plan.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace argon {

namespace {

using CachedWrite = VolatileStore::CachedWrite;
using SharedWrite = std::shared_ptr<const CachedWrite>;

constexpr std::uint64_t kSectorBytes = 512;

// What is cached of `length` bytes at `offset`, over what the store below holds.
void lay(const CachedWrite& write, const StoreRequest& read) {
  const std::uint64_t first = std::max(write.offsetBytes, read.offsetBytes);
  const std::uint64_t end =
      std::min(write.offsetBytes + write.lengthBytes, read.offsetBytes + read.lengthBytes);
  if (first >= end) {
    return;
  }
  BufferCursor target(read.buffers, first - read.offsetBytes);
  if (write.bytes.empty()) {
    target.zero(end - first);
    return;
  }
  target.copyFrom(std::span(write.bytes).subspan(first - write.offsetBytes, end - first));
}

bool overlaps(const CachedWrite& write, const StoreRequest& request) {
  return write.offsetBytes < request.offsetBytes + request.lengthBytes &&
         request.offsetBytes < write.offsetBytes + write.lengthBytes;
}

// One sector of a write.
SharedWrite sectorOf(const CachedWrite& write, std::uint64_t skipBytes) {
  auto sector = std::make_shared<CachedWrite>();
  sector->offsetBytes = write.offsetBytes + skipBytes;
  sector->lengthBytes = kSectorBytes;
  const auto bytes = std::span(write.bytes).subspan(skipBytes, kSectorBytes);
  sector->bytes.assign(bytes.begin(), bytes.end());
  return sector;
}

} // namespace

// One worker's way to the store; and, while a job is its own, what does the job.
class VolatileChannel final : public StoreChannel, private StoreSink {
public:
  VolatileChannel(VolatileStore& store, std::unique_ptr<StoreChannel> below,
                  const ChannelContext& context)
      : store_(store), below_(std::move(below)),
        wake_(std::make_shared<ChannelWake>(context, [this] { beginJob(); })) {
    jobStep_.sink = this;
    const std::scoped_lock lock(store_.mutex_);
    store_.channels_.push_back(this);
  }
  VolatileChannel(const VolatileChannel&) = delete;
  VolatileChannel& operator=(const VolatileChannel&) = delete;
  ~VolatileChannel() override {
    ARGON_CHECK(reads_.empty() && !isAtWork_);
    wake_->close();
    const std::scoped_lock lock(store_.mutex_);
    std::erase(store_.channels_, this);
  }

  void submit(StoreRequest& request) override {
    std::unique_lock lock(store_.mutex_);
    // A flush waits for its turn all the same: when it has failed, so has a cut been done.
    if (store_.isOff_ && request.operation != StoreOperation::Flush) {
      lock.unlock();
      request.done(StoreStatus::IoError);
      return;
    }
    switch (request.operation) {
    case StoreOperation::Read:
      read(request, lock);
      return;
    case StoreOperation::Flush:
      lock.unlock();
      store_.start({.channel = this, .request = &request});
      return;
    case StoreOperation::Write:
    case StoreOperation::Discard:
    case StoreOperation::WriteZeroes:
      cache(request, lock);
      return;
    }
    ARGON_UNREACHABLE();
  }

  bool poll() override { return below_->poll(); }
  [[nodiscard]] bool isWaiting() const override { return below_->isWaiting(); }
  [[nodiscard]] bool isCongested() const override { return below_->isCongested(); }
  void drain() override { below_->drain(); }

  // For the store: has the channel, on its thread, do the job that is now its own.
  void assign(StoreRequest* flush) {
    jobRequest_ = flush;
    wake_->wake();
  }

private:
  // A read under way, with the cached writes over it as they were when it began.
  struct Read final : StoreRequest {
    StoreRequest* original = nullptr;
    std::vector<SharedWrite> over;
  };

  void read(StoreRequest& request, std::unique_lock<std::mutex>& lock) {
    std::vector<SharedWrite> over;
    std::ranges::copy_if(
        store_.cached_, std::back_inserter(over),
        [&request](const SharedWrite& write) { return overlaps(*write, request); });
    lock.unlock();
    if (over.empty()) {
      below_->submit(request);
      return;
    }
    auto made = std::make_unique<Read>();
    Read& read = *made;
    reads_.emplace(&read, std::move(made));
    read.original = &request;
    read.over = std::move(over);
    read.operation = StoreOperation::Read;
    read.offsetBytes = request.offsetBytes;
    read.lengthBytes = request.lengthBytes;
    read.buffers = request.buffers;
    read.sink = this;
    below_->submit(read);
  }

  void cache(StoreRequest& request, std::unique_lock<std::mutex>& lock) {
    auto write = std::make_shared<CachedWrite>();
    write->operation = request.operation;
    write->offsetBytes = request.offsetBytes;
    write->lengthBytes = request.lengthBytes;
    write->mayUnmap = request.mayUnmap;
    if (request.operation == StoreOperation::Write) {
      write->bytes.resize(request.lengthBytes);
      gather(request.buffers, 0, write->bytes);
    }
    store_.cachedBytes_ += write->bytes.size();
    store_.cached_.push_back(std::move(write));
    const bool isFull = store_.cachedBytes_ > VolatileStore::kCachedBytesMax &&
                        !std::exchange(store_.isWritingBack_, true);
    lock.unlock();
    if (isFull) {
      store_.start({.channel = this, .request = nullptr});
    }
    request.done(StoreStatus::Ok);
  }

  // Takes what is cached now; a cut takes what survives it.
  void beginJob() {
    isAtWork_ = true;
    jobNext_ = 0;
    jobStatus_ = StoreStatus::Ok;
    {
      const std::scoped_lock lock(store_.mutex_);
      isCutting_ = store_.isOff_ && jobRequest_ == nullptr;
      if (store_.isOff_ && !isCutting_) {
        jobStatus_ = StoreStatus::IoError;
      }
      jobWrites_ = isCutting_
                       ? store_.chooseSurvivors()
                       : std::vector<SharedWrite>(store_.cached_.begin(), store_.cached_.end());
      jobTakenCount_ = isCutting_ ? 0 : jobWrites_.size();
    }
    goOn();
  }

  // A store below that answers within submit() comes back here; so as not to go deeper with each
  // write, that only notes that there is another step.
  void goOn() {
    hasStep_ = true;
    if (std::exchange(isStepping_, true)) {
      return;
    }
    while (std::exchange(hasStep_, false)) {
      step();
    }
    isStepping_ = false;
  }

  void step() {
    if (!isCutting_ && store_.isOff()) {
      jobStatus_ = StoreStatus::IoError;
    }
    if (jobStatus_ != StoreStatus::Ok && !isCutting_) {
      endJob();
      return;
    }
    if (jobNext_ < jobWrites_.size()) {
      issue(*jobWrites_[jobNext_++]);
      return;
    }
    if (jobNext_ == jobWrites_.size()) {
      ++jobNext_;
      jobStep_.operation = StoreOperation::Flush;
      jobStep_.offsetBytes = 0;
      jobStep_.lengthBytes = 0;
      jobStep_.buffers = {};
      below_->submit(jobStep_);
      return;
    }
    endJob();
  }

  void issue(const CachedWrite& write) {
    jobStep_.operation = write.operation;
    jobStep_.offsetBytes = write.offsetBytes;
    jobStep_.lengthBytes = write.lengthBytes;
    jobStep_.mayUnmap = write.mayUnmap;
    // A write only reads from its memory; the type is shared with reads.
    jobMemory_ = {.iov_base = const_cast<std::byte*>(write.bytes.data()),
                  .iov_len = write.bytes.size()};
    jobStep_.buffers =
        write.bytes.empty() ? std::span<const iovec>() : std::span<const iovec>(&jobMemory_, 1);
    below_->submit(jobStep_);
  }

  void endJob() {
    VolatileStore::CutDone cutDone;
    VolatileStore::Cut cut;
    {
      const std::scoped_lock lock(store_.mutex_);
      if (jobStatus_ == StoreStatus::Ok) {
        for (std::size_t count = jobTakenCount_; count > 0; --count) {
          store_.cachedBytes_ -= store_.cached_.front()->bytes.size();
          store_.cached_.pop_front();
        }
      }
      if (isCutting_) {
        cutDone = std::exchange(store_.cutDone_, nullptr);
        cut = store_.cut_;
      }
      if (jobRequest_ == nullptr) {
        store_.isWritingBack_ = false;
      }
    }
    isAtWork_ = false;
    jobWrites_.clear();
    StoreRequest* request = std::exchange(jobRequest_, nullptr);
    const StoreStatus status = jobStatus_;
    store_.finish();
    if (request != nullptr) {
      request->done(status);
    }
    if (cutDone) {
      cutDone(cut);
    }
  }

  void onStoreDone(StoreRequest& done, StoreStatus status) override {
    if (&done == &jobStep_) {
      if (status != StoreStatus::Ok) {
        jobStatus_ = status;
      }
      goOn();
      return;
    }
    const auto found = reads_.find(&done);
    ARGON_CHECK(found != reads_.end());
    const std::unique_ptr<Read> read = std::move(found->second);
    reads_.erase(found);
    for (const SharedWrite& write : read->over) {
      lay(*write, *read->original);
    }
    read->original->done(status);
  }

  VolatileStore& store_;
  std::unique_ptr<StoreChannel> below_;
  std::shared_ptr<ChannelWake> wake_;
  std::unordered_map<const StoreRequest*, std::unique_ptr<Read>> reads_;
  // The job, while there is one.
  bool isAtWork_ = false;
  bool isCutting_ = false;
  StoreRequest* jobRequest_ = nullptr;
  StoreRequest jobStep_;
  iovec jobMemory_{};
  std::vector<SharedWrite> jobWrites_;
  std::size_t jobTakenCount_ = 0;
  std::size_t jobNext_ = 0;
  StoreStatus jobStatus_ = StoreStatus::Ok;
  bool hasStep_ = false;
  bool isStepping_ = false;
};

Result<std::unique_ptr<StoreChannel>> VolatileStore::openChannel(const ChannelContext& context) {
  ARGON_TRY_ASSIGN(std::unique_ptr<StoreChannel> below, below_->openChannel(context));
  return std::unique_ptr<StoreChannel>(
      std::make_unique<VolatileChannel>(*this, std::move(below), context));
}

void VolatileStore::start(const Job& job) {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(isBusy_, true)) {
    jobs_.push_back(job);
    return;
  }
  job.channel->assign(job.request);
}

void VolatileStore::finish() {
  const std::scoped_lock lock(mutex_);
  isBusy_ = !jobs_.empty();
  if (isBusy_) {
    const Job job = jobs_.front();
    jobs_.pop_front();
    job.channel->assign(job.request);
  }
}

bool VolatileStore::cutPower(std::uint64_t seed, CutDone done) {
  VolatileChannel* channel = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(isOff_, true)) {
      return false;
    }
    random_ = FaultRandom(seed);
    cut_ = {};
    if (!channels_.empty()) {
      channel = channels_.front();
      cutDone_.swap(done);
    } else {
      // A store that nobody has open has been flushed, or has lost what was not.
      cached_.clear();
      cachedBytes_ = 0;
    }
  }
  if (channel == nullptr) {
    done({});
    return true;
  }
  start({.channel = channel, .request = nullptr});
  return true;
}

bool VolatileStore::restorePower() {
  const std::scoped_lock lock(mutex_);
  if (!isOff_ || cutDone_) {
    return false;
  }
  isOff_ = false;
  return true;
}

bool VolatileStore::isOff() const {
  const std::scoped_lock lock(mutex_);
  return isOff_;
}

std::uint64_t VolatileStore::cachedBytes() const {
  const std::scoped_lock lock(mutex_);
  return cachedBytes_;
}

// Of eight writes three are kept, three are lost and two are torn: of each of their sectors a coin
// decides. With the lock held.
std::vector<VolatileStore::SharedWrite> VolatileStore::chooseSurvivors() {
  std::vector<SharedWrite> survivors;
  for (const SharedWrite& write : cached_) {
    ++cut_.pendingCount;
    const std::uint64_t fate = random_.below(8);
    const bool isTorn = fate >= 6 && write->bytes.size() > kSectorBytes;
    if (isTorn) {
      ++cut_.tornCount;
      for (std::uint64_t skip = 0; skip < write->bytes.size(); skip += kSectorBytes) {
        if (random_.below(2) == 0) {
          survivors.push_back(sectorOf(*write, skip));
        }
      }
    } else if (fate % 2 == 0) {
      ++cut_.keptCount;
      survivors.push_back(write);
    } else {
      ++cut_.lostCount;
    }
  }
  cached_.clear();
  cachedBytes_ = 0;
  return survivors;
}

} // namespace argon
