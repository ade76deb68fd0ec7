// SPDX-License-Identifier: Apache-2.0

// The catalog of messages against a network device, with the features that it has: after each of
// them the next front end is served, the other end of its cable and another cable go on, and
// nothing is left behind.

#include "base/unique_fd.h"
#include "hostile/attacker.h"
#include "hostile/message_catalog.h"
#include "hostile/net_rig.h"
#include "memory/memory_region.h"
#include "support/memfd.h"
#include "support/net_backend.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace argon::hostile {

namespace {

// Those that are about features which a network device has not, so that they end the session, or
// are not answered as the case wants it.
constexpr auto kOfOtherFeatures = std::to_array<std::string_view>({
    "a configuration read beyond the space is answered with nothing",
    "a configuration write beyond the space or of another size than it says",
    "a configuration write of what is read-only",
    "an in-flight region of garbage, under a split or packed ring that starts",
    "an in-flight region that is no memory",
    "an in-flight region that is the guest's memory, rings and all",
    "an in-flight region that no description can be",
    "an in-flight region too small for the ring that starts",
    "in-flight regions over and over, under a ring that runs",
    "tracking asked for over and over, of the largest rings",
    "tracking for no queues, more than there are, or no entries",
});

// Those that are about ring 1 too, which an interface has.
constexpr auto kOfSecondRing = std::to_array<std::string_view>({
    "a descriptor for a ring that is not there",
    "a size, base or enable of a ring that is not there",
    "addresses of a ring that is not there",
});

bool isRight(const MessageCase& messageCase, Told told) {
  if (std::ranges::find(kOfOtherFeatures, messageCase.name) != kOfOtherFeatures.end()) {
    return told == Told::HungUp || told == Told::Failed;
  }
  const bool isOfSecondRing =
      std::ranges::find(kOfSecondRing, messageCase.name) != kOfSecondRing.end();
  return told == messageCase.expected || (isOfSecondRing && told == Told::Accepted);
}

// Descriptors and mappings of guests that this process holds.
struct Holdings {
  std::size_t fds = test::openFdCount();
  std::size_t mappings = test::mappingCount("argon-frontend");

  friend bool operator==(const Holdings&, const Holdings&) = default;
};

// A whole session with interface 0, and what is held while it goes on.
Holdings checkNextServed(const test::NetBackend& backend, NetGuest& peer) {
  NetGuest next(backend, 0);
  checkServed(next, peer);
  return {};
}

} // namespace

TEST_CASE("the next front end of an interface is served after every message of the catalog") {
  const test::NetBackend backend({.interfaceCount = 4});
  NetGuest peer(backend, 1);
  NetGuest left(backend, 2);
  NetGuest right(backend, 3);
  const Holdings before = checkNextServed(backend, peer);
  for (const MessageCase& messageCase : messageCases()) {
    for (std::uint32_t variant = 0; variant < messageCase.variantCount; ++variant) {
      CAPTURE(messageCase.name);
      CAPTURE(variant);
      {
        Attacker attacker(backend.connectChannel(0), messageCase.prelude);
        CHECK(isRight(messageCase, messageCase.play(attacker, variant)));
      }
      static_cast<void>(checkNextServed(backend, peer));
      checkServed(left, right);
    }
  }

  CHECK(checkNextServed(backend, peer) == before);
}

TEST_CASE("memory that is added again without end, with lies in between, is counted and no more") {
  constexpr int kPairCount = 4;
  const test::NetBackend backend({.interfaceCount = 4, .pairCount = kPairCount});
  NetGuest peer(backend, 1);
  NetGuest left(backend, 2);
  NetGuest right(backend, 3);
  const Holdings before = checkNextServed(backend, peer);
  {
    Attacker attacker(backend.connectChannel(0), Prelude::Running);
    const RegionDescription own = attacker.region();
    const UniqueFd other = test::makeMemfd(own.sizeBytes, test::Sealed::Yes);
    const auto addOther = [&attacker, &own, &other] {
      return attacker.peer().tell(vhost_user::spec::Request::ADD_MEM_REG,
                                  test::bytesOf(test::singleRegionPayload(own)),
                                  std::array{other.get()});
    };
    for (int round = 0; round < 20; ++round) {
      for (int count = 1; count < kPairCount; ++count) {
        CHECK(attacker.addRegion(own) == Told::Accepted);
        CHECK(addOther() == Told::Refused);
      }
      CHECK(attacker.addRegion(own) == Told::Refused);
      for (int count = 1; count < kPairCount; ++count) {
        CHECK(attacker.removeRegion(own) == Told::Accepted);
      }
    }
    CHECK(attacker.removeRegion(own) == Told::Accepted);
    CHECK(attacker.removeRegion(own) == Told::Refused);
    // All memory is gone, and comes back once.
    CHECK(addOther() == Told::Accepted);
    CHECK(attacker.addRegion(own) == Told::Refused);
    checkServed(left, right);
  }

  CHECK(checkNextServed(backend, peer) == before);
}

} // namespace argon::hostile
