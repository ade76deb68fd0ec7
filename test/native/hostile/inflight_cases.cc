// SPDX-License-Identifier: Apache-2.0

// In-flight regions that no back end left behind, given back by a front end.

#include "base/result.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/packed_inflight.h"
#include "vhost_user/spec/inflight.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace argon::hostile {

namespace {

using vhost_user::InflightRegion;
using vhost_user::PackedInflight;
namespace spec = vhost_user::spec;

constexpr std::uint16_t kQueueSize = 4;

// A region of four entries: a chain of three and a chain of one, and none free.
std::vector<std::byte> makeRegion(std::uint16_t firstId, std::uint16_t secondId) {
  std::vector<std::byte> bytes(
      InflightRegion::sizeBytes(vhost_user::RingLayout::Packed, 1, kQueueSize));
  const spec::QueueRegionPacked header{.features = 0,
                                       .version = spec::kInflightVersion,
                                       .desc_num = kQueueSize,
                                       .free_head = kQueueSize,
                                       .old_free_head = kQueueSize,
                                       .used_idx = 0,
                                       .old_used_idx = 0,
                                       .used_wrap_counter = 1,
                                       .old_used_wrap_counter = 1,
                                       .padding = {}};
  std::memcpy(bytes.data(), &header, sizeof header);
  for (std::uint16_t index = 0; index < kQueueSize; ++index) {
    const bool isHead = index == 0 || index == 3;
    const spec::DescStatePacked state{.inflight = std::uint8_t{isHead},
                                      .padding = 0,
                                      .next = static_cast<std::uint16_t>(index + 1),
                                      .last = index < 3 ? std::uint16_t{2} : std::uint16_t{3},
                                      .num = index == 0 ? std::uint16_t{3} : std::uint16_t{1},
                                      .counter = index,
                                      .id = index < 3 ? firstId : secondId,
                                      .flags = 0,
                                      .len = 16,
                                      .addr = 0};
    std::memcpy(bytes.data() + sizeof header + index * sizeof state, &state, sizeof state);
  }
  return bytes;
}

Result<PackedInflight> open(std::vector<std::byte>& bytes) {
  return PackedInflight::open(bytes, kQueueSize, {.index = 0, .wrap = true},
                              [](std::uint16_t /*index*/) { return std::uint16_t{0}; });
}

} // namespace

TEST_CASE("a packed ring's region with two chains of different ids is taken up") {
  std::vector<std::byte> bytes = makeRegion(1, 2);

  const Result<PackedInflight> inflight = open(bytes);

  REQUIRE_OK(inflight);
  CHECK(inflight->unanswered().size() == 2);
}

TEST_CASE("a packed ring's region with two chains of one id is refused") {
  std::vector<std::byte> bytes = makeRegion(1, 1);

  CHECK_FALSE(open(bytes).has_value());
}

} // namespace argon::hostile
