// SPDX-License-Identifier: Apache-2.0

// A device whose cache is off, by the field `writeback` (virtio 1.2, 5.2.5) or because the driver
// could not flush it: what is answered is durable (5.2.6.2).

#include "base/result.h"
#include "block/journal_rig.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/deadline.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;
using frontend::BlockDriver;
using frontend::Session;
using Rig = test::JournalRig;
using Bytes = std::vector<std::byte>;
using test::ScriptedStore;

constexpr std::size_t kWritebackOffset = offsetof(blk::Config, writeback);
constexpr virtio::FeatureSet kAll{~std::uint64_t{0}};

void setWriteback(Rig& rig, std::uint8_t value) {
  REQUIRE_OK(rig.session().writeConfig(kWritebackOffset, std::array{std::byte{value}}));
}

int writeback(Rig& rig) {
  const Result<blk::Config> config = rig.session().readConfig();
  REQUIRE_OK(config);
  return config->writeback;
}

// What the store is asked for by a write of one sector.
Rig::Journal journalOfWrite(Rig& rig) {
  static_cast<void>(rig.takeJournal());
  const Bytes output(512, std::byte{7});
  CHECK(rig.statusOf({.type = blk::T_OUT, .sector = 1, .output = output}) == blk::S_OK);
  return rig.takeJournal();
}

const Rig::Journal kWriteOnly = {"write 512+512"};
const Rig::Journal kWriteAndFlush = {"write 512+512", "flush"};

} // namespace

TEST_CASE("with the cache on, a write is not flushed") {
  Rig rig;
  CHECK(writeback(rig) == 1);
  CHECK(journalOfWrite(rig) == kWriteOnly);
  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, 8)}) == blk::S_OK);
  CHECK(rig.takeJournal() == Rig::Journal{"discard 0+4096"});
}

TEST_CASE("the driver turns the cache off and on under a running ring") {
  Rig rig;
  setWriteback(rig, 0);
  CHECK(writeback(rig) == 0);
  CHECK(journalOfWrite(rig) == kWriteAndFlush);
  setWriteback(rig, 1);
  CHECK(writeback(rig) == 1);
  CHECK(journalOfWrite(rig) == kWriteOnly);
}

TEST_CASE("with the cache off, all that changes the disk is flushed once, and nothing else is") {
  Rig rig;
  setWriteback(rig, 0);
  Bytes input(512);

  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, 8), Rig::segment(8, 8)}) == blk::S_OK);
  CHECK(rig.takeJournal() == Rig::Journal{"discard 0+4096", "discard 4096+4096", "flush"});
  CHECK(rig.zero(blk::T_WRITE_ZEROES, {Rig::segment(3, 1)}) == blk::S_OK);
  CHECK(rig.takeJournal() == Rig::Journal{"write zeroes 1536+512", "flush"});
  CHECK(rig.statusOf({.type = blk::T_IN, .input = input}) == blk::S_OK);
  CHECK(rig.takeJournal() == Rig::Journal{"read 0+512"});
  CHECK(rig.statusOf({.type = blk::T_FLUSH}) == blk::S_OK);
  CHECK(rig.takeJournal() == Rig::Journal{"flush"});
}

TEST_CASE("the features say whether a cache may be on: CONFIG_WCE first, then FLUSH") {
  struct Choice {
    virtio::FeatureSet features;
    Rig::Journal atFirst;
    // After the field was set to 0, which counts only with CONFIG_WCE.
    Rig::Journal afterZero;
  };
  const virtio::FeatureSet noWce = kAll.without(blk::F_CONFIG_WCE);
  for (const Choice& choice : {
           Choice{.features = kAll, .atFirst = kWriteOnly, .afterZero = kWriteAndFlush},
           Choice{.features = kAll.without(blk::F_FLUSH),
                  .atFirst = kWriteOnly,
                  .afterZero = kWriteAndFlush},
           Choice{.features = noWce, .atFirst = kWriteOnly, .afterZero = kWriteOnly},
           Choice{.features = noWce.without(blk::F_FLUSH),
                  .atFirst = kWriteAndFlush,
                  .afterZero = kWriteAndFlush},
       }) {
    CAPTURE(choice.features.bits());
    Rig rig({.session = {.wantedFeatures = choice.features}});
    CHECK(journalOfWrite(rig) == choice.atFirst);
    setWriteback(rig, 0);
    CHECK(journalOfWrite(rig) == choice.afterZero);
  }
}

