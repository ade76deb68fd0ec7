// SPDX-License-Identifier: Apache-2.0
#include "backplane/front_end_script.h"

#include "backplane/model_card.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/memfd.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace spec = vhost_user::spec;
using test::bytesOf;

namespace {

UniqueFd makeEvent() {
  Result<UniqueFd> event = createEventFd();
  REQUIRE_OK(event);
  return *std::move(event);
}

spec::SingleMemoryRegion regionAt(std::uint64_t address) {
  return {
      .padding = 0,
      .region = {.guestAddress = address, .size = 4096, .userAddress = address, .mmapOffset = 0}};
}

} // namespace

FrontEndScript::FrontEndScript()
    : kick_(makeEvent()), call_(makeEvent()), err_(makeEvent()),
      memory_(test::makeMemfd(4096, test::Sealed::Yes)),
      moreMemory_(test::makeMemfd(4096, test::Sealed::Yes)),
      log_(test::makeMemfd(4096, test::Sealed::Yes)),
      inflight_(test::makeMemfd(4096, test::Sealed::Yes)) {
  test::SocketPair requests = test::makeSocketPair();
  requestsOurs_ = std::move(requests.frontend);
  requestsTheirs_ = std::move(requests.backend);
}

Result<std::string> FrontEndScript::ask(frontend::Channel& channel, Request request,
                                        std::span<const std::byte> payload) const {
  ARGON_TRY_ASSIGN(const frontend::Answer answer, channel.ask(request, payload));
  std::string text = concat(request, ":");
  for (const std::byte byte : answer.payload) {
    text += concat(" ", static_cast<unsigned>(byte));
  }
  for (const UniqueFd& fd : answer.fds) {
    text += concat(" ", identityOf(fd.get()));
  }
  return text + "\n";
}

Result<std::string> FrontEndScript::negotiate(frontend::Channel& channel) const {
  std::string answers;
  for (const Request request : {Request::GET_FEATURES, Request::GET_PROTOCOL_FEATURES}) {
    ARGON_TRY_ASSIGN(const std::string answer, ask(channel, request, {}));
    answers += answer;
  }
  ARGON_TRY(channel.send(Request::SET_PROTOCOL_FEATURES, bytesOf(kProtocolFeatures.bits())));
  ARGON_TRY_ASSIGN(const std::string queues, ask(channel, Request::GET_QUEUE_NUM, {}));
  ARGON_TRY(channel.send(Request::SET_OWNER, {}));
  ARGON_TRY(channel.tell(Request::SET_FEATURES, bytesOf(kFeatures.bits())));
  std::vector<std::byte> table(sizeof(spec::MemoryTableHeader) + sizeof(spec::MemoryRegion));
  const spec::MemoryTableHeader header{.regionCount = 1, .padding = 0};
  const spec::MemoryRegion region = regionAt(0).region;
  std::memcpy(table.data(), &header, sizeof header);
  std::memcpy(table.data() + sizeof header, &region, sizeof region);
  ARGON_TRY(channel.tell(Request::SET_MEM_TABLE, table, std::array{memory_.get()}));
  return answers + queues;
}

Result<void> FrontEndScript::setUpDevice(frontend::Channel& channel) const {
  ARGON_TRY(channel.tell(Request::SET_BACKEND_REQ_FD, {}, std::array{requestsTheirs_.get()}));
  ARGON_TRY(
      channel.tell(Request::ADD_MEM_REG, bytesOf(regionAt(8192)), std::array{moreMemory_.get()}));
  ARGON_TRY(
      channel.tell(Request::ADD_MEM_REG, bytesOf(regionAt(16384)), std::array{moreMemory_.get()}));
  ARGON_TRY(channel.tell(Request::REM_MEM_REG, bytesOf(regionAt(8192))));
  std::array<std::byte, sizeof(spec::ConfigHeader) + 1> config{};
  const spec::ConfigHeader place{.offset = 32, .size = 1, .flags = 0};
  std::memcpy(config.data(), &place, sizeof place);
  config.back() = std::byte{1};
  ARGON_TRY(channel.tell(Request::SET_CONFIG, config));
  const spec::LogDescription log{.size = 4096, .offset = 0};
  ARGON_TRY(channel.ask(Request::SET_LOG_BASE, bytesOf(log), std::array{log_.get()}));
  return channel.send(Request::SET_LOG_FD, {}, std::array{err_.get()});
}

Result<void> FrontEndScript::startRing(frontend::Channel& channel, std::uint32_t ring) const {
  const auto tellState = [&](Request request, std::uint32_t number) {
    return channel.send(request, bytesOf(spec::VringState{.index = ring, .num = number}));
  };
  const auto tellFd = [&](Request request, int fd) {
    return channel.send(request, bytesOf(std::uint64_t{ring}), std::array{fd});
  };
  ARGON_TRY(tellState(Request::SET_VRING_NUM, 64));
  ARGON_TRY(tellState(Request::SET_VRING_BASE, 7));
  ARGON_TRY(channel.tell(Request::SET_VRING_ADDR, bytesOf(spec::VringAddress{.index = ring})));
  ARGON_TRY(tellFd(Request::SET_VRING_ERR, err_.get()));
  ARGON_TRY(tellFd(Request::SET_VRING_KICK, kick_.get()));
  ARGON_TRY(tellFd(Request::SET_VRING_CALL, call_.get()));
  return channel.tell(Request::SET_VRING_ENABLE,
                      bytesOf(spec::VringState{.index = ring, .num = 1}));
}

Result<std::string> FrontEndScript::play(frontend::Channel& channel) const {
  ARGON_TRY_ASSIGN(std::string answers, negotiate(channel));
  ARGON_TRY(setUpDevice(channel));
  const spec::InflightDescription wanted{
      .mmapSize = 0, .mmapOffset = 0, .queueCount = 2, .queueSize = 64};
  ARGON_TRY_ASSIGN(const std::string inflight,
                   ask(channel, Request::GET_INFLIGHT_FD, bytesOf(wanted)));
  ARGON_TRY(channel.tell(Request::SET_INFLIGHT_FD, bytesOf(wanted), std::array{inflight_.get()}));
  ARGON_TRY(startRing(channel, 0));
  ARGON_TRY(startRing(channel, 1));
  // Ring 1 is stopped, and ring 0 stopped and started again.
  for (const std::uint32_t ring : {1U, 0U}) {
    ARGON_TRY_ASSIGN(
        const std::string base,
        ask(channel, Request::GET_VRING_BASE, bytesOf(spec::VringState{.index = ring, .num = 0})));
    answers += base;
  }
  ARGON_TRY(
      channel.send(Request::SET_VRING_KICK, bytesOf(std::uint64_t{0}), std::array{kick_.get()}));
  // An answer at the end: everything before has had its effect.
  ARGON_TRY_ASSIGN(const std::string last, ask(channel, Request::GET_QUEUE_NUM, {}));
  return answers + inflight + last;
}

} // namespace argon::backplane
