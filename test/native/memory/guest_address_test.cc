// SPDX-License-Identifier: Apache-2.0
#include "memory/guest_address.h"

#include "support/test.h"

#include <type_traits>

namespace argon {

TEST_CASE("a guest's address is not taken for a front end's") {
  CHECK_FALSE(std::is_convertible_v<GuestAddress, FrontendAddress>);
  CHECK_FALSE(std::is_constructible_v<GuestAddress, FrontendAddress>);
  CHECK(GuestAddress(0x1000).get() == FrontendAddress(0x1000).get());
}

} // namespace argon
