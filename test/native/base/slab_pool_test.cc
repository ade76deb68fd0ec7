// SPDX-License-Identifier: Apache-2.0
#include "base/slab_pool.h"

#include "base/alignment.h"
#include "base/error.h"
#include "base/result.h"
#include "support/death.h"
#include "support/test.h"

#include <cstddef>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace argon {

namespace {

struct Counted {
  Counted() { ++aliveCount; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --aliveCount; }

  int number = 0;
  static inline int aliveCount = 0;
};

struct alignas(64) Wide {
  std::byte filler[96];
};

template <typename Object>
std::unique_ptr<SlabPool<Object>> makePool(std::size_t capacity) {
  Result<std::unique_ptr<SlabPool<Object>>> pool = SlabPool<Object>::create(capacity);
  REQUIRE_OK(pool);
  return *std::move(pool);
}

} // namespace

TEST_CASE("a pool hands out as many objects as it has, each once") {
  const auto pool = makePool<Counted>(100);
  std::set<Counted*> taken;
  for (int count = 0; count < 100; ++count) {
    Counted* object = pool->take();
    REQUIRE(object != nullptr);
    taken.insert(object);
  }

  CHECK(taken.size() == 100);
  CHECK(pool->usedCount() == 100);
  CHECK(pool->take() == nullptr);
  for (Counted* object : taken) {
    pool->giveBack(*object);
  }
  CHECK(pool->usedCount() == 0);
}

TEST_CASE("the object given back last comes first, with the state it had") {
  const auto pool = makePool<Counted>(3);
  Counted* first = pool->take();
  Counted* second = pool->take();
  second->number = 7;
  pool->giveBack(*first);
  pool->giveBack(*second);

  Counted* again = pool->take();

  CHECK(again == second);
  CHECK(again->number == 7);
  pool->giveBack(*again);
}

TEST_CASE("objects are made when first taken and all destroyed with the pool") {
  {
    const auto pool = makePool<Counted>(10);
    CHECK(Counted::aliveCount == 0);
    Counted* one = pool->take();
    Counted* two = pool->take();
    CHECK(Counted::aliveCount == 2);
    pool->giveBack(*one);
    pool->giveBack(*two);
    CHECK(Counted::aliveCount == 2);
  }

  CHECK(Counted::aliveCount == 0);
}

TEST_CASE("objects are aligned as they ask") {
  const auto pool = makePool<Wide>(5);
  std::vector<Wide*> taken;
  for (int count = 0; count < 5; ++count) {
    taken.push_back(pool->take());
    CHECK(isAligned(taken.back(), 64));
  }
  for (Wide* object : taken) {
    pool->giveBack(*object);
  }
}

TEST_CASE("a pool of nothing is refused") {
  const auto pool = SlabPool<Counted>::create(0);
  REQUIRE_FALSE(pool);
  CHECK(pool.error().kind() == ErrorKind::InvalidArgument);
}

TEST_CASE("a pool that goes while an object is in use is a bug of ours") {
  test::checkDies("free_.size() == madeCount_", [] {
    const auto pool = makePool<Counted>(2);
    static_cast<void>(pool->take());
  });
}

} // namespace argon
