// SPDX-License-Identifier: Apache-2.0

// A slot between a front end and cards that come, die and are replaced. What the last card was told
// must be what a card would have been told that was there all the time.

#include "backplane/front_end_script.h"
#include "backplane/model_card.h"
#include "backplane/plane.h"
#include "backplane/plane_scene.h"
#include "backplane/spec/control.h"
#include "base/cpu.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/process.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace {

using Request = vhost_user::spec::Request;
using Moment = DeathPoint::Moment;
using test::bytesOf;

constexpr std::array kMoments = {Moment::BeforeEffect, Moment::BeforeAnswer, Moment::AfterAnswer};

struct Undisturbed {
  std::string answers;
  ModelCard::State state;
  std::vector<std::string> messages;
};

Undisturbed playUndisturbed(const FrontEndScript& script) {
  PlaneScene scene;
  scene.openSlot(0);
  const std::unique_ptr<ModelCard> card = scene.serve("a");
  frontend::Channel channel = scene.connect();
  const Result<std::string> answers = script.play(channel);
  REQUIRE_OK(answers);
  return {.answers = *answers, .state = card->stateOf(0), .messages = card->messages()};
}

// Inflight memory is another one in each scene.
std::string withoutInflight(std::string answers) {
  const std::size_t at = answers.find("31:");
  return answers.erase(at, answers.find('\n', at) - at);
}

// Plays the script over cards that die as `deaths` say, one after another, and one that does not.
// Returns how many messages the last one got.
std::size_t checkTakenOver(const FrontEndScript& script, const Undisturbed& wanted,
                           const std::vector<DeathPoint>& deaths) {
  PlaneScene scene;
  scene.openSlot(0);
  std::vector<std::unique_ptr<ModelCard>> cards;
  cards.push_back(scene.serve("a", 0, {.death = deaths.front()}));
  frontend::Channel channel = scene.connect();
  std::optional<Result<std::string>> answers;
  std::jthread player = startThread("test-front-end", [&] { answers = script.play(channel); });
  for (std::size_t index = 1; index <= deaths.size(); ++index) {
    if (!test::waitUntil([&] { return cards.back()->isDead(); })) {
      break;
    }
    const std::string name = concat("card", index);
    cards.push_back(scene.attach(
        name, {.death = index < deaths.size() ? std::optional(deaths[index]) : std::nullopt}));
    scene.assign(0, name);
  }
  player.join();

  REQUIRE(answers.has_value());
  REQUIRE_OK(*answers);
  CHECK(withoutInflight(**answers) == withoutInflight(wanted.answers));
  CHECK(scene.waitServed());
  CHECK(cards.back()->stateOf(0) == wanted.state);
  const spec::SlotRecord record = scene.slot();
  CHECK(record.messageCount == wanted.messages.size());
  CHECK(record.frontEndCount == 1);
  CHECK(record.longestStallNs >= record.lastStallNs);
  return cards.back()->messages().size();
}

} // namespace

TEST_CASE("a slot passes everything on, both ways") {
  const FrontEndScript script;
  const Undisturbed run = playUndisturbed(script);

  CHECK(run.state.contains("SET_BACKEND_REQ_FD"));
  CHECK(run.state.at("region 0").find(identityOf(script.memory())) != std::string::npos);
  CHECK(run.state.at("ring 0 SET_VRING_KICK").find(identityOf(script.kick())) != std::string::npos);
  CHECK(!run.state.contains("ring 1 SET_VRING_KICK"));
  CHECK(!run.state.contains("region 8192"));
  CHECK(run.state.contains("region 16384"));
  CHECK(run.state.at("ring 0 at") == "17");
  CHECK(run.messages.front() == "GET_FEATURES");
  CHECK(run.messages.size() == 34);
}

TEST_CASE("a card that dies at any message, before or after its answer, is taken over from") {
  const FrontEndScript script;
  const Undisturbed wanted = playUndisturbed(script);
  for (std::size_t message = 0; message < wanted.messages.size(); ++message) {
    for (const Moment moment : kMoments) {
      // After the last answer nobody waits for another card.
      if (message + 1 == wanted.messages.size() && moment == Moment::AfterAnswer) {
        continue;
      }
      CAPTURE(wanted.messages[message]);
      CAPTURE(message);
      CAPTURE(static_cast<int>(moment));
      checkTakenOver(script, wanted, {{.message = message, .moment = moment}});
    }
  }
}

