// SPDX-License-Identifier: Apache-2.0
#include "memory/guest_memory.h"

#include "base/checked_math.h"
#include "base/error.h"
#include "base/result.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace argon {

namespace {

bool isDisjoint(std::uint64_t leftStart, std::uint64_t leftSize, std::uint64_t rightStart,
                std::uint64_t rightSize) {
  // Neither sum wraps: MemoryRegion::map refuses such regions.
  return leftStart + leftSize <= rightStart || rightStart + rightSize <= leftStart;
}

bool overlap(const RegionDescription& left, const RegionDescription& right) {
  return !isDisjoint(left.guestStart.get(), left.sizeBytes, right.guestStart.get(),
                     right.sizeBytes) ||
         !isDisjoint(left.frontendStart.get(), left.sizeBytes, right.frontendStart.get(),
                     right.sizeBytes);
}

Error overlapError() { return {ErrorKind::Protocol, "two memory regions overlap"}; }

} // namespace

Result<std::shared_ptr<const GuestMemory>> GuestMemory::create(Regions regions) {
  for (std::size_t left = 0; left < regions.size(); ++left) {
    for (std::size_t right = left + 1; right < regions.size(); ++right) {
      if (overlap(regions[left]->description(), regions[right]->description())) {
        return overlapError();
      }
    }
  }
  return std::shared_ptr<const GuestMemory>(new GuestMemory(std::move(regions)));
}

Result<std::shared_ptr<const GuestMemory>>
GuestMemory::with(std::shared_ptr<const MemoryRegion> region) const {
  for (const auto& other : regions_) {
    if (overlap(other->description(), region->description())) {
      return overlapError();
    }
  }
  Regions regions = regions_;
  regions.push_back(std::move(region));
  return std::shared_ptr<const GuestMemory>(new GuestMemory(std::move(regions)));
}

GuestMemory::GuestMemory(Regions regions) : regions_(std::move(regions)) {
  views_.reserve(regions_.size());
  for (const auto& region : regions_) {
    const std::uint64_t start = region->description().guestStart.get();
    views_.push_back({.start = start,
                      .end = start + region->description().sizeBytes,
                      .host = region->bytes().data()});
  }
}

std::optional<std::size_t> GuestMemory::translateAcross(GuestAddress address, std::uint64_t length,
                                                        std::span<iovec> into,
                                                        std::size_t usedCount) const {
  // No sum of address and length, which could wrap: the position never passes the end of a region,
  // and none ends behind 2^64 - 1.
  std::uint64_t position = address.get();
  std::uint64_t rest = length;
  while (rest > 0) {
    const View* view = find(GuestAddress(position));
    if (view == nullptr || usedCount == into.size()) {
      return std::nullopt;
    }
    const std::uint64_t part = std::min(rest, view->end - position);
    into[usedCount++] = {.iov_base = view->host + (position - view->start),
                         .iov_len = static_cast<std::size_t>(part)};
    position += part;
    rest -= part;
  }
  return usedCount;
}

bool GuestMemory::contains(GuestAddress address, std::uint64_t length) const {
  std::uint64_t position = address.get();
  std::uint64_t rest = length;
  while (rest > 0) {
    const View* view = find(GuestAddress(position));
    if (view == nullptr) {
      return false;
    }
    const std::uint64_t part = std::min(rest, view->end - position);
    position += part;
    rest -= part;
  }
  return true;
}

std::optional<std::span<std::byte>> GuestMemory::contiguous(GuestAddress address,
                                                            std::uint64_t length) const {
  const View* view = find(address);
  if (view == nullptr || length > view->end - address.get()) {
    return std::nullopt;
  }
  return std::span(view->host + (address.get() - view->start), static_cast<std::size_t>(length));
}

std::optional<std::span<std::byte>> GuestMemory::contiguous(FrontendAddress address,
                                                            std::uint64_t length) const {
  for (const auto& region : regions_) {
    const std::uint64_t start = region->description().frontendStart.get();
    if (address.get() >= start &&
        isWithin(address.get() - start, length, region->description().sizeBytes)) {
      return region->bytes().subspan(static_cast<std::size_t>(address.get() - start),
                                     static_cast<std::size_t>(length));
    }
  }
  return std::nullopt;
}

std::optional<GuestAddress> GuestMemory::guestAddressOf(const std::byte* host) const {
  for (const View& view : views_) {
    if (std::greater_equal<>()(host, view.host) &&
        std::less<>()(host, view.host + (view.end - view.start))) {
      return GuestAddress(view.start + static_cast<std::uint64_t>(host - view.host));
    }
  }
  return std::nullopt;
}

bool GuestMemory::isBroken() const {
  return std::ranges::any_of(regions_, [](const auto& region) { return region->isBroken(); });
}

} // namespace argon
