// SPDX-License-Identifier: Apache-2.0
#include "backplane/front_end.h"

#include "backplane/stored_message.h"
#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/loop_thread.h"
#include "support/memfd.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

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

namespace spec = vhost_user::spec;
using spec::Request;
using test::bytesOf;

namespace {

class FrontEndScene final : public FrontEndOwner {
public:
  FrontEndScene() : channel_(UniqueFd()) {
    test::SocketPair sockets = test::makeSocketPair();
    channel_ = frontend::Channel(std::move(sockets.frontend));
    thread_.run([&] {
      frontEnd_ = std::make_unique<FrontEnd>(std::move(sockets.backend), thread_.loop(), *this);
      REQUIRE_OK(frontEnd_->readNext());
    });
  }
  FrontEndScene(const FrontEndScene&) = delete;
  FrontEndScene& operator=(const FrontEndScene&) = delete;
  ~FrontEndScene() {
    thread_.run([this] { frontEnd_ = nullptr; });
  }

  void onMessage(StoredMessage message) override {
    const std::scoped_lock lock(mutex_);
    messages_.push_back(std::move(message));
    if (!automatic_.empty()) {
      const Result<void> replied = frontEnd_->reply(*messages_.back().rule, automatic_, {});
      ARGON_CHECK(replied.has_value());
    }
  }
  void onFrontEndLost(const Error* reason) override {
    const std::scoped_lock lock(mutex_);
    lost_ = reason == nullptr ? "hung up" : reason->message();
    frontEnd_ = nullptr;
  }

  // From the next message on each is answered at once.
  void replyToAll(std::vector<std::byte> payload) {
    thread_.run([&] { automatic_ = std::move(payload); });
  }
  void readNext() {
    thread_.run([this] { REQUIRE_OK(frontEnd_->readNext()); });
  }
  void reply(std::span<const std::byte> payload) {
    thread_.run([&] {
      const StoredMessage last = messages_.back();
      REQUIRE_OK(frontEnd_->reply(*last.rule, payload, {}));
    });
  }
  [[nodiscard]] bool waitMessages(std::size_t count) {
    return test::waitUntil([&] { return messageCount() == count; });
  }
  [[nodiscard]] std::size_t messageCount() {
    const std::scoped_lock lock(mutex_);
    return messages_.size();
  }
  [[nodiscard]] StoredMessage last() {
    const std::scoped_lock lock(mutex_);
    return messages_.back();
  }
  [[nodiscard]] bool waitLost(const std::string& text) {
    return test::waitUntil([&] {
      const std::scoped_lock lock(mutex_);
      return lost_.has_value() && lost_->find(text) != std::string::npos;
    });
  }
  [[nodiscard]] frontend::Channel& channel() { return channel_; }

private:
  frontend::Channel channel_;
  std::mutex mutex_;
  std::vector<StoredMessage> messages_;
  std::optional<std::string> lost_;
  std::vector<std::byte> automatic_;
  test::LoopThread thread_;
  std::unique_ptr<FrontEnd> frontEnd_;
};

} // namespace

TEST_CASE("a front end's messages are handed over one at a time") {
  FrontEndScene scene;
  Result<UniqueFd> event = createEventFd();
  REQUIRE_OK(event);
  REQUIRE_OK(scene.channel().send(Request::SET_VRING_KICK, bytesOf(std::uint64_t{3}),
                                  std::array{event->get()}, spec::NEED_REPLY));
  REQUIRE_OK(scene.channel().send(Request::GET_FEATURES, {}));
  REQUIRE(scene.waitMessages(1));
  CHECK(scene.last().request() == Request::SET_VRING_KICK);
  CHECK(scene.last().needsReply);
  CHECK(scene.last().as<std::uint64_t>() == 3);
  CHECK(scene.last().fds.size() == 1);

  scene.readNext();
  REQUIRE(scene.waitMessages(2));
  CHECK(scene.last().request() == Request::GET_FEATURES);
  scene.reply(bytesOf(std::uint64_t{77}));
  const Result<frontend::Answer> answer = scene.channel().receive();
  REQUIRE_OK(answer);
  CHECK(answer->header.request == 1);
  CHECK(answer->header.flags == (spec::kVersion | spec::REPLY));
  CHECK(answer->payload.front() == std::byte{77});
}

TEST_CASE("a front end that reads its answers late gets every one") {
  FrontEndScene scene;
  // Their answers are more than a socket holds.
  constexpr std::size_t kCount = 200;
  scene.replyToAll(std::vector<std::byte>(4096));
  for (std::size_t index = 0; index < kCount; ++index) {
    REQUIRE_OK(scene.channel().send(Request::GET_FEATURES, {}));
  }
  REQUIRE(test::waitUntil([&] { return scene.messageCount() > 1; }));
  CHECK(scene.messageCount() < kCount);
  for (std::size_t index = 0; index < kCount; ++index) {
    const Result<frontend::Answer> answer = scene.channel().receive();
    REQUIRE_OK(answer);
    CHECK(answer->payload.size() == 4096);
  }
  CHECK(scene.messageCount() == kCount);
}

TEST_CASE("a front end that hangs up is noticed, also while its message is held") {
  {
    FrontEndScene scene;
    scene.channel().close();
    CHECK(scene.waitLost("hung up"));
  }
  FrontEndScene scene;
  REQUIRE_OK(scene.channel().send(Request::GET_FEATURES, {}));
  REQUIRE(scene.waitMessages(1));
  scene.channel().close();
  CHECK(scene.waitLost("hung up"));
}

TEST_CASE("what is no message ends the connection") {
  FrontEndScene scene;
  REQUIRE_OK(scene.channel().sendRaw(bytesOf(std::array<std::uint32_t, 3>{99, 1, 0})));
  CHECK(scene.waitLost("unknown message"));
}

TEST_CASE("a descriptor of another kind ends the connection, so that none can hide an end of it") {
  const UniqueFd memory = test::makeMemfd(4096, test::Sealed::Yes);
  for (const Request request :
       {Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR}) {
    FrontEndScene scene;
    REQUIRE_OK(scene.channel().send(request, bytesOf(std::uint64_t{0}), std::array{memory.get()}));
    CHECK(scene.waitLost("another kind"));
  }
  {
    FrontEndScene scene;
    const spec::InflightDescription description{};
    REQUIRE_OK(scene.channel().send(Request::SET_INFLIGHT_FD, bytesOf(description),
                                    std::array{scene.channel().fd()}));
    CHECK(scene.waitLost("another kind"));
  }
  FrontEndScene scene;
  // Its own end as the socket for requests.
  REQUIRE_OK(
      scene.channel().send(Request::SET_BACKEND_REQ_FD, {}, std::array{scene.channel().fd()}));
  CHECK(scene.waitLost("the connection itself"));
}

TEST_CASE("descriptors of the right kind are taken") {
  FrontEndScene scene;
  const UniqueFd memory = test::makeMemfd(4096, test::Sealed::Yes);
  const spec::InflightDescription description{};
  REQUIRE_OK(scene.channel().send(Request::SET_INFLIGHT_FD, bytesOf(description),
                                  std::array{memory.get()}));
  REQUIRE(scene.waitMessages(1));
  const test::SocketPair requests = test::makeSocketPair();
  scene.readNext();
  REQUIRE_OK(
      scene.channel().send(Request::SET_BACKEND_REQ_FD, {}, std::array{requests.backend.get()}));
  CHECK(scene.waitMessages(2));
}

} // namespace argon::backplane
