// SPDX-License-Identifier: Apache-2.0
#pragma once

// Memory that outlives us (GET_INFLIGHT_FD, SET_INFLIGHT_FD): the front end keeps it, and gives it
// to the back end that comes after a crash, which finds in it what was taken and not answered.
// Everything read from it is checked like guest memory: it comes from the front end's hands.

#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace argon::vhost_user {

enum class RingLayout : std::uint8_t { Split, Packed };

class InflightRegion {
public:
  /// Bytes of a region, as GET_INFLIGHT_FD answers.
  [[nodiscard]] static std::uint64_t sizeBytes(RingLayout layout, std::uint16_t queueCount,
                                               std::uint16_t queueSize);
  /// A zeroed memfd of that size that can neither shrink nor grow.
  [[nodiscard]] static Result<UniqueFd> createFile(std::uint64_t sizeBytes);

  /// Maps what SET_INFLIGHT_FD describes. The descriptor is closed either way.
  static Result<std::shared_ptr<const InflightRegion>>
  map(const spec::InflightDescription& description, UniqueFd fd, RegionPolicy policy);

  /// The part of one queue; nothing if the region has none, or if a ring of `queueSize` entries
  /// does not fit it.
  [[nodiscard]] std::optional<std::span<std::byte>> queue(std::uint16_t index, RingLayout layout,
                                                          std::uint16_t queueSize) const;

private:
  InflightRegion(const spec::InflightDescription& description,
                 std::shared_ptr<const MemoryRegion> memory)
      : queueCount_(description.queueCount), queueSize_(description.queueSize),
        memory_(std::move(memory)) {}

  std::uint16_t queueCount_;
  std::uint16_t queueSize_;
  std::shared_ptr<const MemoryRegion> memory_;
};

} // namespace argon::vhost_user
