// SPDX-License-Identifier: Apache-2.0
#include "fuzz/chain_model.h"

#include "fuzz/guest_scene.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/features.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace spec = virtio::spec;
using virtio::ChainFault;

namespace {

std::uint64_t sumOf(const std::vector<Range>& ranges) {
  std::uint64_t sum = 0;
  for (const Range& range : ranges) {
    sum += range.size;
  }
  return sum;
}

class Walk {
public:
  Walk(const GuestScene& scene, std::span<const std::byte> memory, std::size_t segmentCountMax)
      : scene_(scene), memory_(memory), segmentCountMax_(segmentCountMax) {}

  ModelChain run(std::uint16_t head) {
    const std::uint16_t size = scene_.queueSize();
    std::vector<spec::Descriptor> entries;
    std::uint32_t index = head;
    while (true) {
      if (index >= size) {
        lose(ChainFault::NextOutOfRange);
        break;
      }
      if (entries.size() == size) {
        lose(ChainFault::Loop);
        break;
      }
      entries.push_back(read(scene_.descriptorTable().offset, index));
      const spec::Descriptor& entry = entries.back();
      if (has(entry, spec::DESC_F_INDIRECT)) {
        walkTable(entry);
        break;
      }
      addBuffer(entry);
      if (!has(entry, spec::DESC_F_NEXT)) {
        break;
      }
      index = entry.next.get();
    }
    return chain_;
  }

  ModelPackedChain runPacked(virtio::PackedPosition first, std::size_t entryCountMax) {
    const std::uint16_t size = scene_.queueSize();
    const std::size_t ring = scene_.descriptorTable().offset;
    std::vector<spec::Descriptor> entries;
    virtio::PackedPosition position = first;
    do {
      entries.push_back(read(ring, position.index));
      position = position.after(1, size);
      if (entries.size() == 1 && has(entries.front(), spec::DESC_F_AVAIL) != first.wrap) {
        return {.kind = ModelPackedChain::Kind::Nothing};
      }
      if (entries.size() == 1 && has(entries.front(), spec::DESC_F_USED) == first.wrap) {
        return {.kind = ModelPackedChain::Kind::Nothing};
      }
      if (entries.size() > entryCountMax) {
        return {.kind = ModelPackedChain::Kind::Broken};
      }
    } while (has(entries.back(), spec::DESC_F_NEXT));
    // Where a split ring's descriptor has the link, this one has the id.
    const std::uint16_t id = entries.back().next.get();
    if (id >= size) {
      return {.kind = ModelPackedChain::Kind::Broken};
    }
    addPacked(entries);
    return {.kind = ModelPackedChain::Kind::Chain,
            .id = id,
            .descriptorCount = static_cast<std::uint16_t>(entries.size()),
            .chain = std::move(chain_)};
  }

private:
  static bool has(const spec::Descriptor& entry, std::uint16_t flag) {
    return (entry.flags.get() & flag) != 0;
  }

  // Of a packed ring too: there the last two fields are the other way around.
  [[nodiscard]] spec::Descriptor read(std::size_t tableOffset, std::size_t index) const {
    spec::Descriptor entry{};
    std::memcpy(&entry, memory_.data() + tableOffset + index * sizeof entry, sizeof entry);
    if (scene_.isPacked()) {
      std::swap(entry.flags, entry.next);
    }
    return entry;
  }

  // A table is the only entry of its chain, and what comes behind one that is not is not known.
  void addPacked(const std::vector<spec::Descriptor>& entries) {
    for (const spec::Descriptor& entry : entries) {
      if (!has(entry, spec::DESC_F_INDIRECT)) {
        addBuffer(entry);
        continue;
      }
      if (!scene_.features().has(spec::F_INDIRECT_DESC)) {
        lose(ChainFault::IndirectNotNegotiated);
      } else if (entries.size() > 1) {
        lose(ChainFault::IndirectWithNext);
      } else {
        walkPackedTable(entry);
      }
      return;
    }
  }

  // All that it holds is the chain, in order.
  void walkPackedTable(const spec::Descriptor& table) {
    const std::optional<Range> range = findTable(table);
    if (!range) {
      return;
    }
    for (std::size_t index = 0; index < range->size / 16; ++index) {
      const spec::Descriptor entry = read(range->offset, index);
      if (has(entry, spec::DESC_F_INDIRECT)) {
        lose(ChainFault::NestedIndirect);
        return;
      }
      addBuffer(entry);
    }
  }

