// SPDX-License-Identifier: Apache-2.0

// Goal: whatever a front end says, whatever cards answer, whenever which of them goes, and wherever
// slots are assigned, the backplane stays up, and a front end that behaves is served afterwards.
//
// Method: a plane with two slots on a loop that is turned by hand, so that the same bytes always do
// the same. Each input is a script of steps. Answers that reach a front end are held against what
// it asked for: none comes twice, none out of order, and none that was not asked for.

#include "backplane/plane.h"
#include "backplane/spec/control.h"
#include "base/check.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "fuzz/slot_peers.h"
#include "fuzz/target.h"
#include "support/byte_source.h"
#include "support/memfd.h"
#include "support/message_maker.h"
#include "support/socket_pair.h"
#include "support/temp_dir.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace {

namespace spec = vhost_user::spec;
using backplane::Plane;
using spec::Request;
using test::ByteSource;

constexpr std::uint32_t kSlotCount = 2;
constexpr std::size_t kCardCount = 2;
// Arbitrary; an input of the usual size has fewer.
constexpr int kStepsMax = 200;

// What all inputs share.
struct Pool {
  Pool()
      : sockets(test::makeSocketPair()), arena(*frontend::Arena::create({.sizeBytes = 65'536})),
        events{*createEventFd(), *createEventFd()},
        files{test::makeMemfd(test::MessageMaker::kFileBytes, test::Sealed::Yes),
              test::makeMemfd(test::MessageMaker::kFileBytes, test::Sealed::Yes)},
        fds{arena->fd(),           events[0].get(), events[1].get(),
            sockets.backend.get(), files[0].get(),  files[1].get()},
        maker(*arena, fds.size()) {}

  test::TempDir dir;
  test::SocketPair sockets;
  std::unique_ptr<frontend::Arena> arena;
  std::array<UniqueFd, 2> events;
  std::array<UniqueFd, 2> files;
  std::array<int, 6> fds; // In MessageMaker's order.
  test::MessageMaker maker;
};

class Scene {
public:
  explicit Scene(Pool& pool)
      : pool_(pool), loop_(*EventLoop::create()),
        plane_(std::make_unique<Plane>(*loop_, Log(silentLogSink(), "plane"))) {
    for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
      open(slot);
    }
  }

  void play(ByteSource& source) {
    for (int step = 0; step < kStepsMax && !source.isEmpty(); ++step) {
      act(source);
      turn();
      checkSlots();
    }
  }

  /// Whatever was before, the next ones are served.
  void checkService() {
    frontEnds_.clear();
    cards_.clear();
    turn();
    attach(0);
    for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
      ARGON_CHECK(plane_->assign(slot, nameOf(0)).has_value());
      SlotFrontEnd frontEnd(pathOf(slot));
      ARGON_CHECK(frontEnd.isConnected());
      const spec::Header header{.request = static_cast<std::uint32_t>(Request::GET_FEATURES),
                                .flags = spec::kVersion,
                                .size = 0};
      frontEnd.send(std::as_bytes(std::span(&header, 1)), {}, true);
      // The offer, the message to the card, its answer.
      for (int round = 0; round < 8 && frontEnd.answerCount() == 0; ++round) {
        turn();
        workHonestly(0);
        turn();
        frontEnd.listen();
      }
      ARGON_CHECK_EQ(frontEnd.answerCount(), 1U);
    }
  }

private:
  static std::string nameOf(std::size_t card) { return concat("card", card); }
  [[nodiscard]] std::string pathOf(std::uint32_t slot) const {
    return pool_.dir.path(concat(slot, ".sock"));
  }

  void open(std::uint32_t slot) {
    const Result<void> opened = plane_->openSlot(
        {.number = slot, .socketPath = pathOf(slot), .mapBytes = std::uint64_t{slot} * 4096});
    ARGON_CHECK(opened.has_value());
  }

  void turn() {
    while (loop_->runReady()) {
    }
  }

  void act(ByteSource& source) {
    const std::uint8_t choice = source.u8();
    const std::uint32_t slot = choice / 16 % kSlotCount;
    const std::size_t card = choice / 32 % kCardCount;
    switch (choice % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
      speak(slot, pool_.maker.make(source), true);
      break;
    case 4:
      for (const test::MadeMessage& message : pool_.maker.makeSetUp(source)) {
        speak(slot, message, true);
      }
      break;
    case 5:
      speak(slot, pool_.maker.makeRaw(source), false);
      break;
    case 6:
      frontEnds_.erase(slot);
      break;
    case 7:
      attach(card);
      break;
    case 8:
      cards_.erase(nameOf(card));
      break;
    case 9:
      // There may be no such card.
      static_cast<void>(plane_->assign(slot, nameOf(card)).has_value());
      break;
    case 10:
      static_cast<void>(plane_->assign(slot, "").has_value());
      break;
    case 11:
      frontEnds_.erase(slot);
      plane_->closeSlot(slot);
      open(slot);
      break;
    case 12:
      withCard(card, [&](SlotCard& found) {
        found.endSession(slot, static_cast<vhost_user::SlotEnd>(source.u8() % 3));
      });
      break;
    case 13:
      withCard(card, [&](SlotCard& found) { found.babble(source); });
      break;
    case 14:
      withCard(card, [&](SlotCard& found) {
        found.takeOffers();
        found.work(static_cast<SlotCard::Manner>(source.u8() % 4), source);
      });
      break;
    default:
      workHonestly(card);
      break;
    }
    for (auto& [_, frontEnd] : frontEnds_) {
      if (frontEnd.isConnected()) {
        frontEnd.listen();
      }
    }
  }

  void speak(std::uint32_t slot, const test::MadeMessage& message, bool isWhole) {
    const auto found = frontEnds_.find(slot);
    if (found != frontEnds_.end() && !found->second.isConnected()) {
      frontEnds_.erase(found);
    }
    SlotFrontEnd& frontEnd = frontEnds_.try_emplace(slot, pathOf(slot)).first->second;
    if (!frontEnd.isConnected() || message.bytes.empty()) {
      return;
    }
    std::vector<int> fds;
    fds.reserve(message.fdIndexes.size());
    for (const std::size_t index : message.fdIndexes) {
      fds.push_back(pool_.fds.at(index));
    }
    frontEnd.send(message.bytes, fds, isWhole);
  }

  void attach(std::size_t card) {
    std::array<int, 2> fds{};
    ARGON_CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
    // The backplane gives up the one before, and so does the test.
    ARGON_CHECK(plane_->attachCard(nameOf(card), UniqueFd(fds[0])).has_value());
    cards_.insert_or_assign(nameOf(card),
                            std::make_unique<SlotCard>(UniqueFd(fds[1]), pool_.files[0]));
  }

  template <typename Work>
  void withCard(std::size_t card, Work work) {
    if (const auto found = cards_.find(nameOf(card)); found != cards_.end()) {
      work(*found->second);
    }
  }

  void workHonestly(std::size_t card) {
    withCard(card, [](SlotCard& found) {
      ByteSource none({});
      found.takeOffers();
      found.work(SlotCard::Manner::Honest, none);
    });
  }

  // What the plane says of its slots makes sense.
  void checkSlots() const {
    const std::vector<backplane::spec::SlotRecord> records = plane_->describeSlots();
    ARGON_CHECK_EQ(records.size(), std::size_t{kSlotCount});
    for (const backplane::spec::SlotRecord& record : records) {
      const bool isServed = (record.flags & backplane::spec::SERVED) != 0;
      ARGON_CHECK(!isServed || record.card[0] != '\0');
      ARGON_CHECK(isServed == (record.reason[0] == '\0'));
      ARGON_CHECK(record.longestStallNs >= record.lastStallNs);
    }
  }

  Pool& pool_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Plane> plane_;
  std::map<std::uint32_t, SlotFrontEnd> frontEnds_;
  std::map<std::string, std::unique_ptr<SlotCard>> cards_;
};

} // namespace

void runTarget(std::span<const std::byte> input) {
  static Pool pool;
  Scene scene(pool);
  ByteSource source(input);
  scene.play(source);
  scene.checkService();
}

} // namespace argon::fuzz
