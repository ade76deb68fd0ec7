// SPDX-License-Identifier: Apache-2.0
#include "storage/buffer_pool.h"

#include "base/alignment.h"
#include "base/result.h"
#include "support/death.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::size_t kSmall = 4096;
constexpr std::size_t kMiddle = std::size_t{32} * 1024;
constexpr std::size_t kLarge = BufferPool::kBufferBytesMax;

std::unique_ptr<BufferPool> makePool() {
  Result<std::unique_ptr<BufferPool>> pool = BufferPool::create();
  REQUIRE_OK(pool);
  return *std::move(pool);
}

} // namespace

TEST_CASE("a buffer is the smallest that holds what was asked for, and starts on a page") {
  const auto pool = makePool();
  for (const auto& [asked, given] :
       std::vector<std::pair<std::size_t, std::size_t>>{{1, kSmall},
                                                        {kSmall, kSmall},
                                                        {kSmall + 1, kMiddle},
                                                        {kMiddle, kMiddle},
                                                        {kMiddle + 1, kLarge},
                                                        {kLarge, kLarge}}) {
    CAPTURE(asked);
    const std::span<std::byte> buffer = pool->take(asked);
    CHECK(buffer.size() == given);
    CHECK(isAligned(buffer.data(), 4096));
    pool->giveBack(buffer);
  }
}

TEST_CASE("the buffer given back last comes first") {
  const auto pool = makePool();
  const std::span<std::byte> first = pool->take(1);
  const std::span<std::byte> second = pool->take(1);
  pool->giveBack(second);
  pool->giveBack(first);

  CHECK(pool->take(1).data() == first.data());
  CHECK(pool->take(1).data() == second.data());
}

TEST_CASE("when small buffers run out larger ones are given, and then none") {
  const auto pool = makePool();
  std::vector<std::span<std::byte>> taken;
  std::vector<std::size_t> sizes;
  while (true) {
    const std::span<std::byte> buffer = pool->take(1);
    if (buffer.empty()) {
      break;
    }
    taken.push_back(buffer);
    sizes.push_back(buffer.size());
  }

  CHECK(std::ranges::is_sorted(sizes));
  CHECK(sizes.front() == kSmall);
  CHECK(sizes.back() == kLarge);
  CHECK(pool->take(kLarge).empty());
  pool->giveBack(taken.back());
  CHECK(pool->take(1).size() == kLarge);
}

TEST_CASE("large requests are refused while small buffers are left") {
  const auto pool = makePool();
  std::size_t count = 0;
  while (!pool->take(kLarge).empty()) {
    ++count;
  }

  CHECK(count == 64);
  CHECK(pool->take(kMiddle).size() == kMiddle);
  CHECK(pool->take(1).size() == kSmall);
}

TEST_CASE("no two buffers in use share a byte") {
  const auto pool = makePool();
  test::Random random(1);
  std::vector<std::span<std::byte>> taken;
  for (int round = 0; round < 5'000; ++round) {
    if (random.chance(45) && !taken.empty()) {
      const std::size_t which = random.below(taken.size());
      pool->giveBack(taken[which]);
      taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (const std::span<std::byte> buffer = pool->take(random.between(1, kLarge));
               !buffer.empty()) {
      taken.push_back(buffer);
    }
  }

  std::ranges::sort(taken, {}, [](std::span<std::byte> buffer) { return buffer.data(); });
  for (std::size_t index = 1; index < taken.size(); ++index) {
    REQUIRE(taken[index - 1].data() + taken[index - 1].size() <= taken[index].data());
  }
}

TEST_CASE("a buffer of a size that the pool does not have is a bug of ours") {
  const auto pool = makePool();
  std::vector<std::byte> stranger(100);
  test::checkDies("unreachable", [&] { pool->giveBack(stranger); });
}

} // namespace argon