TEST_CASE("a card that dies while it takes over is taken over from, too") {
  const FrontEndScript script;
  const Undisturbed wanted = playUndisturbed(script);
  // The last message but one: everything is set, and a replay is as long as it gets.
  const DeathPoint first{.message = wanted.messages.size() - 2, .moment = Moment::BeforeEffect};
  const std::size_t count = checkTakenOver(script, wanted, {first});
  // The last two are what the front end says after the replay.
  for (std::size_t message = 0; message + 2 < count; ++message) {
    CAPTURE(message);
    const DeathPoint second{.message = message, .moment = kMoments.at(message % kMoments.size())};
    checkTakenOver(script, wanted, {first, second, second});
  }
}

TEST_CASE("what is replayed is in order, and acknowledged where it can be") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  std::unique_ptr<ModelCard> first = scene.serve("a");
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  REQUIRE_OK(script.startRing(channel, 0));
  CHECK((scene.slot().flags & spec::DRIVER_OK) != 0);
  first = nullptr;
  CHECK(scene.waitReason("card a is gone"));
  const std::unique_ptr<ModelCard> second = scene.serve("b");
  REQUIRE(scene.waitServed());

  const std::vector<std::string> expected = {
      "GET_FEATURES",          "GET_PROTOCOL_FEATURES", "SET_OWNER",      "SET_FEATURES",
      "SET_PROTOCOL_FEATURES", "SET_MEM_TABLE",         "SET_VRING_NUM",  "SET_VRING_ADDR",
      "SET_VRING_BASE",        "SET_VRING_ERR",         "SET_VRING_CALL", "SET_VRING_KICK",
      "SET_VRING_ENABLE"};
  CHECK(second->messages() == expected);
  const spec::SlotRecord record = scene.slot();
  CHECK(record.replayCount == 1);
  CHECK(record.lastStallNs > 0);
  CHECK(record.parkedForNs == 0);
  CHECK(std::string(record.card) == "b");
}

TEST_CASE("a parked front end waits with one message, and one that asks gets its answer later") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(channel.send(Request::GET_FEATURES, {}));
  REQUIRE_OK(channel.send(Request::GET_QUEUE_NUM, {}));
  CHECK(test::waitUntil([&] { return scene.slot().messageCount == 1; }));
  CHECK(scene.reasonOf().find("not assigned") != std::string::npos);
  CHECK(scene.slot().parkedForNs > 0);

  const std::unique_ptr<ModelCard> card = scene.serve("a");
  const Result<frontend::Answer> features = channel.receive();
  REQUIRE_OK(features);
  CHECK(features->header.request == static_cast<std::uint32_t>(Request::GET_FEATURES));
  const Result<frontend::Answer> queues = channel.receive();
  REQUIRE_OK(queues);
  CHECK(queues->payload.front() == std::byte{4});
  // Nobody took a running session over.
  CHECK(scene.slot().replayCount == 0);
  CHECK(scene.slot().lastStallNs == 0);
}

TEST_CASE("a card without a feature that was accepted does not get the slot") {
  const FrontEndScript script;
  for (const bool isProtocol : {false, true}) {
    PlaneScene scene;
    scene.openSlot(0);
    std::unique_ptr<ModelCard> first = scene.serve("a");
    frontend::Channel channel = scene.connect();
    REQUIRE_OK(script.negotiate(channel));
    first = nullptr;

    ModelCard::Options poor;
    (isProtocol ? poor.protocolFeatures : poor.features) =
        virtio::FeatureSet(~std::uint64_t{0}).without(isProtocol ? 15 : 32);
    const std::unique_ptr<ModelCard> second = scene.serve("b", 0, poor);
    CHECK(scene.waitReason("does not offer what was accepted"));
    CHECK(second->stateOf(0).empty());
    const std::unique_ptr<ModelCard> third = scene.serve("c");
    CHECK(scene.waitServed());
    CHECK_OK(script.startRing(channel, 0));
  }
}

TEST_CASE("a card that refuses what is replayed does not get the slot") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  std::unique_ptr<ModelCard> first = scene.serve("a");
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  first = nullptr;

  const std::unique_ptr<ModelCard> second =
      scene.serve("b", 0, {.refused = {Request::SET_MEM_TABLE}});
  CHECK(scene.waitReason("the card refused SET_MEM_TABLE"));
  // A front end is not to blame for what is replayed.
  const std::unique_ptr<ModelCard> third = scene.serve("c", 0, {.ended = {Request::SET_OWNER}});
  CHECK(scene.waitReason("front-end fault"));
  CHECK((scene.slot().flags & spec::FRONT_END_CONNECTED) != 0);
  const std::unique_ptr<ModelCard> fourth = scene.serve("d");
  CHECK(scene.waitServed());
  CHECK_OK(script.startRing(channel, 0));
}

