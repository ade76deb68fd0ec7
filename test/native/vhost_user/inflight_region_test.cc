// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/inflight_region.h"

#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/memory_region.h"
#include "support/memfd.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"

#include <cstdint>
#include <utility>

namespace argon::vhost_user {

namespace {

spec::InflightDescription describe(std::uint64_t bytes, std::uint16_t queueCount = 2,
                                   std::uint16_t queueSize = 16) {
  return {.mmapSize = bytes, .mmapOffset = 0, .queueCount = queueCount, .queueSize = queueSize};
}

auto map(const spec::InflightDescription& description) {
  return InflightRegion::map(description, test::makeMemfd(1 << 20, test::Sealed::Yes),
                             RegionPolicy::RequireSealed);
}

} // namespace

TEST_CASE("a region has a header and an entry for each descriptor, each queue's on 64 bytes") {
  CHECK(InflightRegion::sizeBytes(RingLayout::Split, 1, 3) == 64);
  CHECK(InflightRegion::sizeBytes(RingLayout::Split, 2, 4) == 2 * 128);
  CHECK(InflightRegion::sizeBytes(RingLayout::Packed, 2, 1) == 2 * 64);
  CHECK(InflightRegion::sizeBytes(RingLayout::Packed, 1, 32'768) == 32 + 32 * 32'768 + 32);
}

TEST_CASE("a file of ours is one that we accept") {
  const std::uint64_t bytes = InflightRegion::sizeBytes(RingLayout::Packed, 2, 16);
  Result<UniqueFd> file = InflightRegion::createFile(bytes);
  REQUIRE_OK(file);
  CHECK_OK(InflightRegion::map(describe(bytes), *std::move(file), RegionPolicy::RequireSealed));
}

TEST_CASE("queues have parts of their own, as large as their layout wants") {
  const auto region = map(describe(InflightRegion::sizeBytes(RingLayout::Split, 2, 16)));
  REQUIRE_OK(region);
  const auto first = (*region)->queue(0, RingLayout::Split, 16);
  const auto second = (*region)->queue(1, RingLayout::Split, 8);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(first->data() + first->size() == second->data());
  CHECK_FALSE((*region)->queue(2, RingLayout::Split, 16).has_value());
  CHECK_FALSE((*region)->queue(0, RingLayout::Split, 17).has_value());
  CHECK_FALSE((*region)->queue(0, RingLayout::Packed, 16).has_value());
}

TEST_CASE("a description that cannot be is refused") {
  const std::uint64_t bytes = InflightRegion::sizeBytes(RingLayout::Split, 2, 16);
  CHECK(map(describe(bytes)).has_value());
  CHECK_FALSE(map(describe(bytes - 1)).has_value());
  CHECK_FALSE(map(describe(bytes, 0)).has_value());
  CHECK_FALSE(map(describe(bytes, 2, 0)).has_value());
  CHECK_FALSE(map(describe((std::uint64_t{64} << 20) + 1)).has_value());
  CHECK_FALSE(map(describe(UINT64_MAX)).has_value());
  CHECK_FALSE(map(describe((1 << 20) + 1)).has_value());
  spec::InflightDescription odd = describe(bytes);
  odd.mmapOffset = 4;
  CHECK_FALSE(map(odd).has_value());
}

} // namespace argon::vhost_user
