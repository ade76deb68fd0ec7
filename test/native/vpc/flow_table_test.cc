// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_table.h"

#include "packet/address.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1000 * kMs;

FlowKey keyOf(std::uint32_t interface, std::uint16_t port) {
  return {.local = packet::IpAddress::v4(10, 0, 0, 1),
          .remote = packet::IpAddress::v4(10, 0, 0, 2),
          .interface = static_cast<std::uint16_t>(interface),
          .localPort = port,
          .remotePort = 80,
          .protocol = 6};
}

FlowTable::Options optionsFor(std::uint32_t capacity) {
  return {.capacity = capacity, .ownerCountMax = 4, .interfaceCountMax = 4, .secret = {{3, 4}}};
}

// What a table should hold, by interface and port.
struct Known {
  std::uint64_t dueNs = 0;
  bool isTracked = false;
};
using Model = std::map<std::pair<std::uint32_t, std::uint16_t>, Known>;

std::uint32_t trackedIn(const Model& model, std::uint32_t owner) {
  return static_cast<std::uint32_t>(std::ranges::count_if(model, [owner](const auto& entry) {
    return entry.first.first == owner && entry.second.isTracked;
  }));
}

// One random thing done to a table and its model. The model forgets at once.
class Walk {
public:
  Walk(test::Random& random, std::uint32_t capacity)
      : random_(random), capacity_(capacity), table_(optionsFor(capacity)) {}

  void step() {
    nowNs_ += random_.chance(30) ? random_.below(3 * kSecond) : random_.below(kMs);
    if (random_.chance(1)) {
      nowNs_ += random_.below(3000) * kSecond;
    }
    forgetIdle();
    const auto interface = static_cast<std::uint32_t>(random_.below(4));
    const auto port = static_cast<std::uint16_t>(random_.below(std::uint64_t{capacity_} * 2));
    Flow* flow = table_.find(keyOf(interface, port), nowNs_);
    const auto known = model_.find({interface, port});
    REQUIRE((flow != nullptr) == (known != model_.end()));
    if (flow == nullptr) {
      insert(interface, port);
    } else {
      change(*flow, known);
    }
    if (random_.chance(20)) {
      static_cast<void>(table_.expire(nowNs_, static_cast<unsigned>(random_.below(20))));
    }
    if (random_.chance(1) && random_.chance(20)) {
      table_.removeInterface(interface);
      std::erase_if(model_, [&](const auto& entry) { return entry.first.first == interface; });
    }
  }

  // Once every list of a second that is over has been looked at, the table holds what the model
  // does.
  void settle() {
    nowNs_ = (nowNs_ / kSecond + 1) * kSecond - 1;
    forgetIdle();
    CHECK_FALSE(table_.expire(nowNs_ + 1, 1'000'000));
    CHECK(table_.size() == model_.size());
    for (std::uint32_t owner = 0; owner < 4; ++owner) {
      CHECK(table_.trackedCount(owner) == trackedIn(model_, owner));
      std::size_t count = 0;
      table_.visitInterface(owner, [&](const Flow& flow) {
        CHECK(flow.key.interface == owner);
        ++count;
        return true;
      });
      CHECK(count == static_cast<std::size_t>(std::ranges::count_if(
                         model_, [owner](const auto& one) { return one.first.first == owner; })));
    }
  }

private:
  void forgetIdle() {
    std::erase_if(model_, [this](const auto& entry) { return nowNs_ >= entry.second.dueNs; });
  }

  void insert(std::uint32_t interface, std::uint16_t port) {
    const auto idleMs = static_cast<std::uint32_t>(
        random_.chance(20) ? random_.between(1000, 2'000'000) : random_.between(500, 30'000));
    const Known known{.dueNs = nowNs_ + idleMs * kMs, .isTracked = random_.chance(50)};
    const Flow* flow =
        table_.insert(keyOf(interface, port),
                      {.owner = interface, .isTracked = known.isTracked, .idleMs = idleMs}, nowNs_);
    // Idle ones that nobody has looked at yet may take room, but never more than there is.
    if (flow == nullptr) {
      CHECK(table_.size() == capacity_);
      return;
    }
    model_[{interface, port}] = known;
  }

  void change(Flow& flow, Model::iterator known) {
    CHECK(flow.isTracked == known->second.isTracked);
    CHECK(flow.dueNs == known->second.dueNs);
    switch (random_.below(4)) {
    case 0:
      table_.remove(flow);
      model_.erase(known);
      break;
    case 1:
      table_.setTracked(flow, !flow.isTracked);
      known->second.isTracked = flow.isTracked;
      break;
    default:
      const auto idleMs = static_cast<std::uint32_t>(random_.between(500, 60'000));
      table_.note(flow, idleMs, nowNs_);
      known->second.dueNs = nowNs_ + idleMs * kMs;
    }
  }

  test::Random& random_;
  std::uint32_t capacity_;
  std::uint64_t nowNs_ = 5000 * kSecond;
  Model model_;
  FlowTable table_;
};

} // namespace

TEST_CASE("a table of flows holds what a map of them does, whatever is done to it") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const std::uint32_t capacity : {1U, 7U, 64U, 500U}) {
      CAPTURE(seed);
      CAPTURE(capacity);
      test::Random random(seed);
      Walk walk(random, capacity);
      for (int count = 0; count < test::rounds(6000); ++count) {
        walk.step();
        if (count % 1000 == 0) {
          walk.settle();
        }
      }
      walk.settle();
    }
  }
}