TEST_CASE("a message that the card refused is not replayed, and the refusal is passed on") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  std::unique_ptr<ModelCard> first =
      scene.serve("a", 0, {.refused = {Request::SET_VRING_NUM, Request::SET_VRING_ENABLE}});
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  // NUM is sent without asking for an acknowledgment, ENABLE with.
  CHECK(!script.startRing(channel, 0).has_value());
  first = nullptr;
  const std::unique_ptr<ModelCard> second = scene.serve("b");
  REQUIRE(scene.waitServed());

  const std::vector<std::string> messages = second->messages();
  CHECK(std::ranges::count(messages, "SET_VRING_ADDR") == 1);
  CHECK(std::ranges::count(messages, "SET_VRING_NUM") == 0);
  CHECK(std::ranges::count(messages, "SET_VRING_ENABLE") == 0);
}

TEST_CASE("a front end at fault is hung up on, and may come again") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  const std::unique_ptr<ModelCard> card =
      scene.serve("a", 0, {.ended = {Request::GET_SHARED_OBJECT}});
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  const std::array<std::byte, 16> id{};
  CHECK(!channel.ask(Request::GET_SHARED_OBJECT, id).has_value());

  frontend::Channel again = scene.connect();
  CHECK_OK(script.play(again));
  CHECK(card->stateOf(0).contains("SET_FEATURES"));
  CHECK(scene.slot().frontEndCount == 2);
  CHECK(scene.slot().replayCount == 0);
}

TEST_CASE("a front end that hangs up is forgotten, at any moment, and the next one starts anew") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  std::unique_ptr<ModelCard> card = scene.serve("a", 0, {.ignored = {Request::GET_CONFIG}});
  {
    frontend::Channel channel = scene.connect();
    REQUIRE_OK(script.play(channel));
  }
  {
    // Before an answer.
    frontend::Channel channel = scene.connect();
    REQUIRE_OK(script.negotiate(channel));
    const std::array<std::byte, 72> payload{};
    REQUIRE_OK(channel.send(Request::GET_CONFIG, payload));
    CHECK(test::waitUntil([&] { return std::ranges::count(card->messages(), "GET_CONFIG") == 1; }));
  }
  CHECK(test::waitUntil([&] { return (scene.slot().flags & spec::FRONT_END_CONNECTED) == 0; }));
  card = nullptr;
  {
    // While it is parked, with a message held and another one in its socket.
    frontend::Channel channel = scene.connect();
    REQUIRE_OK(channel.send(Request::SET_OWNER, {}));
    REQUIRE_OK(channel.send(Request::SET_OWNER, {}));
    CHECK(test::waitUntil([&] { return (scene.slot().flags & spec::FRONT_END_CONNECTED) != 0; }));
  }
  CHECK(test::waitUntil([&] { return (scene.slot().flags & spec::FRONT_END_CONNECTED) == 0; }));
  CHECK(scene.slot().parkedForNs == 0);

  const std::unique_ptr<ModelCard> next = scene.serve("b");
  CHECK(scene.waitServed());
  CHECK(next->messages().empty());
  frontend::Channel channel = scene.connect();
  CHECK_OK(script.play(channel));
}

TEST_CASE("a slot goes to another card when the one before has let go of it") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  const std::unique_ptr<ModelCard> first = scene.serve("a");
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  const std::unique_ptr<ModelCard> second = scene.serve("b");
  CHECK(scene.waitServed());
  CHECK(first->stateOf(0).empty());
  CHECK(second->stateOf(0).contains("region 0"));
  CHECK_OK(script.startRing(channel, 0));

  // One that never says that it has let go, until it is gone.
  std::unique_ptr<ModelCard> mute = scene.serve("c", 0, {.isSilent = true});
  REQUIRE(scene.waitServed());
  const std::unique_ptr<ModelCard> last = scene.serve("d");
  CHECK(scene.reasonOf().find("has not let go") != std::string::npos);
  CHECK(last->sessionCount() == 0);
  mute = nullptr;
  CHECK(scene.waitServed());
  CHECK(last->stateOf(0).contains("region 0"));
}

