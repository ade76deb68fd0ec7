// SPDX-License-Identifier: Apache-2.0
#include "network/punt_lane.h"

#include "base/cpu.h"
#include "network/interface.h"
#include "network/punt_ring.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "vpc/services.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace argon::network {

namespace {

using test::Bytes;
using test::OwnedFrame;
using vpc::Service;

bool ask(PuntLane& lane, std::uint32_t interface, const Bytes& bytes) {
  return lane.ask(InterfaceIndex(interface), Service::Dns, OwnedFrame(bytes, 50).frame());
}

} // namespace

TEST_CASE("nothing is asked before somebody serves") {
  PuntLane lane;
  CHECK_FALSE(ask(lane, 0, test::pattern(60)));
  CHECK(lane.questionCounters().passed.get() == 0);

  int wakes = 0;
  lane.serve([&wakes] { ++wakes; });
  CHECK(ask(lane, 0, test::pattern(60)));
  CHECK(ask(lane, 1, test::pattern(60)));
  CHECK(wakes == 1);
}

TEST_CASE("questions are handed out in portions, and the last one says so") {
  PuntLane lane;
  int wakes = 0;
  lane.serve([&wakes] { ++wakes; });
  for (std::uint32_t interface = 0; interface < 5; ++interface) {
    CHECK(ask(lane, interface, test::pattern(60)));
  }
  std::vector<std::uint32_t> from;
  const auto note = [&from](const PuntRing::Entry& entry) {
    from.push_back(entry.interface.get());
  };

  CHECK(lane.takeQuestions(3, note));
  CHECK(from == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(ask(lane, 5, test::pattern(60)));
  CHECK(wakes == 1); // It is at work.
  CHECK_FALSE(lane.takeQuestions(10, note));
  CHECK(from == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5});

  CHECK(ask(lane, 6, test::pattern(60)));
  CHECK(wakes == 2);
}

TEST_CASE("an answer goes to the interface that it is for, whole") {
  PuntLane lane;
  int wakes = 0;
  lane.setEngineWake([&wakes] { ++wakes; });
  for (const std::size_t size : {60UL, 256UL, 257UL, 1514UL}) {
    const Bytes bytes = test::pattern(size);
    CHECK(lane.answer(InterfaceIndex(9), bytes));
    unsigned given = 0;
    CHECK_FALSE(lane.takeAnswers(8, [&](const PuntRing::Entry& entry) {
      ++given;
      CHECK(entry.interface == InterfaceIndex(9));
      CHECK(std::ranges::equal(entry.frame, bytes));
    }));
    CHECK(given == 1);
  }
  CHECK(wakes == 4);
  CHECK_FALSE(lane.answer(InterfaceIndex(9), test::pattern(kPuntBytesMax + 1)));
  CHECK(lane.answerCounters().tooLong.get() == 1);
}

// Method: the answering thread returns each question, and rests on nothing but the lane's word.
TEST_CASE("every question gets its answer, between two threads that both rest") {
  const auto count = static_cast<std::uint32_t>(test::rounds(20'000));
  PuntLane lane;
  std::atomic<std::uint32_t> services = 0;
  std::atomic<std::uint32_t> engine = 0;
  std::atomic<bool> isOver = false;
  lane.setEngineWake([&engine] {
    ++engine;
    engine.notify_one();
  });
  lane.serve([&services] {
    ++services;
    services.notify_one();
  });

  std::jthread answering = startThread("services", [&] {
    std::uint32_t seen = 0;
    while (!isOver) {
      services.wait(seen);
      seen = services;
      while (lane.takeQuestions(7, [&lane](const PuntRing::Entry& entry) {
        CHECK(lane.answer(entry.interface, entry.frame));
      })) {
      }
    }
  });
  const Bytes bytes = test::pattern(80);
  std::uint32_t answered = 0;
  std::uint32_t seen = 0;
  for (std::uint32_t asked = 0; answered < count;) {
    for (; asked < count && asked - answered < 40; ++asked) {
      CHECK(ask(lane, asked % 5, bytes));
    }
    engine.wait(seen);
    seen = engine;
    while (lane.takeAnswers(7, [&answered](const PuntRing::Entry& /*entry*/) { ++answered; })) {
    }
  }
  isOver = true;
  ++services;
  services.notify_one();
  answering.join();

  CHECK(answered == count);
}

} // namespace argon::network