TEST_CASE("with the cache off, the answer waits for the write, and then for the flush") {
  Rig rig;
  setWriteback(rig, 0);
  rig.store().holdAll();
  const Bytes output(512, std::byte{7});
  REQUIRE_OK(rig.driver().submit({.type = blk::T_OUT, .output = output}));
  rig.driver().publish();

  REQUIRE(test::waitUntil([&rig] { return rig.store().heldCount() == 1; }));
  CHECK(rig.store().countOf(StoreOperation::Write) == 1);
  CHECK(rig.store().countOf(StoreOperation::Flush) == 0);
  // The write is done, and its flush is held in turn.
  rig.store().releaseHeld([](std::size_t) { return std::size_t{0}; });
  REQUIRE(test::waitUntil([&rig] { return rig.store().heldCount() == 1; }));
  CHECK(rig.store().countOf(StoreOperation::Flush) == 1);
  const Result<std::optional<BlockDriver::Completion>> early = rig.driver().takeAny();
  REQUIRE_OK(early);
  CHECK_FALSE(early->has_value());

  rig.store().releaseAll();

  const Result<BlockDriver::Completion> done = rig.driver().waitAny();
  REQUIRE_OK(done);
  CHECK(done->answer.status == blk::S_OK);
  CHECK(rig.store().countOf(StoreOperation::Flush) == 1);
}

TEST_CASE("with the cache off, a flush that fails fails the write, and a failed write has none") {
  Rig rig;
  setWriteback(rig, 0);
  const Bytes output(512);
  const auto failing = [](StoreOperation operation) {
    return [operation](const StoreRequest& request) {
      return request.operation == operation ? ScriptedStore::Action::FailIo
                                            : ScriptedStore::Action::Perform;
    };
  };

  rig.setScript(failing(StoreOperation::Flush));
  CHECK(rig.statusOf({.type = blk::T_OUT, .output = output}) == blk::S_IOERR);
  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, 8)}) == blk::S_IOERR);
  CHECK(rig.takeJournal() == Rig::Journal{"write 0+512", "flush", "discard 0+4096", "flush"});

  rig.setScript(failing(StoreOperation::Write));
  CHECK(rig.statusOf({.type = blk::T_OUT, .output = output}) == blk::S_IOERR);
  CHECK(rig.takeJournal() == Rig::Journal{"write 0+512"});
}

TEST_CASE("a write that was refused is not flushed") {
  Rig rig;
  setWriteback(rig, 0);
  const Bytes output(512);

  CHECK(rig.statusOf({.type = blk::T_OUT, .sector = 1 << 20, .output = output}) == blk::S_IOERR);
  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(1 << 20, 8)}) == blk::S_IOERR);

  CHECK(rig.takeJournal().empty());
}

TEST_CASE("a reset of either kind turns the cache on again") {
  const std::function<Result<void>(Session&)> resets[] = {
      [](Session& session) { return session.resetDevice(); },
      [](Session& session) { return session.setStatus(0); }};
  for (const auto& reset : resets) {
    Rig rig({.session = {.wantedProtocolFeatures =
                             Session::kUsualProtocolFeatures.with(spec::PROTOCOL_F_RESET_DEVICE)
                                 .with(spec::PROTOCOL_F_STATUS)}});
    setWriteback(rig, 0);
    CHECK(journalOfWrite(rig) == kWriteAndFlush);

    REQUIRE_OK(reset(rig.session()));
    CHECK(writeback(rig) == 1);
    REQUIRE_OK(rig.session().sendFeatures());
    rig.session().ring(0).reset(rig.session().ring(0).firstBase());
    REQUIRE_OK(rig.session().startQueue(0, rig.session().ring(0).firstBase()));

    CHECK(journalOfWrite(rig) == kWriteOnly);
  }
}

// A driver does not see that its monitor lost the connection, and still counts on what it set.
TEST_CASE("a front end that comes back finds the cache off, as its driver left it") {
  Rig rig;
  setWriteback(rig, 0);

  rig.connectAgain();

  CHECK(writeback(rig) == 0);
  CHECK(journalOfWrite(rig) == kWriteAndFlush);
}

TEST_CASE("a value that the field writeback cannot have is refused, and changes nothing") {
  Rig rig;
  for (const std::uint8_t value : {std::uint8_t{2}, std::uint8_t{255}}) {
    CHECK_FALSE(
        rig.session().writeConfig(kWritebackOffset, std::array{std::byte{value}}).has_value());
  }
  CHECK_FALSE(rig.session().writeConfig(0, std::array{std::byte{0}}).has_value());
  CHECK(writeback(rig) == 1);
  CHECK(journalOfWrite(rig) == kWriteOnly);
}

} // namespace argon::block