TEST_CASE("a slot that is taken from its card waits, and the same card may have it again") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  const std::unique_ptr<ModelCard> card = scene.serve("a");
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  scene.assign(0, "");
  CHECK(scene.reasonOf().find("not assigned") != std::string::npos);
  CHECK(std::string(scene.slot().card).empty());
  scene.assign(0, "a");
  CHECK(scene.waitServed());
  CHECK(card->sessionCount() == 2);
  // It has it: nothing happens.
  scene.assign(0, "a");
  CHECK_OK(script.startRing(channel, 0));
  CHECK(card->sessionCount() == 2);
}

TEST_CASE("a card that answers what nobody asked loses its session, and no more") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  ChannelPair ends = makeChannel();
  scene.run([&](Plane& plane) {
    REQUIRE_OK(plane.attachCard("liar", std::move(ends.backplane)));
    REQUIRE_OK(plane.assign(0, "liar"));
  });
  frontend::Channel channel = scene.connect();
  std::optional<vhost_user::SlotOffer> offer;
  REQUIRE(test::waitUntil([&] {
    Result<std::optional<vhost_user::SlotOffer>> got =
        vhost_user::receiveSlotOffer(ends.card.get());
    REQUIRE_OK(got);
    offer = *std::move(got);
    return offer.has_value();
  }));
  frontend::Channel liar(std::move(offer->socket));
  REQUIRE_OK(
      liar.send(Request::GET_FEATURES, bytesOf(std::uint64_t{1}), {}, vhost_user::spec::REPLY));
  CHECK(scene.waitReason("nobody asked for"));

  const std::unique_ptr<ModelCard> card = scene.serve("b");
  // The liar's end of the session is closed, and it has not said so.
  CHECK_OK(script.negotiate(channel));
}

TEST_CASE("two slots do not disturb each other") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  scene.openSlot(1);
  const std::unique_ptr<ModelCard> card = scene.serve("a", 0, {.ignored = {Request::GET_CONFIG}});
  scene.assign(1, "a");
  // The front end of slot 0 does not read its answers, and then asks for one that never comes.
  frontend::Channel rude = scene.connect(0);
  std::size_t sentCount = 0;
  while (rude.send(Request::GET_FEATURES, {}).has_value()) {
    ++sentCount;
  }
  CHECK(sentCount > 100);
  frontend::Channel silent = scene.connect(1);
  CHECK_OK(script.play(silent));
  frontend::Channel nonsense = scene.connect(1);
  silent.close();
  REQUIRE_OK(nonsense.sendRaw(bytesOf(std::array<std::uint32_t, 4>{1, 2, 3, 4})));
  CHECK(!nonsense.receive().has_value());
  frontend::Channel last = scene.connect(1);
  CHECK_OK(script.play(last));
}

TEST_CASE("a slot's map is the same for every card, grows with it and cannot shrink") {
  PlaneScene scene;
  scene.openSlot(0, 8192);
  ChannelPair ends = makeChannel();
  scene.run([&](Plane& plane) {
    REQUIRE_OK(plane.attachCard("a", std::move(ends.backplane)));
    REQUIRE_OK(plane.assign(0, "a"));
  });
  std::optional<vhost_user::SlotOffer> offer;
  REQUIRE(test::waitUntil([&] {
    Result<std::optional<vhost_user::SlotOffer>> got =
        vhost_user::receiveSlotOffer(ends.card.get());
    REQUIRE_OK(got);
    offer = *std::move(got);
    return offer.has_value();
  }));
  CHECK(offer->mapBytes == 8192);
  CHECK(::ftruncate(offer->map.get(), 4096) != 0);
  REQUIRE(::ftruncate(offer->map.get(), 16384) == 0);
  const std::string map = identityOf(offer->map.get());
  offer.reset();
  ends.card.reset();

  const std::unique_ptr<ModelCard> card = scene.serve("b");
  CHECK(test::waitUntil([&] { return card->mapBytesOf(0) == 16384; }));
  CHECK(!map.empty());
}

TEST_CASE("a slot leaves nothing behind: no socket, no descriptor") {
  const FrontEndScript script;
  std::string path;
  const std::size_t before = test::openFdCount();
  {
    PlaneScene scene;
    scene.openSlot(0, 4096);
    path = scene.socketPath(0);
    std::unique_ptr<ModelCard> card = scene.serve("a");
    frontend::Channel channel = scene.connect();
    REQUIRE_OK(script.play(channel));
    card = nullptr;
    CHECK(scene.waitReason("gone"));
    scene.run([](Plane& plane) { plane.closeSlot(0); });
    CHECK(::access(path.c_str(), F_OK) != 0);
    CHECK(!channel.receive().has_value());
  }
  CHECK(test::openFdCount() == before);
}

} // namespace argon::backplane
