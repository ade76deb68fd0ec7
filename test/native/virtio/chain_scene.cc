// SPDX-License-Identifier: Apache-2.0
#include "virtio/chain_scene.h"

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/memfd.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::test {

namespace spec = virtio::spec;

namespace {

// Each part of the ring at a place of its own; the descriptor table is the first.
constexpr std::size_t kPartBytes = std::size_t{32'768} * 16;

} // namespace

Descriptor DescriptorText::get() const {
  const std::uint16_t link = next ? spec::DESC_F_NEXT : std::uint16_t{0};
  return {.addr = addr,
          .len = len,
          .flags = static_cast<std::uint16_t>(flags | link),
          .next = next.value_or(0)};
}

ChainScene::ChainScene(std::uint16_t queueSize) : segments_(virtio::kSegmentCountMax) {
  // Shared, so that a child of a test can be the guest.
  const UniqueFd file = makeMemfd(kPartBytes * 3, Sealed::No);
  Result<MappedRegion> ring =
      MappedRegion::mapShared(file.get(), 0, kPartBytes * 3, MappedRegion::Access::ReadWrite);
  REQUIRE_OK(ring);
  ring_ = *std::move(ring);
  GuestMemory::Regions regions;
  addRegion(kStart, kBorder - kStart, regions);
  addRegion(kBorder, kEnd - kBorder, regions);
  addRegion(kIsland, kIslandEnd - kIsland, regions);
  Result<std::shared_ptr<const GuestMemory>> memory = GuestMemory::create(std::move(regions));
  REQUIRE_OK(memory);
  memory_ = *std::move(memory);
  Result<virtio::SplitQueue> queue =
      virtio::SplitQueue::create({.descriptors = ring_.bytes().first(kPartBytes),
                                  .available = ring_.bytes().subspan(kPartBytes, kPartBytes),
                                  .used = ring_.bytes().subspan(2 * kPartBytes, kPartBytes)},
                                 {.size = queueSize});
  REQUIRE_OK(queue);
  queue_.emplace(*std::move(queue));
}

void ChainScene::addRegion(std::uint64_t start, std::uint64_t size, GuestMemory::Regions& regions) {
  UniqueFd file = makeMemfd(size, Sealed::Yes);
  Result<UniqueFd> copy = file.duplicate();
  REQUIRE_OK(copy);
  Result<std::shared_ptr<const MemoryRegion>> region =
      MemoryRegion::map({.guestStart = GuestAddress(start),
                         .sizeBytes = size,
                         .frontendStart = FrontendAddress(start),
                         .fileOffsetBytes = 0},
                        *std::move(copy), RegionPolicy::RequireSealed);
  REQUIRE_OK(region);
  regions.push_back(*std::move(region));
  files_.push_back(std::move(file));
}

void ChainScene::put(std::uint16_t index, const DescriptorText& text) {
  const Descriptor descriptor = text.get();
  std::memcpy(ring_.bytes().data() + sizeof descriptor * index, &descriptor, sizeof descriptor);
}

void ChainScene::putChain(const std::vector<DescriptorText>& buffers) {
  for (std::size_t index = 0; index < buffers.size(); ++index) {
    DescriptorText text = buffers[index];
    if (index + 1 < buffers.size()) {
      text.next = static_cast<std::uint16_t>(index + 1);
    }
    put(static_cast<std::uint16_t>(index), text);
  }
}

void ChainScene::putTable(std::uint64_t address, const std::vector<DescriptorText>& buffers) {
  for (std::size_t index = 0; index < buffers.size(); ++index) {
    DescriptorText text = buffers[index];
    if (index + 1 < buffers.size()) {
      text.next = static_cast<std::uint16_t>(index + 1);
    }
    putTableEntry(address, static_cast<std::uint16_t>(index), text);
  }
}

void ChainScene::putTableEntry(std::uint64_t address, std::uint16_t index,
                               const DescriptorText& text) {
  const Descriptor descriptor = text.get();
  std::byte* place = hostOf(address + sizeof descriptor * index);
  REQUIRE(place != nullptr);
  std::memcpy(place, &descriptor, sizeof descriptor);
}

virtio::Chain ChainScene::read(std::uint16_t head, std::size_t segmentCount) {
  return virtio::readChain(*queue_, *memory_, head, {.allowsIndirect = true},
                           std::span(segments_).first(segmentCount));
}

virtio::Chain ChainScene::readWithoutIndirect() {
  return virtio::readChain(*queue_, *memory_, 0, {.allowsIndirect = false}, segments_);
}

std::byte* ChainScene::hostOf(std::uint64_t address) const {
  for (const auto& region : memory_->regions()) {
    const std::uint64_t start = region->description().guestStart.get();
    if (address >= start && address - start < region->description().sizeBytes) {
      return region->bytes().data() + (address - start);
    }
  }
  return nullptr;
}

std::string describe(const ChainScene& scene, std::span<const iovec> segments) {
  std::string text;
  for (const iovec& segment : segments) {
    const auto* place = static_cast<const std::byte*>(segment.iov_base);
    for (const auto& region : scene.memory().regions()) {
      const std::span<const std::byte> bytes = region->bytes();
      if (place >= bytes.data() && place < bytes.data() + bytes.size()) {
        const auto offset = static_cast<std::uint64_t>(place - bytes.data());
        text += concat(text.empty() ? "" : " ",
                       hex(region->description().guestStart.get() + offset), ":", segment.iov_len);
      }
    }
  }
  return text;
}

} // namespace argon::test
