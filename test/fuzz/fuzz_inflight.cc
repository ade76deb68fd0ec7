// SPDX-License-Identifier: Apache-2.0

// In-flight regions from bytes, as a front end gives them back after a crash, under rings of either
// layout: what is taken up from one is in bounds, and working the ring off never leaves the region,
// whatever is written into it meanwhile. From a region that was new and that nobody else wrote into
// exactly the chains are taken up that were under way, in order, whatever the driver does.

#include "base/check.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "fuzz/target.h"
#include "memory/guest_memory.h"
#include "support/byte_source.h"
#include "support/ring_start.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_queue.h"
#include "vhost_user/spec/inflight.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace {

using vhost_user::InflightRegion;
using vhost_user::RingLayout;
using vhost_user::RingQueue;
namespace vspec = vhost_user::spec;

constexpr std::size_t kArenaBytes = std::size_t{32} * 1024;
constexpr std::size_t kPartStride = 0x1000;
constexpr unsigned kStepCountMax = 256;

// One arena for all runs, mapped twice as ever.
class Memory {
public:
  Memory() {
    Result<std::unique_ptr<frontend::Arena>> arena =
        frontend::Arena::create({.sizeBytes = kArenaBytes});
    ARGON_CHECK(arena.has_value());
    arena_ = *std::move(arena);
    mapped_ = test::mapArena(*arena_);
  }
  [[nodiscard]] std::span<std::byte> bytes() const { return arena_->bytes(); }
  [[nodiscard]] std::uint64_t start() const { return arena_->startAddress().get(); }
  [[nodiscard]] const GuestMemory& mapped() const { return *mapped_; }
  [[nodiscard]] std::span<std::byte> part(std::size_t number, std::size_t sizeBytes) const {
    return mapped_->regions().front()->bytes().subspan(number * kPartStride, sizeBytes);
  }

private:
  std::unique_ptr<frontend::Arena> arena_;
  std::shared_ptr<const GuestMemory> mapped_;
};

class Play {
public:
  Play(const Memory& memory, test::ByteSource& source)
      : memory_(memory), source_(source),
        layout_(source.u8() % 2 == 0 ? RingLayout::Split : RingLayout::Packed),
        size_(static_cast<std::uint16_t>(1U << (source.u8() % 5))), isTaken_(size_),
        region_(InflightRegion::sizeBytes(layout_, 1, size_)), segments_(virtio::kSegmentCountMax) {
    std::ranges::fill(memory_.bytes(), std::byte{0});
    const std::size_t ringBytes = source_.u8();
    const std::span<const std::byte> ring = source_.bytes(ringBytes);
    std::ranges::copy(ring, memory_.bytes().begin());
    makeRegion();
  }

  void run() {
    for (unsigned step = 0; step < kStepCountMax && !source_.isEmpty(); ++step) {
      if (!queue_ && !open()) {
        return;
      }
      ARGON_CHECK(queue_.has_value());
      act(*queue_, source_.u8());
    }
  }

private:
  // A region that mostly makes sense: header fields and links below the size.
  void makeRegion() {
    const std::uint8_t choice = source_.u8();
    if (choice % 4 == 0) {
      isOurs_ = true; // A new one.
      return;
    }
    const std::span<const std::byte> given = source_.bytes(region_.size());
    std::ranges::copy(given, region_.begin());
    if (layout_ == RingLayout::Split) {
      auto header = read<vspec::QueueRegionSplit>(0);
      header.version = vspec::kInflightVersion;
      header.desc_num = size_;
      write(0, header);
      return;
    }
    auto header = read<vspec::QueueRegionPacked>(0);
    header.version = vspec::kInflightVersion;
    header.desc_num = size_;
    if (choice % 8 != 1) {
      header.free_head = static_cast<std::uint16_t>(header.free_head % (2U * size_));
      header.old_free_head = static_cast<std::uint16_t>(header.old_free_head % (2U * size_));
      header.used_idx %= size_;
      header.old_used_idx %= size_;
    }
    write(0, header);
    for (std::size_t index = 0; index < size_ && choice % 8 > 2; ++index) {
      const std::size_t place = sizeof header + index * sizeof(vspec::DescStatePacked);
      auto state = read<vspec::DescStatePacked>(place);
      // Mostly the entry behind it, so that lists and chains are whole now and then.
      state.next = static_cast<std::uint16_t>(state.next % 4 == 0 ? state.next / 4 % (size_ + 1U)
                                                                  : index + 1);
      state.num %= 4;
      state.id %= size_;
      state.inflight %= 2;
      write(place, state);
    }
  }
  template <typename Struct>
  [[nodiscard]] Struct read(std::size_t offset) const {
    Struct value{};
    std::memcpy(&value, region_.data() + offset, sizeof value);
    return value;
  }
  template <typename Struct>
  void write(std::size_t offset, const Struct& value) {
    std::memcpy(region_.data() + offset, &value, sizeof value);
  }

