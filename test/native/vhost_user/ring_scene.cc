// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/ring_scene.h"

#include "base/result.h"
#include "frontend/arena.h"
#include "memory/guest_address.h"
#include "memory/shared_copy.h"
#include "support/ring_start.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_queue.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <sys/uio.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace argon::test {

namespace spec = virtio::spec;
using vhost_user::RingLayout;
using vhost_user::RingQueue;

namespace {

// Each part of the ring starts on a boundary of this.
constexpr std::size_t kPartAlignment = 64;

std::unique_ptr<frontend::Arena> makeArena(std::uint16_t size) {
  Result<std::unique_ptr<frontend::Arena>> arena =
      frontend::Arena::create({.sizeBytes = std::size_t{128} * size + 16'384});
  REQUIRE_OK(arena);
  return *std::move(arena);
}

std::span<std::byte> allocate(frontend::Arena& arena, std::size_t bytes) {
  Result<frontend::ArenaBlock> block = arena.allocate(bytes, kPartAlignment);
  REQUIRE_OK(block);
  return block->bytes;
}

RingQueue::Parts allocateParts(frontend::Arena& arena, RingLayout layout, std::uint16_t size) {
  const bool isSplit = layout == RingLayout::Split;
  const auto part = [&](std::size_t splitBytes, std::size_t packedBytes) {
    return allocate(arena, isSplit ? splitBytes : packedBytes);
  };
  return {.descriptors = part(spec::descriptorTableBytes(size), spec::descriptorRingBytes(size)),
          .available = part(spec::availRingBytes(size), spec::kEventSuppressionBytes),
          .used = part(spec::usedRingBytes(size), spec::kEventSuppressionBytes)};
}

} // namespace

RingDriver::RingDriver(RingLayout layout, std::uint16_t size, const RingQueue::Parts& parts,
                       std::uint64_t dataAddress)
    : layout_(layout), size_(size), parts_(parts), dataAddress_(dataAddress), freeCount_(size),
      free_(size) {
  std::iota(free_.begin(), free_.end(), std::uint16_t{0});
}

std::optional<std::uint16_t> RingDriver::offer(std::uint16_t descriptorCount) {
  if (descriptorCount > freeCount_) {
    return std::nullopt;
  }
  const std::uint16_t head =
      layout_ == RingLayout::Split ? offerSplit(descriptorCount) : offerPacked(descriptorCount);
  freeCount_ = static_cast<std::uint16_t>(freeCount_ - descriptorCount);
  offered_[head] = {.tag = nextTag_++, .descriptorCount = descriptorCount};
  return head;
}

std::uint16_t RingDriver::offerSplit(std::uint16_t descriptorCount) {
  std::vector<std::uint16_t> chain(free_.end() - descriptorCount, free_.end());
  free_.resize(free_.size() - descriptorCount);
  for (std::size_t count = 0; count < chain.size(); ++count) {
    const bool hasNext = count + 1 < chain.size();
    const spec::Descriptor descriptor{.addr = dataAddress_,
                                      .len = nextTag_,
                                      .flags = hasNext ? spec::DESC_F_NEXT : std::uint16_t{0},
                                      .next = hasNext ? chain[count + 1] : std::uint16_t{0}};
    std::memcpy(parts_.descriptors.data() + sizeof descriptor * chain[count], &descriptor,
                sizeof descriptor);
  }
  const std::size_t slot = availableIndex_ % size_;
  sharedU16(parts_.available.data() + spec::kAvailRingOffset + spec::kAvailElementBytes * slot)
      .store(chain.front());
  sharedU16(parts_.available.data() + spec::kAvailIdxOffset).store(++availableIndex_);
  const std::uint16_t head = chain.front();
  descriptorsOf_[head] = std::move(chain);
  return head;
}

std::uint16_t RingDriver::offerPacked(std::uint16_t descriptorCount) {
  const std::uint16_t id = free_.back();
  free_.pop_back();
  const auto write = [this, id, descriptorCount](std::uint16_t count) {
    const virtio::PackedPosition position = nextAvailable_.after(count, size_);
    const auto flags =
        static_cast<std::uint16_t>((position.wrap ? spec::DESC_F_AVAIL : spec::DESC_F_USED) |
                                   (count + 1 < descriptorCount ? spec::DESC_F_NEXT : 0));
    std::byte* entry = parts_.descriptors.data() + sizeof(spec::PackedDescriptor) * position.index;
    const spec::PackedDescriptor descriptor{
        .addr = dataAddress_, .len = nextTag_, .id = id, .flags = flags};
    std::memcpy(entry, &descriptor, spec::kPackedFlagsOffset);
    sharedU16(entry + spec::kPackedFlagsOffset).store(flags);
  };
  // The first one's flags make the chain available, so they come last.
  for (std::uint16_t count = descriptorCount; count > 0; --count) {
    write(static_cast<std::uint16_t>(count - 1));
  }
  nextAvailable_ = nextAvailable_.after(descriptorCount, size_);
  return id;
}

std::optional<std::uint16_t> RingDriver::reap() {
  const std::optional<std::uint16_t> head =
      layout_ == RingLayout::Split ? reapSplit() : reapPacked();
  if (!head) {
    return std::nullopt;
  }
  const auto found = offered_.find(*head);
  if (found == offered_.end()) {
    throw std::runtime_error("a chain was answered that is not under way");
  }
  const std::uint16_t descriptorCount = found->second.descriptorCount;
  offered_.erase(found);
  freeCount_ = static_cast<std::uint16_t>(freeCount_ + descriptorCount);
  if (layout_ == RingLayout::Split) {
    const std::vector<std::uint16_t>& chain = descriptorsOf_[*head];
    free_.insert(free_.begin(), chain.begin(), chain.end());
  } else {
    free_.insert(free_.begin(), *head);
    nextUsed_ = nextUsed_.after(descriptorCount, size_);
  }
  return head;
}

std::optional<std::uint16_t> RingDriver::reapSplit() {
  if (sharedU16(parts_.used.data() + spec::kUsedIdxOffset).load() == usedIndex_) {
    return std::nullopt;
  }
  const std::size_t slot = usedIndex_++ % size_;
  const auto element = fetchOnce<spec::UsedElement>(parts_.used.data() + spec::kUsedRingOffset +
                                                    sizeof(spec::UsedElement) * slot);
  return static_cast<std::uint16_t>(element.id.get());
}

std::optional<std::uint16_t> RingDriver::reapPacked() {
  const auto entry = fetchOnce<spec::PackedDescriptor>(
      parts_.descriptors.data() + sizeof(spec::PackedDescriptor) * nextUsed_.index);
  const std::uint16_t flags = entry.flags.get();
  const bool isAvail = (flags & spec::DESC_F_AVAIL) != 0;
  const bool isUsed = (flags & spec::DESC_F_USED) != 0;
  if (isAvail != nextUsed_.wrap || isUsed != nextUsed_.wrap) {
    return std::nullopt;
  }
  return entry.id.get();
}

RingScene::RingScene(RingLayout layout, std::uint16_t size)
    : layout_(layout), size_(size), arena_(makeArena(size)), memory_(mapArena(*arena_)),
      parts_(allocateParts(*arena_, layout, size)),
      inflight_(allocate(*arena_, vhost_user::InflightRegion::sizeBytes(layout, 1, size))),
      shared_(arena_->bytes().first(arena_->mark())),
      driver_(layout, size, parts_, arena_->startAddress().get()) {}

Result<RingQueue> RingScene::open() const { return openWith(inflight_); }

Result<RingQueue> RingScene::openUntracked() const { return openWith({}); }

Result<RingQueue> RingScene::openWith(std::span<std::byte> inflight) const {
  if (layout_ == RingLayout::Split) {
    return RingQueue::createSplit(parts_, *memory_, {.size = size_}, inflight);
  }
  return RingQueue::createPacked(parts_, *memory_, {.size = size_}, inflight);
}

RingQueue::Parts RingScene::deviceParts() const {
  const auto mirror = [this](std::span<std::byte> bytes) {
    const auto offset = static_cast<std::uint64_t>(bytes.data() - arena_->bytes().data());
    const std::optional<std::span<std::byte>> mirrored =
        memory_->contiguous(GuestAddress(arena_->startAddress().get() + offset), bytes.size());
    REQUIRE(mirrored.has_value());
    return *mirrored;
  };
  return {.descriptors = mirror(parts_.descriptors),
          .available = mirror(parts_.available),
          .used = mirror(parts_.used)};
}

std::optional<RingScene::Taken> RingScene::take(RingQueue& queue) {
  std::array<iovec, 64> segments{};
  virtio::Chain chain;
  if (queue.take({}, segments, chain) != RingQueue::Take::Chain ||
      chain.fault != virtio::ChainFault::None) {
    return std::nullopt;
  }
  return Taken{.head = chain.head,
               .descriptorCount = chain.descriptorCount,
               .tag = static_cast<std::uint32_t>(chain.readable.front().iov_len)};
}

void RingScene::put(RingQueue& queue, const Taken& taken) {
  queue.put(taken.head, taken.descriptorCount, 0);
}

} // namespace argon::test