  void blame(ChainFault fault) {
    if (chain_.fault == ChainFault::None) {
      chain_.fault = fault;
    }
  }
  void lose(ChainFault fault) {
    blame(fault);
    chain_.isTailKnown = false;
  }

  // All of it in the arena, in whichever of the two regions.
  [[nodiscard]] std::optional<Range> find(std::uint64_t address, std::uint64_t length) const {
    const std::optional<std::size_t> offset = scene_.offsetOf(address);
    if (!offset || length > GuestScene::kArenaBytes - *offset) {
      return std::nullopt;
    }
    return Range{.offset = *offset, .size = static_cast<std::size_t>(length)};
  }
  [[nodiscard]] static bool isAcross(const Range& range) {
    constexpr std::size_t kBorder = GuestScene::kArenaBytes / 2;
    return range.offset < kBorder && range.offset + range.size > kBorder;
  }

  void addBuffer(const spec::Descriptor& entry) {
    const bool isWritable = has(entry, spec::DESC_F_WRITE);
    if (isWritable) {
      chain_.isTailKnown = false;
    }
    const std::optional<Range> range = find(entry.addr.get(), entry.len.get());
    const std::size_t segmentCount = range && isAcross(*range) ? 2 : 1;
    if (entry.len.get() == 0) {
      blame(ChainFault::BufferEmpty);
    } else if (!isWritable && !chain_.writable.empty()) {
      blame(ChainFault::ReadableAfterWritable);
    } else if (!range) {
      blame(ChainFault::BufferOutsideMemory);
    } else if (segmentCount_ + segmentCount > segmentCountMax_) {
      blame(ChainFault::TooManySegments);
    } else {
      segmentCount_ += segmentCount;
      (isWritable ? chain_.writable : chain_.readable).push_back(*range);
      chain_.isTailKnown = isWritable || chain_.isTailKnown;
    }
  }

  void walkTable(const spec::Descriptor& table) {
    if (!scene_.features().has(spec::F_INDIRECT_DESC)) {
      lose(ChainFault::IndirectNotNegotiated);
      return;
    }
    if (has(table, spec::DESC_F_NEXT)) {
      lose(ChainFault::IndirectWithNext);
      return;
    }
    const std::optional<Range> range = findTable(table);
    if (!range) {
      return;
    }
    const std::size_t bytes = range->size;
    std::uint32_t index = 0;
    for (std::uint32_t seen = 0;; ++seen) {
      if (seen == bytes / 16) {
        lose(ChainFault::Loop);
        return;
      }
      const spec::Descriptor entry = read(range->offset, index);
      if (has(entry, spec::DESC_F_INDIRECT)) {
        lose(ChainFault::NestedIndirect);
        return;
      }
      addBuffer(entry);
      if (!has(entry, spec::DESC_F_NEXT)) {
        return;
      }
      index = entry.next.get();
      if (index >= bytes / 16) {
        lose(ChainFault::NextOutOfRange);
        return;
      }
    }
  }

  [[nodiscard]] std::optional<Range> findTable(const spec::Descriptor& table) {
    const std::uint32_t bytes = table.len.get();
    if (bytes == 0 || bytes % 16 != 0 || bytes / 16 > virtio::kIndirectEntryCountMax) {
      lose(ChainFault::IndirectLength);
      return std::nullopt;
    }
    const std::optional<Range> range = find(table.addr.get(), bytes);
    if (!range || isAcross(*range)) {
      lose(ChainFault::IndirectOutsideMemory);
      return std::nullopt;
    }
    chain_.tables.push_back(*range);
    return range;
  }

  const GuestScene& scene_;
  std::span<const std::byte> memory_;
  std::size_t segmentCountMax_;
  std::size_t segmentCount_ = 0;
  ModelChain chain_;
};

} // namespace

std::uint64_t ModelChain::readableBytes() const { return sumOf(readable); }
std::uint64_t ModelChain::writableBytes() const { return sumOf(writable); }

ModelChain modelChain(const GuestScene& scene, std::span<const std::byte> memory,
                      std::uint16_t head, std::size_t segmentCountMax) {
  return Walk(scene, memory, segmentCountMax).run(head);
}

ModelPackedChain modelPackedChain(const GuestScene& scene, std::span<const std::byte> memory,
                                  virtio::PackedPosition first, std::size_t entryCountMax,
                                  std::size_t segmentCountMax) {
  return Walk(scene, memory, segmentCountMax).runPacked(first, entryCountMax);
}

} // namespace argon::fuzz
