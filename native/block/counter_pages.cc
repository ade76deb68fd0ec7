// SPDX-License-Identifier: Apache-2.0
#include "block/counter_pages.h"

#include "base/check.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "block/counter_layout.h"
#include "block/counters.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

// What lies at the start of the bytes: counters, which fresh pages are (block/counters.h).
template <typename Entry>
Entry& entryAt(std::span<std::byte> bytes) {
  ARGON_CHECK(bytes.size() >= sizeof(Entry));
  void* const start = bytes.data();
  return *static_cast<Entry*>(start);
}

// The first of `count` free places in a row.
std::optional<std::size_t> findFree(const std::vector<bool>& isTaken, std::size_t count) {
  std::size_t run = 0;
  for (std::size_t index = 0; index < isTaken.size(); ++index) {
    run = isTaken[index] ? 0 : run + 1;
    if (run == count) {
      return index + 1 - count;
    }
  }
  return std::nullopt;
}

void mark(std::vector<bool>& isTaken, std::size_t first, std::size_t count, bool value) {
  for (std::size_t index = first; index < first + count; ++index) {
    isTaken[index] = value;
  }
}

// A reader that sees any of what `change` writes sees the sequence odd, or different afterwards:
// every store is a release, which pairs with the reader's acquires.
void change(DeviceEntry& entry, std::uint64_t place, std::string_view id) {
  std::array<std::uint64_t, kCounterIdBytes / 8> words{};
  std::memcpy(words.data(), id.data(), id.size());
  entry.sequence.setReleased(entry.sequence.get() + 1);
  entry.place.setReleased(place);
  for (std::size_t index = 0; index < words.size(); ++index) {
    entry.id[index].setReleased(words[index]);
  }
  entry.sequence.setReleased(entry.sequence.get() + 1);
}

} // namespace

Result<UniqueFd> createCounterMemory() {
  UniqueFd memory(::memfd_create("argon-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(kCounterMemoryBytes)) != 0 ||
      ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    return Error::fromErrno(errno, "make memory for counters");
  }
  return memory;
}

Result<MappedRegion> mapCounterMemory(int fd, MappedRegion::Access access) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    return Error(ErrorKind::PermissionDenied,
                 "memory for counters is not sealed against shrinking");
  }
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return Error::fromErrno(errno, "look at memory for counters");
  }
  if (std::cmp_not_equal(status.st_size, kCounterMemoryBytes)) {
    return Error(ErrorKind::InvalidArgument, concat("memory for counters has ", status.st_size,
                                                    " bytes, not ", kCounterMemoryBytes));
  }
  return MappedRegion::mapShared(fd, 0, kCounterMemoryBytes, access);
}

CounterPages::Lease::Lease(Lease&& other) noexcept
    : pages_(std::exchange(other.pages_, nullptr)), device_(other.device_),
      firstQueue_(other.firstQueue_), queueCount_(other.queueCount_) {}

CounterPages::Lease& CounterPages::Lease::operator=(Lease&& other) noexcept {
  std::swap(pages_, other.pages_);
  std::swap(device_, other.device_);
  std::swap(firstQueue_, other.firstQueue_);
  std::swap(queueCount_, other.queueCount_);
  return *this;
}

CounterPages::Lease::~Lease() {
  if (pages_ != nullptr) {
    pages_->giveBack(*this);
  }
}

QueueCounters* CounterPages::Lease::queue(std::size_t index) const {
  ARGON_CHECK(index < queueCount_);
  return &entryAt<QueueCounters>(pages_->queueBytes(firstQueue_ + index, 1));
}

Result<std::unique_ptr<CounterPages>> CounterPages::open(UniqueFd memory, std::size_t workerCount) {
  ARGON_TRY_ASSIGN(MappedRegion region,
                   mapCounterMemory(memory.get(), MappedRegion::Access::ReadWrite));
  std::unique_ptr<CounterPages> pages(new CounterPages(std::move(region)));
  CounterHeader& header = pages->header();
  header.version.set(kCounterVersion);
  header.totalBytes.set(kCounterMemoryBytes);
  header.queueBytes.set(sizeof(QueueCounters));
  header.workerBytes.set(sizeof(WorkerCounters));
  header.workerCount.set(std::min(workerCount, kCounterWorkersMax));
  header.magic.setReleased(kCounterMagic);
  return pages;
}

CounterPages::CounterPages(MappedRegion memory)
    : memory_(std::move(memory)), isDeviceTaken_(kCounterDevicesMax),
      isQueueTaken_(kCounterQueuesMax) {}

WorkerCounters* CounterPages::worker(std::size_t index) {
  if (index >= kCounterWorkersMax) {
    return nullptr;
  }
  const std::size_t offset = kCounterWorkersAt + index * sizeof(WorkerEntry);
  return &entryAt<WorkerEntry>(memory_.bytes().subspan(offset)).counters;
}

CounterPages::Lease CounterPages::lend(std::string_view id, std::size_t queueCount) {
  ARGON_CHECK(id.size() <= kCounterIdBytes);
  const std::scoped_lock lock(mutex_);
  const std::optional<std::size_t> deviceIndex = findFree(isDeviceTaken_, 1);
  const std::optional<std::size_t> first = findFree(isQueueTaken_, queueCount);
  if (queueCount == 0 || !deviceIndex || !first) {
    return {};
  }
  // What a device before has counted goes; fresh pages are counters at zero.
  const std::span<std::byte> bytes = queueBytes(*first, queueCount);
  if (::madvise(bytes.data(), bytes.size(), MADV_REMOVE) != 0) {
    return {};
  }
  mark(isDeviceTaken_, *deviceIndex, 1, true);
  mark(isQueueTaken_, *first, queueCount, true);
  change(device(*deviceIndex), (std::uint64_t{*first} << 32) | queueCount, id);
  return {*this, *deviceIndex, *first, queueCount};
}

CounterHeader& CounterPages::header() { return entryAt<CounterHeader>(memory_.bytes()); }

DeviceEntry& CounterPages::device(std::size_t index) {
  const std::size_t offset = kCounterDevicesAt + index * sizeof(DeviceEntry);
  return entryAt<DeviceEntry>(memory_.bytes().subspan(offset));
}

std::span<std::byte> CounterPages::queueBytes(std::size_t first, std::size_t count) {
  return memory_.bytes().subspan(kCounterQueuesAt + first * kCounterQueueStride,
                                 count * kCounterQueueStride);
}

void CounterPages::giveBack(const Lease& lease) {
  const std::scoped_lock lock(mutex_);
  change(device(lease.device_), 0, "");
  mark(isDeviceTaken_, lease.device_, 1, false);
  mark(isQueueTaken_, lease.firstQueue_, lease.queueCount_, false);
}

} // namespace argon::block
