// SPDX-License-Identifier: Apache-2.0
#pragma once

// The writing side of a card's shared counters (block/counter_layout.h): gives workers and devices
// the places that they count in. Devices come and go on any thread; what they count in a place is
// their workers' alone.

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/counter_layout.h"
#include "block/counters.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace argon::block {

/// Memory for a card's counters, of the right size and sealed against growing and shrinking.
[[nodiscard]] Result<UniqueFd> createCounterMemory();

/// Maps memory for counters: PermissionDenied if it is not sealed against shrinking, because a
/// mapping that ends early would end the process; InvalidArgument if it is of another size.
[[nodiscard]] Result<MappedRegion> mapCounterMemory(int fd, MappedRegion::Access access);

class CounterPages {
public:
  /// The rings of one device, at zero; gives them back when it goes.
  class Lease {
  public:
    Lease() = default;
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    /// By ring; null if there is no place.
    [[nodiscard]] QueueCounters* queue(std::size_t index) const;
    [[nodiscard]] bool isEmpty() const { return pages_ == nullptr; }

  private:
    friend class CounterPages;
    Lease(CounterPages& pages, std::size_t device, std::size_t firstQueue, std::size_t queueCount)
        : pages_(&pages), device_(device), firstQueue_(firstQueue), queueCount_(queueCount) {}

    CounterPages* pages_ = nullptr;
    std::size_t device_ = 0;
    std::size_t firstQueue_ = 0;
    std::size_t queueCount_ = 0;
  };

  /// `memory` is fresh, of createCounterMemory(); nobody else writes it. `workerCount`: how many of
  /// workers() are going to be used.
  static Result<std::unique_ptr<CounterPages>> open(UniqueFd memory, std::size_t workerCount);
  CounterPages(const CounterPages&) = delete;
  CounterPages& operator=(const CounterPages&) = delete;
  /// Outlives all leases and all workers.
  ~CounterPages() = default;

  /// Null if there are more workers than places.
  [[nodiscard]] WorkerCounters* worker(std::size_t index);
  /// Shows a device's counters to readers under its id, which has at most kCounterIdBytes. Empty if
  /// no place is left. Any thread.
  [[nodiscard]] Lease lend(std::string_view id, std::size_t queueCount);

private:
  explicit CounterPages(MappedRegion memory);

  [[nodiscard]] CounterHeader& header();
  [[nodiscard]] DeviceEntry& device(std::size_t index);
  [[nodiscard]] std::span<std::byte> queueBytes(std::size_t first, std::size_t count);
  void giveBack(const Lease& lease);

  MappedRegion memory_;
  std::mutex mutex_;
  // Under the mutex.
  std::vector<bool> isDeviceTaken_;
  std::vector<bool> isQueueTaken_;
};

} // namespace argon::block
