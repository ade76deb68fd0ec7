// SPDX-License-Identifier: Apache-2.0
#include "backplane/card_session.h"

#include "backplane/stored_message.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/loop_thread.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace spec = vhost_user::spec;
using spec::Request;
using test::bytesOf;

namespace {

class SessionScene final : public CardSessionOwner {
public:
  SessionScene() : card_(UniqueFd()) {
    test::SocketPair sockets = test::makeSocketPair();
    card_ = frontend::Channel(std::move(sockets.backend));
    thread_.run([&] {
      session_ = std::make_unique<CardSession>(std::move(sockets.frontend), thread_.loop(), *this);
      REQUIRE_OK(session_->start());
    });
  }
  SessionScene(const SessionScene&) = delete;
  SessionScene& operator=(const SessionScene&) = delete;
  ~SessionScene() {
    thread_.run([this] { session_ = nullptr; });
  }

  void onCardTook() override { note("took"); }
  void onCardAnswered(CardAnswer answer) override {
    std::string text = "answered";
    for (const std::byte byte : answer.payload) {
      text += " " + std::to_string(static_cast<unsigned>(byte));
    }
    for (std::size_t index = 0; index < answer.fds.size(); ++index) {
      text += " fd";
    }
    note(text);
  }
  void onCardLost(const Error* reason) override {
    note(reason == nullptr ? "lost" : "lost: " + reason->message());
    session_ = nullptr;
  }

  CardSession::Sent send(const StoredMessage& message, CardSession::Answer answer) {
    CardSession::Sent sent{};
    thread_.run([&] {
      const Result<CardSession::Sent> result = session_->send(message, answer);
      REQUIRE_OK(result);
      sent = *result;
    });
    return sent;
  }
  [[nodiscard]] bool waitNote(const std::string& text) {
    return test::waitUntil([&] {
      const std::scoped_lock lock(mutex_);
      return !notes_.empty() && notes_.back().find(text) != std::string::npos;
    });
  }
  // The card's end.
  [[nodiscard]] frontend::Channel& card() { return card_; }
  void answer(Request request, std::span<const std::byte> payload, std::span<const int> fds = {}) {
    REQUIRE_OK(card_.send(request, payload, fds, spec::REPLY));
  }

private:
  void note(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    notes_.push_back(text);
  }

  frontend::Channel card_;
  std::mutex mutex_;
  std::vector<std::string> notes_;
  test::LoopThread thread_;
  std::unique_ptr<CardSession> session_;
};

constexpr std::uint64_t kNumber = 0x0807060504030201;

} // namespace

TEST_CASE("a message without an answer is sent and done") {
  SessionScene scene;
  CHECK(scene.send(makeMessage(Request::SET_FEATURES, kNumber), CardSession::Answer::None) ==
        CardSession::Sent::Done);
  const Result<frontend::Answer> got = scene.card().receive();
  REQUIRE_OK(got);
  CHECK(got->header.request == 2);
  CHECK(got->header.flags == spec::kVersion);
  CHECK(got->payload.size() == 8);
}

TEST_CASE("an answer comes with its payload and its descriptors") {
  SessionScene scene;
  const test::SocketPair others = test::makeSocketPair();
  CHECK(scene.send(makeMessage(Request::GET_FEATURES), CardSession::Answer::Own) ==
        CardSession::Sent::Waits);
  scene.answer(Request::GET_FEATURES, bytesOf(kNumber), std::array{others.frontend.get()});
  CHECK(scene.waitNote("answered 1 2 3 4 5 6 7 8 fd"));

  CHECK(scene.send(makeMessage(Request::SET_OWNER), CardSession::Answer::Ack) ==
        CardSession::Sent::Waits);
  Result<frontend::Answer> got = scene.card().receive();
  got = scene.card().receive();
  REQUIRE_OK(got);
  CHECK(got->header.flags == (spec::kVersion | spec::NEED_REPLY));
  scene.answer(Request::SET_OWNER, bytesOf(std::uint64_t{0}));
  CHECK(scene.waitNote("answered 0 0 0 0 0 0 0 0"));
  // An answer may come in pieces.
  scene.send(makeMessage(Request::GET_CONFIG), CardSession::Answer::Own);
  const spec::Header header{.request = 24, .flags = spec::kVersion | spec::REPLY, .size = 1};
  REQUIRE_OK(scene.card().sendRaw(bytesOf(header)));
  REQUIRE_OK(scene.card().sendRaw(bytesOf(std::uint8_t{7})));
  CHECK(scene.waitNote("answered 7"));
}

TEST_CASE("a card that does not read holds its session up, and goes on when it reads") {
  SessionScene scene;
  StoredMessage message = makeMessage(Request::SET_FEATURES, kNumber);
  message.payload.resize(4096);
  std::size_t sentCount = 1;
  while (scene.send(message, CardSession::Answer::None) == CardSession::Sent::Done) {
    ++sentCount;
  }
  for (std::size_t index = 0; index < sentCount; ++index) {
    REQUIRE_OK(scene.card().receive());
  }
  CHECK(scene.waitNote("took"));
}

TEST_CASE("a card that hangs up, or answers what was not asked, is lost") {
  const auto lostWith = [](const auto& act) {
    SessionScene scene;
    act(scene);
    return scene.waitNote("lost");
  };
  CHECK(lostWith([](SessionScene& scene) { scene.card().close(); }));
  CHECK(
      lostWith([](SessionScene& scene) { scene.answer(Request::GET_FEATURES, bytesOf(kNumber)); }));
  CHECK(lostWith([](SessionScene& scene) {
    scene.send(makeMessage(Request::GET_FEATURES), CardSession::Answer::Own);
    scene.answer(Request::GET_STATUS, bytesOf(kNumber));
  }));
  CHECK(lostWith([](SessionScene& scene) {
    // A request, not an answer.
    scene.send(makeMessage(Request::GET_FEATURES), CardSession::Answer::Own);
    REQUIRE_OK(scene.card().send(Request::GET_FEATURES, bytesOf(kNumber)));
  }));
  CHECK(lostWith([](SessionScene& scene) {
    scene.send(makeMessage(Request::GET_FEATURES), CardSession::Answer::Own);
    const spec::Header header{.request = 1, .flags = spec::kVersion | spec::REPLY, .size = 4097};
    REQUIRE_OK(scene.card().sendRaw(bytesOf(header)));
  }));
  CHECK(lostWith([](SessionScene& scene) {
    scene.send(makeMessage(Request::GET_FEATURES), CardSession::Answer::Own);
    const std::vector<int> fds(kReceivedFdCountMax, scene.card().fd());
    const std::vector<int> more(1, scene.card().fd());
    const spec::Header header{.request = 1, .flags = spec::kVersion | spec::REPLY, .size = 2};
    REQUIRE_OK(scene.card().sendRaw(bytesOf(header), fds));
    REQUIRE_OK(scene.card().sendRaw(bytesOf(std::uint8_t{1}), more));
  }));
}

} // namespace argon::backplane