  // As a session starts a ring: again and again, after each crash.
  bool open() {
    taken_.clear();
    answered_.clear();
    isTaken_.assign(size_, false);
    left_ = underWay_;
    takenAgainCount_ = 0;
    const RingQueue::Parts parts = {
        .descriptors = memory_.part(0, virtio::spec::descriptorTableBytes(size_)),
        .available = memory_.part(1, virtio::spec::availRingBytes(size_)),
        .used = memory_.part(2, virtio::spec::usedRingBytes(size_))};
    Result<RingQueue> queue =
        layout_ == RingLayout::Split
            ? RingQueue::createSplit(parts, memory_.mapped(), {.size = size_}, region_)
            : RingQueue::createPacked(parts, memory_.mapped(), packedOptions(), region_);
    ARGON_CHECK(queue.has_value() || !isOurs_);
    if (!queue) {
      return false;
    }
    ARGON_CHECK(!isOurs_ || queue->hasUnanswered() == !underWay_.empty());
    queue_.emplace(*std::move(queue));
    return true;
  }
  [[nodiscard]] virtio::PackedQueue::Options packedOptions() const {
    const virtio::PackedPosition first{.index = 0, .wrap = true};
    return {.size = size_, .nextAvailable = first, .nextUsed = first};
  }

  // May end the queue; the next step opens it again.
  void act(RingQueue& queue, std::uint8_t action) {
    switch (action % 8) {
    case 0:
    case 1:
    case 2:
      take(queue);
      return;
    case 3:
      put(queue, action / 8U);
      return;
    case 4:
      publish(queue);
      return;
    case 5: {
      isOurs_ = false;
      // The front end writes into what it lent us.
      const std::size_t place = source_.u16() % region_.size();
      region_[place] = static_cast<std::byte>(source_.u8());
      return;
    }
    case 6:
      offer();
      return;
    default:
      queue_.reset();
    }
  }

  void take(RingQueue& queue) {
    virtio::Chain chain;
    const bool isTakenAgain = queue.hasUnanswered();
    const RingQueue::Take taken = queue.take({.allowsIndirect = true}, segments_, chain);
    if (taken != RingQueue::Take::Chain) {
      if (taken == RingQueue::Take::Broken) {
        finish(queue);
      }
      return;
    }
    ARGON_CHECK(chain.head < size_);
    ARGON_CHECK(chain.descriptorCount <= size_);
    for (const std::span<iovec> part : {chain.readable, chain.writable}) {
      for (const iovec& segment : part) {
        const std::span<std::byte> all = memory_.mapped().regions().front()->bytes();
        const auto* start = static_cast<const std::byte*>(segment.iov_base);
        ARGON_CHECK(start >= all.data() && segment.iov_len <= all.size() &&
                    start + segment.iov_len <= all.data() + all.size());
      }
    }
    ARGON_CHECK(!isTaken_[chain.head]);
    isTaken_[chain.head] = true;
    taken_.emplace_back(chain.head, chain.descriptorCount);
    noteTaken(chain.head, isTakenAgain);
  }

