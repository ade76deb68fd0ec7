// SPDX-License-Identifier: Apache-2.0

// Messages about state, against a back end that keeps a list of what it was told. What a card makes
// of them is in native/conformance, whose cases suite_test.cc runs.

#include "base/error.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "support/scripted_backend.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

namespace spec = vhost_user::spec;
namespace blk = virtio::spec::blk;
using spec::Request;
using test::ScriptedBackend;
using Bytes = std::vector<std::byte>;

// A back end with every protocol feature, that does nothing and remembers the last of each message.
class Rig {
public:
  explicit Rig(const Session::Options& options = {})
      : backend_([this](const spec::Header& header, std::span<const std::byte> payload) {
          return reply(header, payload);
        }) {
    Channel channel = backend_.takeChannel();
    channel.setTimeoutMs(10'000);
    Result<std::unique_ptr<Session>> session = Session::open(std::move(channel), options);
    REQUIRE_OK(session);
    session_ = *std::move(session);
  }
  ~Rig() { session_->disconnect(); }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  Session& session() { return *session_; }
  void setNumber(Request request, std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    numbers_[request] = number;
  }
  // The payload of the last message of a kind, which must have come.
  Bytes last(Request request) {
    const std::scoped_lock lock(mutex_);
    const auto found = told_.find(request);
    REQUIRE(found != told_.end());
    return found->second;
  }
  template <typename Struct>
  Struct lastAs(Request request) {
    const Bytes payload = last(request);
    REQUIRE(payload.size() == sizeof(Struct));
    Struct value{};
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  std::size_t countOf(Request request) {
    const std::scoped_lock lock(mutex_);
    return counts_[request];
  }

private:
  std::optional<Bytes> reply(const spec::Header& header, std::span<const std::byte> payload) {
    const std::scoped_lock lock(mutex_);
    const auto request = static_cast<Request>(header.request);
    told_[request] = Bytes(payload.begin(), payload.end());
    ++counts_[request];
    switch (request) {
    case Request::GET_FEATURES:
    case Request::GET_PROTOCOL_FEATURES:
      return ScriptedBackend::answerU64(header, ~std::uint64_t{0});
    case Request::GET_CONFIG: {
      Bytes answer(payload.begin(), payload.end());
      // Byte n of the configuration is n.
      spec::ConfigHeader asked{};
      std::memcpy(&asked, payload.data(), sizeof asked);
      for (std::uint32_t index = 0; index < asked.size; ++index) {
        answer[sizeof asked + index] = static_cast<std::byte>(asked.offset + index);
      }
      return ScriptedBackend::answer(header, answer);
    }
    default:
      break;
    }
    const auto found = numbers_.find(request);
    if (found != numbers_.end()) {
      return ScriptedBackend::answerU64(header, found->second);
    }
    const bool isAsking = request == Request::SET_LOG_BASE;
    return isAsking || (header.flags & spec::NEED_REPLY) != 0
               ? std::optional(ScriptedBackend::answerU64(header, 0))
               : Bytes();
  }

  std::mutex mutex_;
  std::map<Request, std::uint64_t> numbers_;
  std::map<Request, Bytes> told_;
  std::map<Request, std::size_t> counts_;
  ScriptedBackend backend_;
  std::unique_ptr<Session> session_;
};

ErrorKind kindOf(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind();
}

} // namespace

TEST_CASE("any part of the configuration is read from where it is") {
  Rig rig;

  const Result<Bytes> part = rig.session().readConfigBytes(20, 4);

  REQUIRE_OK(part);
  CHECK(*part == Bytes{std::byte{20}, std::byte{21}, std::byte{22}, std::byte{23}});
}

TEST_CASE("a write of the configuration names place and bytes, and may be refused") {
  Rig rig;
  const std::array bytes = {std::byte{1}};
  REQUIRE_OK(rig.session().writeConfig(offsetof(blk::Config, writeback), bytes));

  const Bytes payload = rig.last(Request::SET_CONFIG);
  spec::ConfigHeader header{};
  REQUIRE(payload.size() == sizeof header + 1);
  std::memcpy(&header, payload.data(), sizeof header);
  CHECK(header.offset == 32);
  CHECK(header.size == 1);
  CHECK(payload.back() == std::byte{1});

  rig.setNumber(Request::SET_CONFIG, 1);
  CHECK(kindOf(rig.session().writeConfig(0, bytes)) == ErrorKind::InvalidArgument);
}

TEST_CASE("memory in slots is told one region at a time, and taken back") {
  Rig rig({.wantedProtocolFeatures =
               virtio::FeatureSet(~std::uint64_t{0}).without(spec::PROTOCOL_F_INFLIGHT_SHMFD),
           .memoryMessage = Session::MemoryMessage::Slots,
           .arenaBytes = 1 << 20,
           .regionCount = 2});
  CHECK(rig.countOf(Request::ADD_MEM_REG) == 2);
  CHECK(rig.countOf(Request::SET_MEM_TABLE) == 0);
  rig.setNumber(Request::GET_MAX_MEM_SLOTS, 32);
  CHECK(*rig.session().readSlotCountMax() == 32);

  const Result<std::unique_ptr<Arena>> extra = Arena::create({.sizeBytes = 8192, .place = 1});
  REQUIRE_OK(extra);
  REQUIRE_OK(rig.session().addMemory(**extra));
  const auto added = rig.lastAs<spec::SingleMemoryRegion>(Request::ADD_MEM_REG);
  CHECK(added.region.guestAddress == (*extra)->startAddress().get());
  CHECK(added.region.guestAddress >= rig.session().arena().endAddress().get());
  CHECK(added.region.size == 8192);
  REQUIRE_OK(rig.session().removeMemory(**extra));
  const auto removed = rig.lastAs<spec::SingleMemoryRegion>(Request::REM_MEM_REG);
  CHECK(removed.region.guestAddress == added.region.guestAddress);
  CHECK(removed.region.userAddress == added.region.userAddress);
}

TEST_CASE("a log covers all of guest memory, and rings are told where theirs is") {
  Rig rig;
  const std::uint64_t pages = rig.session().arena().endAddress().get() / 4096;

  REQUIRE_OK(rig.session().startLog());

  CHECK(rig.lastAs<spec::LogDescription>(Request::SET_LOG_BASE).size * 8 >= pages);
  CHECK(virtio::FeatureSet(rig.lastAs<std::uint64_t>(Request::SET_FEATURES)).has(spec::F_LOG_ALL));
  const auto address = rig.lastAs<spec::VringAddress>(Request::SET_VRING_ADDR);
  CHECK(address.flags == spec::VRING_F_LOG);
  CHECK(address.log == rig.session().queue(0).usedAddress().get());
  CHECK(rig.session().loggedPageCount() == 0);
  CHECK_FALSE(rig.session().isLogged(rig.session().arena().startAddress()));

  REQUIRE_OK(rig.session().stopLog());
  CHECK_FALSE(
      virtio::FeatureSet(rig.lastAs<std::uint64_t>(Request::SET_FEATURES)).has(spec::F_LOG_ALL));
  CHECK(rig.lastAs<spec::VringAddress>(Request::SET_VRING_ADDR).flags == 0);
}

TEST_CASE("the device's status is a byte") {
  Rig rig;
  REQUIRE_OK(rig.session().setStatus(15));
  CHECK(rig.lastAs<std::uint64_t>(Request::SET_STATUS) == 15);
  rig.setNumber(Request::GET_STATUS, 15);
  CHECK(*rig.session().readStatus() == 15);
  rig.setNumber(Request::GET_STATUS, 256);
  CHECK(kindOf(rig.session().readStatus()) == ErrorKind::Protocol);
}

TEST_CASE("a reset is followed by the features that were accepted") {
  Rig rig;
  REQUIRE_OK(rig.session().resetDevice());
  CHECK(rig.countOf(Request::RESET_DEVICE) == 1);
  REQUIRE_OK(rig.session().sendFeatures());
  CHECK(rig.lastAs<std::uint64_t>(Request::SET_FEATURES) == rig.session().features().bits());
}

TEST_CASE("a back end that closes its channel has left it") {
  Rig rig;
  REQUIRE_OK(rig.session().openBackendChannel());
  CHECK(rig.countOf(Request::SET_BACKEND_REQ_FD) == 1);

  // The scripted back end closed its end with the message.
  CHECK(kindOf(rig.session().receiveFromBackend(5'000)) == ErrorKind::Closed);
}

} // namespace argon::frontend
