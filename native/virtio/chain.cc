// SPDX-License-Identifier: Apache-2.0
#include "virtio/chain.h"

#include "base/check.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/shared_copy.h"
#include "virtio/segment_collector.h"
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

bool hasFlag(const spec::Descriptor& descriptor, std::uint16_t flag) {
  return (descriptor.flags.get() & flag) != 0;
}

void walkIndirect(const spec::Descriptor& table, const GuestMemory& memory,
                  SegmentCollector& collector) {
  const std::uint32_t tableBytes = table.len.get();
  const std::uint32_t entryCount = tableBytes / sizeof(spec::Descriptor);
  if (tableBytes == 0 || tableBytes % sizeof(spec::Descriptor) != 0 ||
      entryCount > kIndirectEntryCountMax) {
    collector.cutOff(ChainFault::IndirectLength);
    return;
  }
  const std::optional<std::span<std::byte>> bytes =
      memory.contiguous(GuestAddress(table.addr.get()), tableBytes);
  if (!bytes) {
    collector.cutOff(ChainFault::IndirectOutsideMemory);
    return;
  }
  std::uint32_t index = 0;
  for (std::uint32_t step = 0; step < entryCount; ++step) {
    const auto entry =
        fetchOnce<spec::Descriptor>(bytes->data() + sizeof(spec::Descriptor) * index);
    if (hasFlag(entry, spec::DESC_F_INDIRECT)) {
      // 2.7.5.3.1: no indirect table within an indirect table.
      collector.cutOff(ChainFault::NestedIndirect);
      return;
    }
    collector.add(entry.addr.get(), entry.len.get(), hasFlag(entry, spec::DESC_F_WRITE));
    if (!hasFlag(entry, spec::DESC_F_NEXT)) {
      return;
    }
    index = entry.next.get();
    if (index >= entryCount) {
      collector.cutOff(ChainFault::NextOutOfRange);
      return;
    }
  }
  collector.cutOff(ChainFault::Loop);
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
  Chain chain;
  readChain(queue, memory, head, rules, segments, chain);
  return chain;
}

void readChain(const SplitQueue& queue, const GuestMemory& memory, std::uint16_t head,
               ChainRules rules, std::span<iovec> segments, Chain& chain) {
  ARGON_DCHECK(head < queue.size());
  chain = {.head = head};
  SegmentCollector collector(memory, segments, chain);
  std::uint16_t index = head;
  for (std::uint32_t step = 0;; ++step) {
    if (step == queue.size()) {
      collector.cutOff(ChainFault::Loop);
      break;
    }
    const spec::Descriptor entry = queue.fetchDescriptor(index);
    if (hasFlag(entry, spec::DESC_F_INDIRECT)) {
      if (!rules.allowsIndirect) {
        collector.cutOff(ChainFault::IndirectNotNegotiated);
      } else if (hasFlag(entry, spec::DESC_F_NEXT)) {
        // 2.7.5.3.1: a driver must not set both flags.
        collector.cutOff(ChainFault::IndirectWithNext);
      } else {
        walkIndirect(entry, memory, collector);
      }
      break;
    }
    collector.add(entry.addr.get(), entry.len.get(), hasFlag(entry, spec::DESC_F_WRITE));
    if (!hasFlag(entry, spec::DESC_F_NEXT)) {
      break;
    }
    index = entry.next.get();
    if (index >= queue.size()) {
      collector.cutOff(ChainFault::NextOutOfRange);
      break;
    }
  }
  collector.finish();
}

} // namespace argon::virtio
