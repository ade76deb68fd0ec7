// SPDX-License-Identifier: Apache-2.0
#include "vpc/drop_reason.h"

#include "support/test.h"

#include <cstddef>
#include <set>
#include <string>

namespace argon::vpc {

TEST_CASE("every reason has a name of its own") {
  std::set<std::string> names;
  for (std::size_t reason = 0; reason < kDropReasonCount; ++reason) {
    names.emplace(dropReasonName(static_cast<DropReason>(reason)));
  }
  CHECK(names.size() == kDropReasonCount);
  CHECK(dropReasonName(DropReason::FragmentWithoutFirst) == "fragment-without-first");
}

} // namespace argon::vpc
