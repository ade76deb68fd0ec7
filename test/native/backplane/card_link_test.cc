// SPDX-License-Identifier: Apache-2.0
#include "backplane/card_link.h"

#include "backplane/plane_scene.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/deadline.h"
#include "support/loop_thread.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "vhost_user/slot_channel.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace {

class LinkScene final : public CardLinkOwner {
public:
  LinkScene() : ends_(makeChannel()) {
    thread_.run([this] {
      link_ = std::make_unique<CardLink>("card", std::move(ends_.backplane), thread_.loop(), *this);
      REQUIRE_OK(link_->start());
    });
  }
  LinkScene(const LinkScene&) = delete;
  LinkScene& operator=(const LinkScene&) = delete;
  ~LinkScene() {
    thread_.run([this] { link_ = nullptr; });
  }

  void onSessionEnded(CardLink& /*card*/, const vhost_user::SlotEnded& ended) override {
    const std::scoped_lock lock(mutex_);
    ended_.push_back(ended.slot);
  }
  void onCardGone(CardLink& /*card*/, const Error* reason) override {
    const std::scoped_lock lock(mutex_);
    gone_ = reason == nullptr ? "closed" : reason->message();
    link_ = nullptr;
  }

  void offer(std::uint32_t slot, std::uint64_t session) {
    thread_.run([&] {
      test::SocketPair sockets = test::makeSocketPair();
      link_->offer({.slot = slot, .session = session, .socket = std::move(sockets.backend)});
    });
  }
  [[nodiscard]] int card() const { return ends_.card.get(); }
  void closeCard() { ends_.card.reset(); }
  [[nodiscard]] std::vector<std::uint32_t> ended() {
    const std::scoped_lock lock(mutex_);
    return ended_;
  }
  [[nodiscard]] std::string gone() {
    const std::scoped_lock lock(mutex_);
    return gone_;
  }

private:
  ChannelPair ends_;
  std::mutex mutex_;
  std::vector<std::uint32_t> ended_;
  std::string gone_;
  test::LoopThread thread_;
  std::unique_ptr<CardLink> link_;
};

std::optional<vhost_user::SlotOffer> nextOffer(int card) {
  std::optional<vhost_user::SlotOffer> offer;
  CHECK(test::waitUntil([&] {
    Result<std::optional<vhost_user::SlotOffer>> got = vhost_user::receiveSlotOffer(card);
    REQUIRE_OK(got);
    offer = *std::move(got);
    return offer.has_value();
  }));
  return offer;
}

} // namespace

TEST_CASE("a link gives offers to its card and tells of sessions that ended") {
  LinkScene scene;
  scene.offer(3, 30);
  scene.offer(4, 40);
  CHECK(nextOffer(scene.card())->session == 30);
  CHECK(nextOffer(scene.card())->session == 40);

  REQUIRE_OK(vhost_user::sendSlotEnded(scene.card(), {.slot = 4, .session = 40}));
  REQUIRE_OK(vhost_user::sendSlotEnded(scene.card(), {.slot = 3, .session = 30}));
  CHECK(test::waitUntil([&] { return scene.ended() == std::vector<std::uint32_t>{4, 3}; }));
}

TEST_CASE("a card that does not read gets every slot once it does, with its last session") {
  LinkScene scene;
  constexpr std::uint32_t kSlotCount = 1000;
  for (const std::uint64_t session : {1U, 2U}) {
    for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
      scene.offer(slot, session);
    }
  }
  std::vector<std::uint64_t> last(kSlotCount);
  while (std::ranges::count(last, 2U) < kSlotCount) {
    const std::optional<vhost_user::SlotOffer> offer = nextOffer(scene.card());
    REQUIRE(offer.has_value());
    // An older one never comes after a newer one.
    CHECK(offer->session > last.at(offer->slot));
    last.at(offer->slot) = offer->session;
  }
}

TEST_CASE("a card that is gone, or sends nonsense, is told of once") {
  {
    LinkScene scene;
    scene.closeCard();
    CHECK(test::waitUntil([&] { return scene.gone() == "closed"; }));
  }
  LinkScene scene;
  const std::array<std::byte, 5> nonsense{};
  REQUIRE_OK(sendWithFds(scene.card(), nonsense, {}));
  CHECK(test::waitUntil([&] { return !scene.gone().empty(); }));
  CHECK(scene.gone().find("does not belong") != std::string::npos);
}

} // namespace argon::backplane
