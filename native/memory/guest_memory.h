// SPDX-License-Identifier: Apache-2.0
#pragma once

// A guest's memory as one device sees it: an immutable table of regions. The session makes a new
// table when the front end changes it; rings hold the table they were started with, so no address
// that was translated can go away under a request.
//
// All address arithmetic on guest numbers happens here, with overflow checks; what comes out are
// spans. A range may cross from one region into the next, and their mappings are not adjacent
// (CVE-2018-1059), so a range can be several spans.

#include "base/result.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace argon {

class GuestMemory {
public:
  using Regions = std::vector<std::shared_ptr<const MemoryRegion>>;

  /// Refuses regions that overlap in guest or front-end addresses.
  static Result<std::shared_ptr<const GuestMemory>> create(Regions regions);
  /// These regions and one more, which is refused if it overlaps one of them.
  [[nodiscard]] Result<std::shared_ptr<const GuestMemory>>
  with(std::shared_ptr<const MemoryRegion> region) const;

  /// Appends the spans of [address, address + length) to `into` from `usedCount` on, and returns
  /// the new count; nullopt if part of the range is no guest memory or `into` is too small.
  /// `length` is more than 0.
  [[nodiscard]] std::optional<std::size_t> translate(GuestAddress address, std::uint64_t length,
                                                     std::span<iovec> into,
                                                     std::size_t usedCount) const {
    // One region nearly always holds the whole range, and one span is then enough.
    const View* view = find(address);
    if (view != nullptr && length <= view->end - address.get() && usedCount < into.size()) {
      into[usedCount] = {.iov_base = view->host + (address.get() - view->start),
                         .iov_len = static_cast<std::size_t>(length)};
      return usedCount + 1;
    }
    return translateAcross(address, length, into, usedCount);
  }

  /// True if every byte of [address, address + length) is guest memory: tells a range that is not
  /// from one that has too many spans.
  [[nodiscard]] bool contains(GuestAddress address, std::uint64_t length) const;

  /// The bytes of a range that must lie in one region, such as an indirect table.
  [[nodiscard]] std::optional<std::span<std::byte>> contiguous(GuestAddress address,
                                                               std::uint64_t length) const;

  /// The bytes of a ring, whose address is the front end's: within one region, or nothing.
  [[nodiscard]] std::optional<std::span<std::byte>> contiguous(FrontendAddress address,
                                                               std::uint64_t length) const;

  /// The guest's address of a byte of these regions in this process; nothing for other bytes.
  [[nodiscard]] std::optional<GuestAddress> guestAddressOf(const std::byte* host) const;

  [[nodiscard]] const Regions& regions() const { return regions_; }
  /// True once any page was gone when it was touched.
  [[nodiscard]] bool isBroken() const;

private:
  // What translation needs of a region, side by side in memory.
  struct View {
    std::uint64_t start;
    std::uint64_t end;
    std::byte* host;
  };

  explicit GuestMemory(Regions regions);

  [[nodiscard]] const View* find(GuestAddress address) const {
    for (const View& view : views_) {
      if (address.get() >= view.start && address.get() < view.end) {
        return &view;
      }
    }
    return nullptr;
  }
  [[nodiscard]] std::optional<std::size_t> translateAcross(GuestAddress address,
                                                           std::uint64_t length,
                                                           std::span<iovec> into,
                                                           std::size_t usedCount) const;

  Regions regions_;
  std::vector<View> views_;
};

} // namespace argon
