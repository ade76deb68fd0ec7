// SPDX-License-Identifier: Apache-2.0

// A card that takes over from one that is gone for its driver: rings and the in-flight region are
// all that is left of it (vhost-user, "Inflight I/O tracking"). The first card's store never
// answers what it holds, so that its rings stay as a crash would leave them.

#include "base/result.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;
using frontend::BlockDriver;
using frontend::Session;
using Sectors = std::vector<std::uint64_t>;
using test::ScriptedStore;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::array kRingKinds = {Session::RingKind::Split, Session::RingKind::Packed};
constexpr virtio::FeatureSet kTracked =
    Session::kUsualProtocolFeatures.with(spec::PROTOCOL_F_INFLIGHT_SHMFD);

// A card over a scripted store that holds the writes to some sectors, and notes all.
class Card {
public:
  explicit Card(const Sectors& heldSectors) : Card(std::make_unique<ScriptedStore>(kDeviceBytes)) {
    store_.setScript([this, heldSectors](const StoreRequest& request) {
      const std::uint64_t sector = request.offsetBytes / blk::SECTOR_BYTES;
      if (request.operation == StoreOperation::Write) {
        const std::scoped_lock lock(mutex_);
        written_.push_back(sector);
      }
      return std::ranges::find(heldSectors, sector) != heldSectors.end()
                 ? ScriptedStore::Action::Hold
                 : ScriptedStore::Action::Perform;
    });
  }
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;
  ~Card() { store_.releaseAll(); }

  // The sectors of all writes that came to the store, in order.
  [[nodiscard]] Sectors written() const {
    const std::scoped_lock lock(mutex_);
    return written_;
  }
  [[nodiscard]] const ScriptedStore& store() const { return store_; }
  [[nodiscard]] const test::Backend& backend() const { return backend_; }

private:
  explicit Card(std::unique_ptr<ScriptedStore> store)
      : store_(*store), backend_(std::move(store), test::Backend::Options()) {}

  mutable std::mutex mutex_;
  Sectors written_;
  ScriptedStore& store_;
  test::Backend backend_;
};

// A driver that writes one sector with each request.
class Writer {
public:
  explicit Writer(Session& session) : session_(session), driver_(session) {}

  void offer(std::uint64_t sector, bool isIndirect) {
    const std::vector<std::byte> data(blk::SECTOR_BYTES, static_cast<std::byte>(sector));
    const Result<std::uint16_t> chain = driver_.submit(
        {.type = blk::T_OUT, .sector = sector, .output = data, .isIndirect = isIndirect});
    REQUIRE_OK(chain);
    sectorOf_[*chain] = sector;
  }
  void publish() { driver_.publish(); }

  // The sector of an answer that must be OK and must be owed.
  std::uint64_t wait() {
    const Result<BlockDriver::Completion> done = driver_.waitAny();
    REQUIRE_OK(done);
    CHECK(done->answer.status == blk::S_OK);
    CHECK(done->answer.usedBytes == 1);
    const auto found = sectorOf_.find(done->chain);
    REQUIRE(found != sectorOf_.end());
    const std::uint64_t sector = found->second;
    sectorOf_.erase(found);
    return sector;
  }
  Sectors waitFor(std::size_t count) {
    Sectors sectors;
    while (sectors.size() < count) {
      sectors.push_back(wait());
    }
    return sectors;
  }
  [[nodiscard]] std::size_t owedCount() const { return sectorOf_.size(); }
  [[nodiscard]] bool hasAnswer() const { return session_.ring(0).hasUsed(); }

private:
  Session& session_;
  BlockDriver driver_;
  std::map<std::uint16_t, std::uint64_t> sectorOf_;
};

// Eight writes, three of which the first card holds as the connection is lost. Returns once it
// looks at the ring no more.
void leaveThreeUnanswered(const Card& first, Session& session, Writer& writer) {
  for (std::uint64_t sector = 0; sector < 8; ++sector) {
    writer.offer(sector, sector % 2 != 0);
  }
  writer.publish();
  CHECK(writer.waitFor(5) == Sectors{0, 2, 3, 5, 7});
  REQUIRE(first.store().heldCount() == 3);
  session.disconnect();
  REQUIRE(test::waitUntil([&first] { return first.store().isDraining(); }));
}

} // namespace

