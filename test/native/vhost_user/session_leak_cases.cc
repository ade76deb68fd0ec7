// SPDX-License-Identifier: Apache-2.0

// Thousands of sessions with random messages: what they took they give back.

#include "support/message_player.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/random.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::vhost_user {

namespace {

// Sanitizers keep what was freed and use more of everything.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

test::MessagePlayer::Totals playMany(test::MessagePlayer& player, test::Random& random, int count) {
  test::MessagePlayer::Totals sum;
  for (int round = 0; round < count; ++round) {
    const std::vector<std::byte> input = random.bytes(random.between(1, 400));
    const test::MessagePlayer::Totals totals = player.play(input);
    sum.sessionCount += totals.sessionCount;
    sum.messageCount += totals.messageCount;
    sum.answerCount += totals.answerCount;
    sum.ringStartCount += totals.ringStartCount;
  }
  return sum;
}

} // namespace

TEST_CASE("sessions with random messages leave no descriptor, mapping or memory behind") {
  test::MessagePlayer player;
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    playMany(player, random, 200);
    const std::size_t fdsBefore = test::openFdCount();
    const std::size_t memfdMapsBefore = test::mappingCount("/memfd:");
    const std::size_t mapsBefore = test::mappingCount();
    const std::size_t kibBefore = test::residentKib();

    const test::MessagePlayer::Totals totals = playMany(player, random, 600);

    MESSAGE(totals.sessionCount, " sessions, ", totals.messageCount, " messages, ",
            totals.answerCount, " answers, ", totals.ringStartCount, " ring starts");
    CHECK(totals.sessionCount >= 600);
    CHECK(totals.answerCount > 600);
    CHECK(totals.ringStartCount > 100);
    CHECK(test::openFdCount() == fdsBefore);
    CHECK(test::mappingCount("/memfd:") == memfdMapsBefore);
    if (!kIsSanitized) {
      CHECK(test::mappingCount() <= mapsBefore + 4);
      CHECK(test::residentKib() <= kibBefore + 4096);
    }
  }
}

} // namespace argon::vhost_user
