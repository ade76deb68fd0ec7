// SPDX-License-Identifier: Apache-2.0
#include "storage/limit_tree.h"

#include "storage/throttle.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace argon {

namespace {

LimitSet readsPerSecond(std::uint64_t count) {
  LimitSet limits;
  limits[static_cast<std::size_t>(LimitName::ReadOperations)] = {.unitsPerSecond = count};
  return limits;
}

using Scope = LimitTree::Scope;

} // namespace

TEST_CASE("a volume's requests go through its own level, its guest's and the host's") {
  LimitTree tree;

  const auto first = tree.levelsOf("a", "guest");
  const auto second = tree.levelsOf("b", "guest");
  const auto third = tree.levelsOf("c", "");

  REQUIRE(first.size() == 3);
  REQUIRE(second.size() == 3);
  REQUIRE(third.size() == 2);
  CHECK(first[0] != second[0]);
  CHECK(first[1] == second[1]);
  CHECK(first[2] == second[2]);
  CHECK(third[1] == first[2]);
}

TEST_CASE("limits may be set before there is a volume, and stay") {
  LimitTree tree;

  CHECK(tree.setLimits(Scope::Volume, "a", readsPerSecond(5)));
  CHECK(tree.setLimits(Scope::Guest, "g", readsPerSecond(6)));
  CHECK(tree.setLimits(Scope::Host, "", readsPerSecond(7)));

  const auto levels = tree.levelsOf("a", "g");
  CHECK(levels[0]->limits() == readsPerSecond(5));
  CHECK(levels[1]->limits() == readsPerSecond(6));
  CHECK(levels[2]->limits() == readsPerSecond(7));
}

TEST_CASE("a guest and a volume of one name are two levels") {
  LimitTree tree;

  CHECK(tree.setLimits(Scope::Volume, "same", readsPerSecond(5)));
  CHECK(tree.setLimits(Scope::Guest, "same", readsPerSecond(6)));

  const std::vector<LimitTree::Level> list = tree.list();
  REQUIRE(list.size() == 3);
  CHECK(list[0].scope == Scope::Host);
  CHECK(list[1].scope == Scope::Guest);
  CHECK(list[1].name == "same");
  CHECK(list[1].limits == readsPerSecond(6));
  CHECK(list[2].scope == Scope::Volume);
  CHECK(list[2].limits == readsPerSecond(5));
}

TEST_CASE("a level goes when nobody uses it and nothing is set on it") {
  LimitTree tree;
  auto levels = tree.levelsOf("a", "g");
  CHECK(tree.list().size() == 3);
  CHECK(tree.setLimits(Scope::Volume, "a", readsPerSecond(5)));

  levels.clear();
  CHECK(tree.list().size() == 2);
  CHECK(tree.setLimits(Scope::Volume, "a", {}));

  CHECK(tree.list().size() == 1);
}

TEST_CASE("there is an end to levels that are made up") {
  LimitTree tree;
  for (std::size_t count = 0; count < LimitTree::kLevelCountMax; ++count) {
    CHECK(tree.setLimits(Scope::Volume, std::to_string(count), readsPerSecond(1)));
  }

  CHECK_FALSE(tree.setLimits(Scope::Guest, "one more", readsPerSecond(1)));

  CHECK(tree.setLimits(Scope::Volume, "7", readsPerSecond(2)));
  CHECK(tree.setLimits(Scope::Host, "", readsPerSecond(2)));
  CHECK(tree.setLimits(Scope::Volume, "8", {}));
  CHECK(tree.setLimits(Scope::Guest, "one more", readsPerSecond(1)));
}

} // namespace argon