TEST_CASE("each part of a key tells flows apart") {
  FlowTable table(optionsFor(100));
  std::vector<FlowKey> keys(7, keyOf(1, 1));
  keys[1].local.low ^= 1;
  keys[2].remote.high ^= 1;
  keys[3].interface = 2;
  keys[4].localPort = 2;
  keys[5].remotePort = 2;
  keys[6].protocol = 17;
  std::vector<const Flow*> flows;
  for (const FlowKey& key : keys) {
    CHECK(table.find(key, 0) == nullptr);
    flows.push_back(table.insert(key, {.idleMs = 1000}, 0));
  }
  for (std::size_t index = 0; index < keys.size(); ++index) {
    CHECK(table.find(keys[index], 0) == flows[index]);
  }
}

TEST_CASE("a table takes as many flows as it has room for, and then says so") {
  constexpr std::uint32_t kCapacity = 20'000;
  FlowTable table(optionsFor(kCapacity));
  for (std::uint32_t index = 0; index < kCapacity; ++index) {
    REQUIRE(table.insert(keyOf(index % 4, static_cast<std::uint16_t>(index)), {.idleMs = 10'000},
                         0) != nullptr);
  }
  CHECK(table.insert(keyOf(0, 40'000), {.idleMs = 10'000}, 9 * kSecond) == nullptr);
  CHECK(table.size() == kCapacity);
  CHECK(table.insert(keyOf(0, 40'000), {.idleMs = 10'000}, 11 * kSecond) != nullptr);
}

TEST_CASE("the flow at the other end is found, whoever has its place by now") {
  FlowTable table(optionsFor(100));
  const FlowKey key = keyOf(1, 1);
  Flow& sent = *table.insert(keyOf(0, 1), {.idleMs = 100'000}, 0);
  CHECK(table.findPeer(sent, key, 0) == nullptr);
  Flow* peer = table.insert(key, {.idleMs = 1000}, 0);
  for (int time = 0; time < 2; ++time) {
    CHECK(table.findPeer(sent, key, 0) == peer);
    CHECK(table.findPeer(*peer, sent.key, 0) == &sent);
  }
  // Another key is not taken for it.
  CHECK(table.findPeer(sent, keyOf(2, 1), 0) == nullptr);

  SUBCASE("forgotten") { table.remove(*peer); }
  SUBCASE("idle") { CHECK(table.findPeer(sent, key, kSecond) == nullptr); }
  SUBCASE("in another place") {
    table.remove(*peer);
    Flow* other = table.insert(keyOf(2, 7), {.idleMs = 100'000}, 0);
    CHECK(other == peer);
    CHECK(table.findPeer(sent, key, kSecond) == nullptr);
    peer = table.insert(key, {.idleMs = 100'000}, 0);
    CHECK(peer != other);
    CHECK(table.findPeer(sent, key, kSecond) == peer);
    return;
  }
  CHECK(table.findPeer(sent, key, kSecond) == nullptr);
  CHECK(table.size() == 1);
}

TEST_CASE("what is fetched ahead is what is found") {
  FlowTable table(optionsFor(1000));
  for (std::uint16_t port = 0; port < 1000; ++port) {
    REQUIRE(table.insert(keyOf(port % 4, port), {.idleMs = 1000}, 0) != nullptr);
  }
  for (std::uint16_t port = 0; port < 1000; ++port) {
    const FlowProbe probe = table.probe(keyOf(port % 4, port));
    table.prefetch(probe);
    CHECK(table.prefetchFlow(probe) != 0);
    table.prefetchPeer(table.prefetchFlow(probe));
    CHECK(table.find(probe, 0) != nullptr);
  }
}

TEST_CASE("a look at idle flows is bounded") {
  FlowTable table(optionsFor(100));
  for (std::uint16_t port = 0; port < 100; ++port) {
    REQUIRE(table.insert(keyOf(0, port), {.idleMs = 1000}, 0) != nullptr);
  }
  CHECK(table.expire(2 * kSecond, 30));
  CHECK(table.size() == 70);
  CHECK_FALSE(table.expire(2 * kSecond, 100));
  CHECK(table.size() == 0);
}

} // namespace argon::vpc
