// SPDX-License-Identifier: Apache-2.0

// A device that becomes larger while its driver works on it.

#include "base/error.h"
#include "base/result.h"
#include "block/card.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/blk.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;
using frontend::BlockDriver;
using frontend::Session;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kOldBytes = 1 << 20;
constexpr std::uint64_t kNewBytes = 3 << 20;
// How long nothing must come where nothing may.
constexpr int kSilenceMs = 50;

enum class Channel : std::uint8_t { None, Open };

struct Rig {
  explicit Rig(Channel channel) : backend(test::makeMemoryStore(kOldBytes)) {
    session = backend.connect({.wantedProtocolFeatures = Session::kUsualProtocolFeatures.with(
                                   spec::PROTOCOL_F_BACKEND_REQ)});
    if (channel == Channel::Open) {
      REQUIRE_OK(session->openBackendChannel());
    }
  }

  Result<void> grow(std::uint64_t sizeBytes) { return growDevice(backend.device(), sizeBytes); }
  Result<void> growDevice(DeviceId device, std::uint64_t sizeBytes) {
    auto grown = std::make_shared<std::promise<Result<void>>>();
    backend.card().growDevice(device, sizeBytes, BlockCard::Growth::Device,
                              [grown](const Result<void>& result) { grown->set_value(result); });
    std::future<Result<void>> outcome = grown->get_future();
    REQUIRE(outcome.wait_for(std::chrono::milliseconds(test::kDeadlineMs)) ==
            std::future_status::ready);
    return outcome.get();
  }
  std::uint64_t sectorCount() {
    const Result<blk::Config> config = session->readConfig();
    REQUIRE_OK(config);
    return config->capacity.get();
  }
  bool isTold() {
    const Result<frontend::Answer> message = session->receiveFromBackend(kSilenceMs);
    return message.has_value();
  }

  test::Backend backend;
  std::unique_ptr<Session> session;
};

} // namespace

TEST_CASE("a device that grew has the new capacity, and tells its driver once") {
  Rig rig(Channel::Open);
  CHECK(rig.sectorCount() == kOldBytes / 512);

  CHECK_OK(rig.grow(kNewBytes));

  const Result<frontend::Answer> message = rig.session->receiveFromBackend(test::kDeadlineMs);
  REQUIRE_OK(message);
  CHECK(message->header.request ==
        static_cast<std::uint32_t>(spec::BackendRequest::CONFIG_CHANGE_MSG));
  CHECK(rig.sectorCount() == kNewBytes / 512);
  CHECK_FALSE(rig.isTold());
}

TEST_CASE("what lies behind the old end reads as zeros and can be written, once the device grew") {
  Rig rig(Channel::None);
  BlockDriver driver(*rig.session);
  const Bytes last(512, std::byte{1});
  REQUIRE_OK(driver.write(kOldBytes - 512, last));
  // Half of it would lie behind the end.
  const Bytes across(1024, std::byte{2});
  CHECK_FALSE(driver.write(kOldBytes - 512, across).has_value());
  CHECK_FALSE(driver.write(kNewBytes - 512, last).has_value());

  CHECK_OK(rig.grow(kNewBytes));

  Bytes read(1024, std::byte{0xee});
  REQUIRE_OK(driver.read(kOldBytes - 512, read));
  Bytes expected = last;
  expected.resize(1024);
  CHECK(read == expected);
  CHECK_OK(driver.write(kOldBytes - 512, across));
  CHECK_OK(driver.read(kOldBytes - 512, read));
  CHECK(read == across);
  CHECK_OK(driver.write(kNewBytes - 512, last));
  CHECK_FALSE(driver.write(kNewBytes, last).has_value());
}

TEST_CASE("a device does not shrink, nor to a part of a block, and says nothing to its driver") {
  Rig rig(Channel::Open);
  BlockDriver driver(*rig.session);
  for (const std::uint64_t size : {std::uint64_t{0}, kOldBytes - 512, kNewBytes + 1}) {
    CAPTURE(size);
    const Result<void> grown = rig.grow(size);
    REQUIRE_FALSE(grown.has_value());
    CHECK(grown.error().kind() == ErrorKind::InvalidArgument);
  }
  CHECK_FALSE(rig.isTold());
  CHECK(rig.sectorCount() == kOldBytes / 512);
  CHECK_OK(driver.write(kOldBytes - 512, Bytes(512)));
}

TEST_CASE("a device may grow before its front end comes, and several times") {
  Rig rig(Channel::None);
  rig.session = nullptr;
  CHECK_OK(rig.grow(kOldBytes * 2));
  CHECK_OK(rig.grow(kNewBytes));

  rig.session = rig.backend.connect();

  CHECK(rig.session->config().capacity.get() == kNewBytes / 512);
  BlockDriver driver(*rig.session);
  CHECK_OK(driver.write(kNewBytes - 512, Bytes(512)));
}

TEST_CASE("a device that is not there cannot grow") {
  Rig rig(Channel::None);

  const Result<void> grown = rig.growDevice(DeviceId(999), kNewBytes);

  REQUIRE_FALSE(grown.has_value());
  CHECK(grown.error().kind() == ErrorKind::NotFound);
}

} // namespace argon::block
