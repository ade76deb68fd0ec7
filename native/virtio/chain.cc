// SPDX-License-Identifier: Apache-2.0
#include "virtio/chain.h"

#include "base/check.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/shared_copy.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace argon::virtio {

namespace {

// A descriptor that names the buffer `addr`, `len` and the chain's next entry.
bool hasFlag(const spec::Descriptor& descriptor, std::uint16_t flag) {
  return (descriptor.flags.get() & flag) != 0;
}

// Collects buffers. Knows nothing of tables and links.
class SegmentCollector {
public:
  SegmentCollector(const GuestMemory& memory, std::span<iovec> segments, Chain& chain)
      : memory_(memory), segments_(segments), chain_(chain) {}

  void add(const spec::Descriptor& descriptor) {
    const bool isWritable = hasFlag(descriptor, spec::DESC_F_WRITE);
    // Only the last writable buffer's place matters for the answer, so each one decides anew.
    chain_.isTailKnown = chain_.isTailKnown && !isWritable;
    if (descriptor.len.get() == 0) {
      note(ChainFault::BufferEmpty);
      return;
    }
    if (!isWritable && hasWritable_) {
      note(ChainFault::ReadableAfterWritable);
      return;
    }
    const GuestAddress address(descriptor.addr.get());
    const std::optional<std::size_t> count =
        memory_.translate(address, descriptor.len.get(), segments_, count_);
    if (!count) {
      note(memory_.contains(address, descriptor.len.get()) ? ChainFault::TooManySegments
                                                           : ChainFault::BufferOutsideMemory);
      return;
    }
    count_ = *count;
    if (isWritable) {
      hasWritable_ = true;
      chain_.isTailKnown = true;
      chain_.writableBytes += descriptor.len.get();
    } else {
      readableCount_ = count_;
      chain_.readableBytes += descriptor.len.get();
    }
  }

  void finish() {
    chain_.readable = segments_.first(readableCount_);
    chain_.writable = segments_.subspan(readableCount_, count_ - readableCount_);
  }

  void note(ChainFault fault) {
    if (chain_.fault == ChainFault::None) {
      chain_.fault = fault;
    }
  }

private:
  const GuestMemory& memory_;
  std::span<iovec> segments_;
  Chain& chain_;
  std::size_t count_ = 0;
  std::size_t readableCount_ = 0;
  bool hasWritable_ = false;
};

// A fault after which nothing more of the chain is known.
void cutOff(Chain& chain, SegmentCollector& collector, ChainFault fault) {
  collector.note(fault);
  chain.isTailKnown = false;
}

void walkIndirect(const spec::Descriptor& table, const GuestMemory& memory, Chain& chain,
                  SegmentCollector& collector) {
  const std::uint32_t tableBytes = table.len.get();
  const std::uint32_t entryCount = tableBytes / sizeof(spec::Descriptor);
  if (tableBytes == 0 || tableBytes % sizeof(spec::Descriptor) != 0 ||
      entryCount > kIndirectEntryCountMax) {
    cutOff(chain, collector, ChainFault::IndirectLength);
    return;
  }
  const std::optional<std::span<std::byte>> bytes =
      memory.contiguous(GuestAddress(table.addr.get()), tableBytes);
  if (!bytes) {
    cutOff(chain, collector, ChainFault::IndirectOutsideMemory);
    return;
  }
  std::uint32_t index = 0;
  for (std::uint32_t step = 0; step < entryCount; ++step) {
    const auto entry =
        fetchOnce<spec::Descriptor>(bytes->data() + sizeof(spec::Descriptor) * index);
    if (hasFlag(entry, spec::DESC_F_INDIRECT)) {
      // 2.7.5.3.1: no indirect table within an indirect table.
      cutOff(chain, collector, ChainFault::NestedIndirect);
      return;
    }
    collector.add(entry);
    if (!hasFlag(entry, spec::DESC_F_NEXT)) {
      return;
    }
    index = entry.next.get();
    if (index >= entryCount) {
      cutOff(chain, collector, ChainFault::NextOutOfRange);
      return;
    }
  }
  cutOff(chain, collector, ChainFault::Loop);
}

} // namespace

std::string_view chainFaultName(ChainFault fault) {
  switch (fault) {
  case ChainFault::None:
    return "no fault";
  case ChainFault::BufferOutsideMemory:
    return "a buffer outside guest memory";
  case ChainFault::BufferEmpty:
    return "a buffer of 0 bytes";
  case ChainFault::ReadableAfterWritable:
    return "a readable buffer after a writable one";
  case ChainFault::TooManySegments:
    return "too many buffers";
  case ChainFault::NextOutOfRange:
    return "a next index outside its table";
  case ChainFault::Loop:
    return "a loop";
  case ChainFault::NestedIndirect:
    return "an indirect table within an indirect table";
  case ChainFault::IndirectWithNext:
    return "an indirect table with a next descriptor";
  case ChainFault::IndirectNotNegotiated:
    return "an indirect table that was not negotiated";
  case ChainFault::IndirectLength:
    return "an indirect table of impossible length";
  case ChainFault::IndirectOutsideMemory:
    return "an indirect table outside guest memory";
  }
  ARGON_UNREACHABLE();
}

Chain readChain(const SplitQueue& queue, const GuestMemory& memory, std::uint16_t head,
                ChainRules rules, std::span<iovec> segments) {
  ARGON_DCHECK(head < queue.size());
  Chain chain{.head = head};
  SegmentCollector collector(memory, segments, chain);
  std::uint16_t index = head;
  for (std::uint32_t step = 0;; ++step) {
    if (step == queue.size()) {
      cutOff(chain, collector, ChainFault::Loop);
      break;
    }
    const spec::Descriptor entry = queue.fetchDescriptor(index);
    if (hasFlag(entry, spec::DESC_F_INDIRECT)) {
      if (!rules.allowsIndirect) {
        cutOff(chain, collector, ChainFault::IndirectNotNegotiated);
      } else if (hasFlag(entry, spec::DESC_F_NEXT)) {
        // 2.7.5.3.1: a driver must not set both flags.
        cutOff(chain, collector, ChainFault::IndirectWithNext);
      } else {
        walkIndirect(entry, memory, chain, collector);
      }
      break;
    }
    collector.add(entry);
    if (!hasFlag(entry, spec::DESC_F_NEXT)) {
      break;
    }
    index = entry.next.get();
    if (index >= queue.size()) {
      cutOff(chain, collector, ChainFault::NextOutOfRange);
      break;
    }
  }
  collector.finish();
  return chain;
}

} // namespace argon::virtio
