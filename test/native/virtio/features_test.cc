// SPDX-License-Identifier: Apache-2.0
#include "virtio/features.h"

#include "support/test.h"

#include <cstdint>

namespace argon::virtio {

TEST_CASE("a set has the bits that it was given, to the last of 64") {
  const FeatureSet set = FeatureSet().with(0).with(32).with(63);

  CHECK(set.has(0));
  CHECK(set.has(32));
  CHECK(set.has(63));
  CHECK_FALSE(set.has(1));
  CHECK_FALSE(set.has(31));
  CHECK(set.bits() == 0x8000'0001'0000'0001);
}

TEST_CASE("a bit can be taken away, once or again") {
  const FeatureSet set = FeatureSet(UINT64_MAX).without(63).without(63);

  CHECK(set.bits() == UINT64_MAX >> 1);
  CHECK(FeatureSet().without(5) == FeatureSet());
}

TEST_CASE("what two sets have in common is a subset of both") {
  const FeatureSet left(0b1100);
  const FeatureSet right(0b1010);

  CHECK(left.commonWith(right) == FeatureSet(0b1000));
  CHECK(left.commonWith(right).isSubsetOf(left));
  CHECK(left.commonWith(right).isSubsetOf(right));
}

TEST_CASE("a driver that accepts a bit which was not offered is found out") {
  const FeatureSet offered(0b1100);

  CHECK(FeatureSet(0b1100).isSubsetOf(offered));
  CHECK(FeatureSet(0).isSubsetOf(offered));
  CHECK_FALSE(FeatureSet(0b0001).isSubsetOf(offered));
  CHECK_FALSE(FeatureSet(std::uint64_t{1} << 63).isSubsetOf(offered));
}

} // namespace argon::virtio
