// SPDX-License-Identifier: Apache-2.0
#include "backplane/plane_scene.h"

#include "backplane/model_card.h"
#include "backplane/plane.h"
#include "backplane/spec/control.h"
#include "base/check.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/memfd.h"
#include "support/test.h"

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace argon::backplane {

ChannelPair makeChannel() {
  std::array<int, 2> fds{};
  ARGON_CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {.backplane = UniqueFd(fds[0]), .card = UniqueFd(fds[1])};
}

PlaneScene::PlaneScene() : inflight_(test::makeMemfd(4096, test::Sealed::Yes)) {
  thread_.run([this] { plane_ = std::make_unique<Plane>(thread_.loop(), Log(log_, "plane")); });
}

PlaneScene::~PlaneScene() {
  thread_.run([this] { plane_ = nullptr; });
}

void PlaneScene::run(const std::function<void(Plane&)>& task) {
  thread_.run([this, &task] { task(*plane_); });
}

std::string PlaneScene::socketPath(std::uint32_t slot) const {
  return dir_.path(concat(slot, ".sock"));
}

void PlaneScene::openSlot(std::uint32_t slot, std::uint64_t mapBytes) {
  run([&](Plane& plane) {
    REQUIRE_OK(
        plane.openSlot({.number = slot, .socketPath = socketPath(slot), .mapBytes = mapBytes}));
  });
}

std::unique_ptr<ModelCard> PlaneScene::attach(const std::string& name,
                                              const ModelCard::Options& options) {
  ChannelPair channel = makeChannel();
  run([&](Plane& plane) { REQUIRE_OK(plane.attachCard(name, std::move(channel.backplane))); });
  return std::make_unique<ModelCard>(std::move(channel.card), options, inflight_);
}

void PlaneScene::assign(std::uint32_t slot, const std::string& card) {
  run([&](Plane& plane) { REQUIRE_OK(plane.assign(slot, card)); });
}

std::unique_ptr<ModelCard> PlaneScene::serve(const std::string& name, std::uint32_t slot,
                                             const ModelCard::Options& options) {
  std::unique_ptr<ModelCard> card = attach(name, options);
  assign(slot, name);
  return card;
}

frontend::Channel PlaneScene::connect(std::uint32_t slot) {
  Result<frontend::Channel> channel = frontend::Channel::connectTo(socketPath(slot));
  REQUIRE_OK(channel);
  channel->setTimeoutMs(static_cast<int>(test::kDeadlineMs));
  return *std::move(channel);
}

spec::SlotRecord PlaneScene::slot(std::uint32_t number) {
  spec::SlotRecord record{};
  run([&](Plane& plane) {
    for (const spec::SlotRecord& candidate : plane.describeSlots()) {
      if (candidate.slot == number) {
        record = candidate;
      }
    }
  });
  return record;
}

std::string PlaneScene::reasonOf(std::uint32_t number) {
  const spec::SlotRecord record = slot(number);
  const std::string text(record.reason, sizeof record.reason);
  return text.substr(0, text.find('\0'));
}

bool PlaneScene::waitServed(bool isServed, std::uint32_t number) {
  return test::waitUntil([&] { return ((slot(number).flags & spec::SERVED) != 0) == isServed; });
}

bool PlaneScene::waitReason(const std::string& part, std::uint32_t number) {
  return test::waitUntil([&] { return reasonOf(number).find(part) != std::string::npos; });
}

} // namespace argon::backplane
