// SPDX-License-Identifier: Apache-2.0
#include "conformance/trial.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;

namespace {

Result<std::uint64_t> askNumber(frontend::Channel& channel, spec::Request request) {
  ARGON_TRY_ASSIGN(const frontend::Answer answer, channel.ask(request, {}));
  std::uint64_t number = 0;
  if (answer.payload.size() != sizeof number) {
    return failure(concat("the answer to message ", request, " is no number"));
  }
  std::memcpy(&number, answer.payload.data(), sizeof number);
  return number;
}

} // namespace

Link::Link(std::unique_ptr<Session> session, std::uint64_t timeoutMs)
    : session_(std::move(session)) {
  for (std::uint16_t index = 0; index < session_->queueCount(); ++index) {
    drivers_.emplace_back(*session_, index);
    drivers_.back().setTimeoutMs(timeoutMs);
  }
}

std::string_view kindName(Session::RingKind kind) {
  return kind == Session::RingKind::Split ? "split" : "packed";
}

std::span<const Session::RingKind> ringKinds() {
  static constexpr std::array kKinds = {Session::RingKind::Split, Session::RingKind::Packed};
  return kKinds;
}

virtio::FeatureSet featuresOf(const RingSetup& setup) {
  virtio::FeatureSet features = virtio::FeatureSet().with(virtio::spec::F_VERSION_1);
  if (setup.kind == Session::RingKind::Packed) {
    features = features.with(virtio::spec::F_RING_PACKED);
  }
  return setup.hasEventIdx ? features.with(virtio::spec::F_EVENT_IDX) : features;
}

Session::Options optionsOf(const RingSetup& setup) {
  const virtio::FeatureSet all(~std::uint64_t{0});
  return {.queueSize = setup.size,
          .ringKind = setup.kind,
          .wantedFeatures = setup.hasEventIdx ? all : all.without(virtio::spec::F_EVENT_IDX)};
}

Result<frontend::Channel> Trial::connectChannel() const {
  ARGON_TRY_ASSIGN(frontend::Channel channel, frontend::Channel::connectTo(options_.socketPath));
  channel.setTimeoutMs(static_cast<int>(options_.timeoutMs));
  return channel;
}

Result<std::unique_ptr<Link>> Trial::openLink(const Session::Options& options) const {
  ARGON_TRY_ASSIGN(frontend::Channel channel, connectChannel());
  ARGON_TRY_ASSIGN(std::unique_ptr<Session> session, Session::open(std::move(channel), options));
  return std::make_unique<Link>(std::move(session), options_.timeoutMs);
}

Result<DeviceFacts> readFacts(const Trial::Options& options) {
  DeviceFacts facts;
  const Trial trial(options, facts);
  ARGON_TRY_ASSIGN(frontend::Channel channel, trial.connectChannel());
  ARGON_TRY_ASSIGN(const std::uint64_t features, askNumber(channel, spec::Request::GET_FEATURES));
  facts.features = virtio::FeatureSet(features);
  if (!facts.features.has(spec::F_PROTOCOL_FEATURES)) {
    return failure("the back end has no protocol features, and so no configuration space");
  }
  ARGON_TRY_ASSIGN(const std::uint64_t protocol,
                   askNumber(channel, spec::Request::GET_PROTOCOL_FEATURES));
  facts.protocolFeatures = virtio::FeatureSet(protocol);
  channel.close();
  ARGON_TRY_ASSIGN(frontend::Channel second, trial.connectChannel());
  ARGON_TRY_ASSIGN(const std::unique_ptr<Session> session,
                   Session::open(std::move(second), {.queueCount = 0}));
  facts.config = session->config();
  if (facts.protocolFeatures.has(spec::PROTOCOL_F_MQ)) {
    ARGON_TRY_ASSIGN(facts.queueCountMax,
                     askNumber(session->channel(), spec::Request::GET_QUEUE_NUM));
  }
  return facts;
}

Error failure(std::string message) { return {ErrorKind::Protocol, std::move(message)}; }

Bytes pattern(std::size_t length, std::uint64_t seed) {
  constexpr std::uint64_t kMultiplier = 0x9e37'79b9'7f4a'7c15;
  Bytes bytes(length);
  for (std::size_t at = 0; at < length; at += sizeof(std::uint64_t)) {
    const std::uint64_t value = (seed * length + at + 1) * kMultiplier ^ seed;
    std::memcpy(bytes.data() + at, &value, std::min(sizeof value, length - at));
  }
  return bytes;
}