TEST_CASE("a card that comes after another answers what that one left, in order and once") {
  for (const Session::RingKind kind : kRingKinds) {
    CAPTURE(static_cast<int>(kind));
    const Card first(Sectors{1, 4, 6});
    const Card second(Sectors{});
    const std::unique_ptr<Session> session =
        first.backend().connect({.ringKind = kind, .wantedProtocolFeatures = kTracked});
    REQUIRE(session->hasInflight());
    Writer writer(*session);
    leaveThreeUnanswered(first, *session, writer);
    // What the driver offers while nobody is there comes after what is owed.
    writer.offer(20, false);
    writer.offer(21, true);
    writer.publish();

    REQUIRE_OK(session->reconnect(second.backend().connectChannel()));
    CHECK_FALSE(writer.hasAnswer());
    REQUIRE_OK(session->resumeQueues());

    CHECK(writer.waitFor(5) == Sectors{1, 4, 6, 20, 21});
    CHECK(second.written() == Sectors{1, 4, 6, 20, 21});
    CHECK(writer.owedCount() == 0);
    // The ring goes on, more than once around.
    for (std::uint64_t sector = 100; sector < 400; ++sector) {
      writer.offer(sector, false);
      writer.publish();
      CHECK(writer.wait() == sector);
    }
    CHECK_FALSE(writer.hasAnswer());
    CHECK(second.written().size() == 5 + 300);
  }
}

TEST_CASE("the region goes on from card to card") {
  for (const Session::RingKind kind : kRingKinds) {
    CAPTURE(static_cast<int>(kind));
    const Card first(Sectors{1, 4, 6});
    const Card second(Sectors{4, 6, 9});
    const Card third(Sectors{});
    const std::unique_ptr<Session> session =
        first.backend().connect({.ringKind = kind, .wantedProtocolFeatures = kTracked});
    Writer writer(*session);
    leaveThreeUnanswered(first, *session, writer);

    REQUIRE_OK(session->reconnect(second.backend().connectChannel()));
    REQUIRE_OK(session->resumeQueues());
    CHECK(writer.wait() == 1);
    writer.offer(9, false);
    writer.offer(10, false);
    writer.publish();
    CHECK(writer.wait() == 10);
    REQUIRE(second.store().heldCount() == 3);
    session->disconnect();
    REQUIRE(test::waitUntil([&second] { return second.store().isDraining(); }));

    REQUIRE_OK(session->reconnect(third.backend().connectChannel()));
    REQUIRE_OK(session->resumeQueues());

    CHECK(writer.waitFor(3) == Sectors{4, 6, 9});
    CHECK(third.written() == Sectors{4, 6, 9});
    CHECK(writer.owedCount() == 0);
    CHECK_FALSE(writer.hasAnswer());
  }
}

TEST_CASE("without a region, what a card had taken is lost with it") {
  for (const Session::RingKind kind : kRingKinds) {
    CAPTURE(static_cast<int>(kind));
    const Card first(Sectors{1, 4, 6});
    const Card second(Sectors{});
    const std::unique_ptr<Session> session = first.backend().connect({.ringKind = kind});
    REQUIRE_FALSE(session->hasInflight());
    Writer writer(*session);
    leaveThreeUnanswered(first, *session, writer);

    REQUIRE_OK(session->reconnect(second.backend().connectChannel()));
    REQUIRE_OK(session->resumeQueues());

    // As many are taken as have no answer; but they are the last ones, not those.
    REQUIRE(test::waitUntil([&second] { return second.written().size() == 3; }));
    CHECK(second.written() == Sectors{5, 6, 7});
    CHECK(writer.owedCount() == 3);
  }
}

} // namespace argon::block