  void noteTaken(std::uint16_t head, bool isTakenAgain) {
    // No driver knows yet that it may use that one again; what becomes of both is its own fault.
    isOurs_ = isOurs_ && std::ranges::find(answered_, head) == answered_.end();
    if (!isOurs_) {
      return;
    }
    if (!isTakenAgain) {
      underWay_.push_back(head);
      return;
    }
    ARGON_CHECK(takenAgainCount_ < left_.size());
    ARGON_CHECK_EQ(head, left_[takenAgainCount_++]);
  }

  void publish(RingQueue& queue) {
    static_cast<void>(queue.publish());
    for (const std::uint16_t head : answered_) {
      std::erase(underWay_, head);
    }
    answered_.clear();
  }

  // As a device does with a ring that broke: what was taken is answered before it stops.
  void finish(RingQueue& queue) {
    while (!taken_.empty()) {
      put(queue, 0);
    }
    publish(queue);
    queue_.reset();
  }

  void put(RingQueue& queue, std::size_t which) {
    if (taken_.empty()) {
      return;
    }
    const auto chosen = taken_.begin() + static_cast<std::ptrdiff_t>(which % taken_.size());
    const auto [head, descriptorCount] = *chosen;
    isTaken_[head] = false;
    taken_.erase(chosen);
    queue.put(head, descriptorCount, 0);
    answered_.push_back(head);
  }

  // The driver writes a descriptor, and in a split ring a head and the index.
  void offer() {
    const std::size_t index = std::size_t{source_.u8()} % size_;
    const std::uint8_t flags = source_.u8();
    const std::span<std::byte> ring = memory_.bytes();
    if (layout_ == RingLayout::Packed) {
      const virtio::spec::PackedDescriptor descriptor{
          .addr = memory_.start() + 0x3000,
          .len = std::uint32_t{16},
          .id = static_cast<std::uint16_t>(source_.u8() % (size_ + 1U)),
          .flags = static_cast<std::uint16_t>((flags % 4) |
                                              ((flags & 4) != 0 ? virtio::spec::DESC_F_AVAIL : 0U) |
                                              ((flags & 8) != 0 ? virtio::spec::DESC_F_USED : 0U))};
      std::memcpy(ring.data() + index * sizeof descriptor, &descriptor, sizeof descriptor);
      return;
    }
    const virtio::spec::Descriptor descriptor{.addr = memory_.start() + 0x3000,
                                              .len = std::uint32_t{16},
                                              .flags = static_cast<std::uint16_t>(flags % 4),
                                              .next =
                                                  static_cast<std::uint16_t>(source_.u8() % size_)};
    std::memcpy(ring.data() + index * sizeof descriptor, &descriptor, sizeof descriptor);
    const auto head = static_cast<std::uint16_t>(index);
    std::uint16_t available = 0;
    std::byte* place = ring.data() + kPartStride;
    std::memcpy(&available, place + virtio::spec::kAvailIdxOffset, sizeof available);
    std::memcpy(place + virtio::spec::kAvailRingOffset +
                    2 * std::size_t{available} % (2 * std::size_t{size_}),
                &head, sizeof head);
    ++available;
    std::memcpy(place + virtio::spec::kAvailIdxOffset, &available, sizeof available);
  }

  const Memory& memory_;
  test::ByteSource& source_;
  RingLayout layout_;
  std::uint16_t size_;
  std::vector<bool> isTaken_;
  // Exactly as long as it must be, so that a byte beyond it is found.
  std::vector<std::byte> region_;
  std::vector<iovec> segments_;
  std::optional<RingQueue> queue_;
  // Taken and not put, with the number of descriptors.
  std::vector<std::pair<std::uint16_t, std::uint16_t>> taken_;
  // Put and not published.
  std::vector<std::uint16_t> answered_;
  // True as long as the region was written by queues alone, from when it was new.
  bool isOurs_ = false;
  // While that is so: taken by whatever queue and not published, in order.
  std::vector<std::uint16_t> underWay_;
  // What the queue at hand found of that, and how many of these it has taken up.
  std::vector<std::uint16_t> left_;
  std::size_t takenAgainCount_ = 0;
};

} // namespace

void runTarget(std::span<const std::byte> input) {
  static const Memory memory;
  test::ByteSource source(input);
  Play(memory, source).run();
}

} // namespace argon::fuzz