Result<void> checkTransfer(const Trial& trial, BlockDriver& driver, std::uint64_t sector,
                           std::uint32_t sectorCount, const Framing& framing, std::uint64_t seed) {
  const std::size_t length = sectorCount * blk::SECTOR_BYTES;
  BlockDriver::Request request{.type = blk::T_IN,
                               .sector = sector,
                               .cuts = framing.cuts,
                               .isIndirect = framing.isIndirect,
                               .offsetInPage = framing.offsetInPage};
  Bytes expected(length);
  if (trial.facts().isReadOnly()) {
    request.input = expected;
    ARGON_TRY(expectStatus(driver, request, blk::S_OK, "a read"));
  } else {
    expected = pattern(length, seed);
    BlockDriver::Request write = request;
    write.type = blk::T_OUT;
    write.output = expected;
    ARGON_TRY(expectStatus(driver, write, blk::S_OK, "a write"));
  }
  Bytes read(length);
  request.input = read;
  ARGON_TRY(expectStatus(driver, request, blk::S_OK, "a read"));
  return read == expected ? Result<void>()
                          : failure(concat(length, " bytes at sector ", sector,
                                           " did not read back as they were written"));
}

Result<void> expectStatus(BlockDriver& driver, const BlockDriver::Request& request,
                          std::uint8_t expected, std::string_view what) {
  Result<BlockDriver::Answer> answer = driver.execute(request);
  if (!answer) {
    return std::move(answer).error().within(what);
  }
  return answer->status == expected ? Result<void>()
                                    : failure(concat(what, " has status ", answer->status,
                                                     ", and should have ", expected));
}

Result<void> expectRefused(BlockDriver& driver, const BlockDriver::Request& request,
                           std::string_view what) {
  Result<BlockDriver::Answer> answer = driver.execute(request);
  if (!answer) {
    return std::move(answer).error().within(what);
  }
  if (answer->status == blk::S_OK) {
    return failure(concat(what, " has status OK"));
  }
  if (answer->status > blk::S_UNSUPP) {
    return failure(concat(what, " has status ", answer->status, ", which does not exist"));
  }
  Bytes sector(blk::SECTOR_BYTES);
  return expectStatus(driver, {.type = blk::T_IN, .input = sector}, blk::S_OK,
                      concat("a read after ", what));
}

Result<void> runPipeline(BlockDriver& driver, const Pipeline& pipeline) {
  std::map<std::uint16_t, std::size_t> numberOf;
  std::size_t next = 0;
  for (std::size_t doneCount = 0; doneCount < pipeline.count;) {
    while (next < pipeline.count && numberOf.size() < pipeline.depth) {
      const BlockDriver::Request request = pipeline.make(next);
      Result<std::uint16_t> chain = driver.submit(request);
      if (!chain && chain.error().kind() == ErrorKind::Exhausted && !numberOf.empty()) {
        break; // The ring is full, and its answers make room.
      }
      ARGON_TRY(chain);
      numberOf[*chain] = next++;
    }
    driver.publish();
    ARGON_TRY_ASSIGN(const BlockDriver::Completion done, driver.waitAny());
    const auto found = numberOf.find(done.chain);
    const std::size_t number = found->second;
    numberOf.erase(found);
    if (done.answer.status != blk::S_OK) {
      return failure(
          concat("request ", number, " of ", pipeline.count, " has status ", done.answer.status));
    }
    ARGON_TRY(pipeline.done(number));
    ++doneCount;
  }
  return {};
}

Result<HandMadeRead> readByHand(Link& link, frontend::Arena& dataArena) {
  constexpr std::size_t kPageBytes = 4096;
  frontend::Arena& arena = link.session().arena();
  HandMadeRead parts;
  ARGON_TRY_ASSIGN(parts.header, arena.allocate(kPageBytes, kPageBytes));
  ARGON_TRY_ASSIGN(parts.status, arena.allocate(kPageBytes, kPageBytes));
  ARGON_TRY_ASSIGN(parts.data, dataArena.allocate(HandMadeRead::kDataBytes, kPageBytes));
  const blk::RequestHeader header{
      .type = blk::T_IN, .reserved = std::uint32_t{0}, .sector = std::uint64_t{0}};
  std::memcpy(parts.header.bytes.data(), &header, sizeof header);
  parts.status.bytes.front() = std::byte{0xff};
  const std::array buffers = {
      frontend::Buffer{.address = parts.header.address, .lengthBytes = sizeof header},
      frontend::Buffer{.address = parts.data.address,
                       .lengthBytes = HandMadeRead::kDataBytes,
                       .isWritable = true},
      frontend::Buffer{.address = parts.status.address, .lengthBytes = 1, .isWritable = true}};
  if (!link.session().ring(0).add(buffers)) {
    return failure("the ring is full");
  }
  link.driver().publish();
  ARGON_TRY(link.driver().waitUsed());
  return parts.status.bytes.front() == std::byte{blk::S_OK}
             ? Result<HandMadeRead>(parts)
             : failure(concat("a read has status ",
                              std::to_integer<unsigned>(parts.status.bytes.front())));
}

} // namespace argon::conformance
