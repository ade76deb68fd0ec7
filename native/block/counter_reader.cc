// SPDX-License-Identifier: Apache-2.0
#include "block/counter_reader.h"

#include "base/checked_math.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "block/counter_layout.h"
#include "block/counter_pages.h"
#include "block/counters.h"
#include "block/snapshot.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace argon::block {

namespace {

// A device that comes or goes meanwhile is looked for again, so often.
constexpr int kTriesMax = 3;
// A ring has no more than virtio's queues; a device of this host has 256 at most.
constexpr std::uint64_t kDeviceQueuesMax = 256;

template <typename Entry>
const Entry& entryAt(const MappedRegion& memory, std::size_t offset) {
  const std::span<const std::byte> bytes = memory.bytes().subspan(offset, sizeof(Entry));
  const void* const start = bytes.data();
  return *static_cast<const Entry*>(start);
}

using Id = std::array<std::uint64_t, kCounterIdBytes / 8>;

std::optional<Id> idOf(std::string_view text) {
  Id id{};
  if (text.empty() || text.size() > kCounterIdBytes) {
    return std::nullopt;
  }
  std::memcpy(id.data(), text.data(), text.size());
  return id;
}

bool hasId(const DeviceEntry& entry, const Id& id) {
  for (std::size_t index = 0; index < id.size(); ++index) {
    if (entry.id[index].getAcquired() != id[index]) {
      return false;
    }
  }
  return true;
}

struct Found {
  const DeviceEntry& entry;
  std::uint64_t sequence;
  std::uint64_t firstQueue;
  std::uint64_t queueCount;
};

std::optional<Found> find(const MappedRegion& memory, const Id& id) {
  for (std::size_t index = 0; index < kCounterDevicesMax; ++index) {
    const auto& entry =
        entryAt<DeviceEntry>(memory, kCounterDevicesAt + index * sizeof(DeviceEntry));
    const std::uint64_t sequence = entry.sequence.getAcquired();
    const std::uint64_t place = entry.place.getAcquired();
    const std::uint64_t first = place >> 32;
    const std::uint64_t count = place & UINT32_MAX;
    if (sequence % 2 == 0 && count != 0 && count <= kDeviceQueuesMax &&
        isWithin(first, count, kCounterQueuesMax) && hasId(entry, id)) {
      return Found{.entry = entry, .sequence = sequence, .firstQueue = first, .queueCount = count};
    }
  }
  return std::nullopt;
}

} // namespace

Result<std::unique_ptr<CounterReader>> CounterReader::open(int fd) {
  ARGON_TRY_ASSIGN(MappedRegion memory, mapCounterMemory(fd, MappedRegion::Access::ReadOnly));
  std::unique_ptr<CounterReader> reader(new CounterReader(std::move(memory)));
  ARGON_TRY(reader->checkHeader());
  return reader;
}

Result<void> CounterReader::checkHeader() const {
  const auto& header = entryAt<CounterHeader>(memory_, 0);
  const bool isKnown = header.magic.getAcquired() == kCounterMagic &&
                       header.version.get() == kCounterVersion &&
                       header.totalBytes.get() == kCounterMemoryBytes &&
                       header.queueBytes.get() == sizeof(QueueCounters) &&
                       header.workerBytes.get() == sizeof(WorkerCounters);
  if (!isKnown) {
    return Error(ErrorKind::Corrupt, concat("memory for counters is not laid out as version ",
                                            kCounterVersion, " has it"));
  }
  return {};
}

Result<DeviceSnapshot> CounterReader::read(std::string_view id) const {
  ARGON_TRY(checkHeader());
  const std::optional<Id> words = idOf(id);
  for (int attempt = 0; words && attempt < kTriesMax; ++attempt) {
    const std::optional<Found> found = find(memory_, *words);
    if (!found) {
      break;
    }
    DeviceSnapshot snapshot;
    for (std::uint64_t index = 0; index < found->queueCount; ++index) {
      const std::size_t offset =
          kCounterQueuesAt + (found->firstQueue + index) * kCounterQueueStride;
      snapshot.queues.push_back(readCounters(entryAt<QueueCounters>(memory_, offset), clock_));
    }
    const std::uint64_t workerCount = std::min<std::uint64_t>(
        entryAt<CounterHeader>(memory_, 0).workerCount.get(), kCounterWorkersMax);
    for (std::uint64_t index = 0; index < workerCount; ++index) {
      const std::size_t offset = kCounterWorkersAt + index * sizeof(WorkerEntry);
      snapshot.workers.push_back(readCounters(entryAt<WorkerEntry>(memory_, offset).counters));
    }
    // The CPU loads in order; the compiler has to be told.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (found->entry.sequence.getAcquired() == found->sequence) {
      return snapshot;
    }
  }
  return Error(ErrorKind::NotFound, concat("no device ", id, " counts in this memory"));
}

} // namespace argon::block
