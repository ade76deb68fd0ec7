// SPDX-License-Identifier: Apache-2.0

// Front ends that say anything, cards that do anything and a controller that changes its mind, in
// any order: the backplane stays up, serves the next front end, and holds nothing of those before.

#include "backplane/front_end_script.h"
#include "backplane/model_card.h"
#include "backplane/plane.h"
#include "backplane/plane_scene.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "support/byte_source.h"
#include "support/memfd.h"
#include "support/message_maker.h"
#include "support/process.h"
#include "support/random.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace {

using Request = vhost_user::spec::Request;

constexpr std::array<std::uint32_t, 2> kSlots = {0, 1};

class Chaos {
public:
  Chaos(PlaneScene& scene, std::uint64_t seed)
      : scene_(scene), random_(seed), sockets_(test::makeSocketPair()) {
    Result<std::unique_ptr<frontend::Arena>> arena =
        frontend::Arena::create({.sizeBytes = std::size_t{64} * 1024});
    REQUIRE_OK(arena);
    arena_ = *std::move(arena);
    for (UniqueFd& event : eventFds_) {
      Result<UniqueFd> made = createEventFd();
      REQUIRE_OK(made);
      event = *std::move(made);
    }
    for (UniqueFd& file : files_) {
      file = test::makeMemfd(test::MessageMaker::kFileBytes, test::Sealed::Yes);
    }
    // In MessageMaker's order.
    pool_ = {arena_->fd(),           eventFds_[0].get(), eventFds_[1].get(),
             sockets_.backend.get(), files_[0].get(),    files_[1].get()};
    maker_.emplace(*arena_, pool_.size());
  }

  void act() {
    const std::uint32_t slot = kSlots.at(random_.below(kSlots.size()));
    const std::uint64_t choice = random_.below(100);
    if (choice < 55) {
      speak(slot);
    } else if (choice < 65) {
      listen(slot);
    } else if (choice < 72) {
      frontEnds_.erase(slot);
    } else if (choice < 82) {
      attach();
    } else if (choice < 92) {
      assign(slot);
    } else if (choice < 96) {
      cards_.erase(nameOf(random_.below(3)));
    } else {
      reopen(slot);
    }
  }

private:
  static std::string nameOf(std::uint64_t index) { return concat("card", index); }

  // A connected front end says something, or one connects.
  void speak(std::uint32_t slot) {
    if (!frontEnds_.contains(slot)) {
      frontEnds_.emplace(slot, scene_.connect(slot));
    }
    frontend::Channel& channel = frontEnds_.at(slot);
    const std::vector<std::byte> bytes = random_.bytes(200);
    test::ByteSource source(bytes);
    std::vector<test::MadeMessage> messages;
    if (random_.chance(20)) {
      messages = maker_->makeSetUp(source);
    } else {
      messages.push_back(random_.chance(90) ? maker_->make(source) : maker_->makeRaw(source));
    }
    for (const test::MadeMessage& message : messages) {
      std::vector<int> fds;
      fds.reserve(message.fdIndexes.size());
      for (const std::size_t index : message.fdIndexes) {
        fds.push_back(pool_.at(index));
      }
      if (message.bytes.empty() || !channel.sendRaw(message.bytes, fds).has_value()) {
        frontEnds_.erase(slot); // It was hung up on, or does not get through.
        return;
      }
    }
  }

  // Takes an answer that is there, or soon is.
  void listen(std::uint32_t slot) {
    if (const auto found = frontEnds_.find(slot); found != frontEnds_.end()) {
      found->second.setTimeoutMs(1);
      [[maybe_unused]] const Result<frontend::Answer> answer = found->second.receive();
    }
  }

  void attach() {
    ModelCard::Options options{.isSilent = random_.chance(20)};
    if (random_.chance(50)) {
      options.death = DeathPoint{.message = random_.below(20),
                                 .moment = static_cast<DeathPoint::Moment>(random_.below(3))};
    }
    for (std::set<Request>* requests : {&options.refused, &options.ended, &options.ignored}) {
      while (random_.chance(30)) {
        requests->insert(static_cast<Request>(random_.between(1, vhost_user::spec::kRequestMax)));
      }
    }
    const std::string name = nameOf(random_.below(3));
    // The one before is given up by the backplane, and not by the test.
    std::unique_ptr<ModelCard> card = scene_.attach(name, options);
    cards_[name] = std::move(card);
  }

  void assign(std::uint32_t slot) {
    const std::string name = random_.chance(15) ? std::string() : nameOf(random_.below(3));
    scene_.run([&](Plane& plane) {
      // There may be no such card.
      [[maybe_unused]] const Result<void> assigned = plane.assign(slot, name);
    });
  }

  void reopen(std::uint32_t slot) {
    frontEnds_.erase(slot);
    scene_.run([slot](Plane& plane) { plane.closeSlot(slot); });
    scene_.openSlot(slot);
  }

  PlaneScene& scene_;
  test::Random random_;
  test::SocketPair sockets_;
  std::unique_ptr<frontend::Arena> arena_;
  std::array<UniqueFd, 2> eventFds_;
  std::array<UniqueFd, 2> files_;
  std::vector<int> pool_;
  std::optional<test::MessageMaker> maker_;
  std::map<std::uint32_t, frontend::Channel> frontEnds_;
  std::map<std::string, std::unique_ptr<ModelCard>> cards_;
};

void runChaos(std::uint64_t seed) {
  CAPTURE(seed);
  const FrontEndScript script;
  const std::size_t before = test::openFdCount();
  {
    PlaneScene scene;
    for (const std::uint32_t slot : kSlots) {
      scene.openSlot(slot);
    }
    {
      Chaos chaos(scene, seed);
      for (int step = 0; step < test::rounds(1500); ++step) {
        chaos.act();
      }
    }
    const std::unique_ptr<ModelCard> card = scene.attach("last");
    for (const std::uint32_t slot : kSlots) {
      scene.assign(slot, "last");
      frontend::Channel channel = scene.connect(slot);
      CHECK_OK(script.play(channel));
      CHECK(card->stateOf(slot).contains("ring 0 SET_VRING_KICK"));
    }
  }
  CHECK(test::openFdCount() == before);
}

} // namespace

TEST_CASE("whatever front ends, cards and controllers do, the next ones are served") {
  for (const std::uint64_t seed : test::seeds()) {
    runChaos(seed);
  }
}

} // namespace argon::backplane
