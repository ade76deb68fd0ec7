// SPDX-License-Identifier: Apache-2.0
#include "support/slow_store.h"

#include "base/check.h"
#include "base/result.h"
#include "base/text.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "support/random.h"
#include "support/volatile_image.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace argon::test {

namespace {} // namespace

namespace {

// What the request's range is to hold. `bytes` are zeros.
void copyNewBytes(const StoreRequest& request, std::span<std::byte> bytes) {
  if (request.operation == StoreOperation::Write) {
    gather(request.buffers, 0, bytes);
  }
}

} // namespace

class SlowStore::Channel final : public StoreChannel {
public:
  explicit Channel(SlowStore& store) : store_(store) {}
  void submit(StoreRequest& request) override { store_.submit(request); }

private:
  SlowStore& store_;
};

void StoreJournal::add(std::string line) {
  const std::scoped_lock lock(mutex_);
  lines_.push_back(std::move(line));
}

std::vector<std::string> StoreJournal::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(lines_, {});
}

Result<std::unique_ptr<StoreChannel>> SlowStore::openChannel(const ChannelContext& /*context*/) {
  return std::unique_ptr<StoreChannel>(std::make_unique<Channel>(*this));
}

void SlowStore::record(StoreJournal& journal, std::string name) {
  journal_ = &journal;
  name_ = std::move(name);
}

std::vector<SlowStore::Waiting>& SlowStore::mine() { return waiting_[std::this_thread::get_id()]; }

void SlowStore::submit(StoreRequest& request) {
  const std::scoped_lock lock(mutex_);
  // What a store may rely on (StoreRequest).
  ARGON_CHECK(request.offsetBytes % 512 == 0 && request.lengthBytes % 512 == 0);
  ARGON_CHECK(request.offsetBytes + request.lengthBytes <= image_.visible().size());
  mine().push_back({.request = &request, .writeCount = image_.writeCount()});
}

std::size_t SlowStore::pendingCount() const {
  const std::scoped_lock lock(mutex_);
  const auto found = waiting_.find(std::this_thread::get_id());
  return found == waiting_.end() ? 0 : found->second.size();
}

const StoreRequest& SlowStore::pending(std::size_t which) const {
  const std::scoped_lock lock(mutex_);
  return *waiting_.at(std::this_thread::get_id()).at(which).request;
}

void SlowStore::perform(const Waiting& waiting) {
  const StoreRequest& request = *waiting.request;
  std::string line = concat(name_, " ", nameOf(request.operation));
  if (request.operation == StoreOperation::Flush) {
    if (!ignoresFlushes_) {
      image_.flush(waiting.writeCount);
    }
  } else {
    line += concat(" ", request.offsetBytes, "+", request.lengthBytes);
    std::vector<std::byte> bytes(request.lengthBytes);
    if (request.operation != StoreOperation::Read) {
      copyNewBytes(request, bytes);
      image_.write(request.offsetBytes, bytes);
    } else {
      scatter(image_.visible().subspan(request.offsetBytes, request.lengthBytes), request.buffers,
              0);
    }
  }
  if (journal_ != nullptr) {
    journal_->add(std::move(line));
  }
}

void SlowStore::answer(std::size_t which, StoreStatus status) {
  StoreRequest* request = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const Waiting waiting = mine().at(which);
    mine().erase(mine().begin() + static_cast<std::ptrdiff_t>(which));
    if (hasLostPower_) {
      status = StoreStatus::IoError;
    }
    if (status == StoreStatus::Ok) {
      perform(waiting);
    }
    request = waiting.request;
  }
  request->done(status);
}

void SlowStore::answerAll(StoreStatus status) {
  while (pendingCount() > 0) {
    answer(0, status);
  }
}

std::vector<std::byte> SlowStore::bytes() const {
  const std::scoped_lock lock(mutex_);
  return {image_.visible().begin(), image_.visible().end()};
}

void SlowStore::punchHole(std::uint64_t offset, std::uint64_t length) {
  const std::scoped_lock lock(mutex_);
  image_.write(offset, std::vector<std::byte>(length));
  image_.flush(image_.writeCount());
}

void SlowStore::cutPower(Random& random) {
  const std::scoped_lock lock(mutex_);
  for (const Waiting& waiting : mine()) {
    const StoreRequest& request = *waiting.request;
    if (request.operation == StoreOperation::Read || request.operation == StoreOperation::Flush) {
      continue;
    }
    std::vector<std::byte> bytes(request.lengthBytes);
    copyNewBytes(request, bytes);
    for (std::size_t done = 0; done < bytes.size(); done += VolatileImage::kSectorBytes) {
      if (random.chance(50)) {
        image_.write(request.offsetBytes + done,
                     std::span(bytes).subspan(done, VolatileImage::kSectorBytes));
      }
    }
  }
  image_.cutPower(random);
  hasLostPower_ = true;
}

} // namespace argon::test
