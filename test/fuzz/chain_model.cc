// SPDX-License-Identifier: Apache-2.0
#include "fuzz/chain_model.h"

#include "fuzz/guest_scene.h"
#include "virtio/chain.h"
#include "virtio/spec/features.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
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
  Walk(GuestScene& scene, std::size_t segmentCountMax)
      : scene_(scene), segmentCountMax_(segmentCountMax) {}

  ModelChain run(std::uint16_t head) {
    const std::uint16_t size = scene_.queue().size();
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

private:
  static bool has(const spec::Descriptor& entry, std::uint16_t flag) {
    return (entry.flags.get() & flag) != 0;
  }

  spec::Descriptor read(std::size_t tableOffset, std::size_t index) {
    spec::Descriptor entry{};
    std::memcpy(&entry, scene_.arena().bytes().data() + tableOffset + index * sizeof entry,
                sizeof entry);
    return entry;
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
    const std::uint32_t bytes = table.len.get();
    if (!scene_.features().has(spec::F_INDIRECT_DESC)) {
      lose(ChainFault::IndirectNotNegotiated);
      return;
    }
    if (has(table, spec::DESC_F_NEXT)) {
      lose(ChainFault::IndirectWithNext);
      return;
    }
    if (bytes == 0 || bytes % 16 != 0 || bytes / 16 > virtio::kIndirectEntryCountMax) {
      lose(ChainFault::IndirectLength);
      return;
    }
    const std::optional<Range> range = find(table.addr.get(), bytes);
    if (!range || isAcross(*range)) {
      lose(ChainFault::IndirectOutsideMemory);
      return;
    }
    chain_.tables.push_back(*range);
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

  GuestScene& scene_;
  std::size_t segmentCountMax_;
  std::size_t segmentCount_ = 0;
  ModelChain chain_;
};

} // namespace

std::uint64_t ModelChain::readableBytes() const { return sumOf(readable); }
std::uint64_t ModelChain::writableBytes() const { return sumOf(writable); }

ModelChain modelChain(GuestScene& scene, std::uint16_t head, std::size_t segmentCountMax) {
  return Walk(scene, segmentCountMax).run(head);
}

} // namespace argon::fuzz
