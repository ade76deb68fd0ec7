// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/split_inflight.h"

#include "base/result.h"
#include "support/random.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/spec/inflight.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using Heads = std::vector<std::uint16_t>;
constexpr std::uint16_t kSize = 8;

struct Region {
  // On the heap, so that a sanitizer knows where it ends.
  std::vector<std::byte> bytes =
      std::vector<std::byte>(InflightRegion::sizeBytes(RingLayout::Split, 1, kSize));

  [[nodiscard]] SplitInflight open(std::uint16_t usedIndex) {
    Result<SplitInflight> opened = SplitInflight::open(bytes, kSize, usedIndex);
    REQUIRE_OK(opened);
    return *std::move(opened);
  }
};

} // namespace

TEST_CASE("chains that were taken and not answered come back in the order in which they were") {
  Region region;
  SplitInflight inflight = region.open(65'535);
  for (const std::uint16_t head : Heads{5, 2, 7, 0}) {
    inflight.noteTaken(head);
  }
  inflight.noteUsed(2);
  inflight.beginPublish();
  inflight.endPublish(0);

  CHECK(region.open(0).unanswered() == Heads{5, 7, 0});
}

TEST_CASE("what counts for a batch is whether the ring's used index says it was published") {
  Region region;
  SplitInflight inflight = region.open(10);
  for (const std::uint16_t head : Heads{1, 2, 3}) {
    inflight.noteTaken(head);
  }
  inflight.noteUsed(3);
  inflight.noteUsed(1);
  inflight.beginPublish();
  Region copy = region;

  CHECK(region.open(10).unanswered() == Heads{1, 2, 3});
  CHECK(copy.open(12).unanswered() == Heads{2});
  CHECK(copy.open(12).unanswered() == Heads{2});
}

TEST_CASE("a split region of another version or size is refused") {
  Region region;
  static_cast<void>(region.open(0));
  CHECK_FALSE(SplitInflight::open(region.bytes, kSize / 2, 0).has_value());
  const std::uint16_t version = 2;
  std::memcpy(region.bytes.data() + offsetof(spec::QueueRegionSplit, version), &version, 2);
  CHECK_FALSE(SplitInflight::open(region.bytes, kSize, 0).has_value());
}

TEST_CASE("whatever a split region says, each head comes back at most once") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int count = 0; count < test::rounds(2'000); ++count) {
      Region region;
      static_cast<void>(region.open(0));
      random.fill(
          std::span(region.bytes).subspan(offsetof(spec::QueueRegionSplit, last_batch_head)));
      const SplitInflight inflight = region.open(static_cast<std::uint16_t>(random.next()));
      Heads heads = inflight.unanswered();
      std::ranges::sort(heads);
      REQUIRE(std::ranges::adjacent_find(heads) == heads.end());
      REQUIRE((heads.empty() || heads.back() < kSize));
    }
  }
}

} // namespace argon::vhost_user
