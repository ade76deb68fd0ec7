// SPDX-License-Identifier: Apache-2.0

#include "base/result.h"
#include "frontend/session.h"
#include "support/net_backend.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"

#include <cstdint>
#include <memory>

namespace argon::network {

namespace {

namespace spec = vhost_user::spec;
namespace net = virtio::spec::net;
using frontend::Session;
using test::NetBackend;

std::unique_ptr<Session> connectWithMtu(const NetBackend& backend) {
  Session::Options options = NetBackend::sessionOptions();
  options.wantedProtocolFeatures = options.wantedProtocolFeatures.with(spec::PROTOCOL_F_MTU);
  return backend.connect(0, options);
}

} // namespace

// Whatever this list is, a later version may only add to it: a guest that was started with a
// feature is lost to a back end without it.
TEST_CASE("a network device offers what it always offered") {
  const NetBackend backend;
  const std::unique_ptr<Session> session = backend.connect(0);

  CHECK(session->offeredFeatures() == virtio::FeatureSet()
                                          .with(virtio::spec::F_VERSION_1)
                                          .with(virtio::spec::F_INDIRECT_DESC)
                                          .with(virtio::spec::F_EVENT_IDX)
                                          .with(virtio::spec::F_RING_PACKED)
                                          .with(net::F_MRG_RXBUF)
                                          .with(net::F_MTU)
                                          .with(net::F_MQ)
                                          .with(net::F_CSUM)
                                          .with(net::F_GUEST_CSUM)
                                          .with(net::F_HOST_TSO4)
                                          .with(net::F_HOST_TSO6)
                                          .with(net::F_GUEST_TSO4)
                                          .with(net::F_GUEST_TSO6)
                                          .with(spec::F_PROTOCOL_FEATURES)
                                          .with(spec::F_LOG_ALL));
}

TEST_CASE("a network device has no configuration space and nothing to track") {
  const NetBackend backend;
  Session::Options options = NetBackend::sessionOptions();
  options.wantedProtocolFeatures = virtio::FeatureSet(~std::uint64_t{0});
  const std::unique_ptr<Session> session = backend.connect(0, options);

  CHECK(session->protocolFeatures().has(spec::PROTOCOL_F_MTU));
  CHECK(session->protocolFeatures().has(spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS));
  CHECK_FALSE(session->protocolFeatures().has(spec::PROTOCOL_F_CONFIG));
  CHECK_FALSE(session->protocolFeatures().has(spec::PROTOCOL_F_INFLIGHT_SHMFD));
}

TEST_CASE("an MTU may be anything that IPv4 can live with, up to 9001") {
  const NetBackend backend;
  const std::unique_ptr<Session> session = connectWithMtu(backend);

  for (const std::uint64_t mtu : {68UL, 576UL, 1500UL, 9001UL}) {
    CHECK_OK(session->setMtu(mtu));
  }
  for (const std::uint64_t mtu :
       {std::uint64_t{0}, std::uint64_t{67}, std::uint64_t{9002}, UINT64_MAX}) {
    CHECK_FALSE(session->setMtu(mtu).has_value());
  }
}

TEST_CASE("a device has as many rings as its pairs, and front ends ask for pairs") {
  const NetBackend backend({.pairCount = 3});
  Session::Options options = NetBackend::sessionOptions();
  options.queueCount = 6;
  const std::unique_ptr<Session> session = backend.connect(0, options);
  CHECK(session->queueCount() == 6);

  options.queueCount = 7;
  const Result<std::unique_ptr<Session>> tooMany =
      Session::open(backend.connectChannel(1), options);
  CHECK(test::messageOf(tooMany) == "the back end has 3 queues, too few for 7 rings");
}

TEST_CASE("a call descriptor can be replaced while rings run") {
  const NetBackend backend;
  const std::unique_ptr<Session> session = backend.connect(0);
  for (int round = 0; round < 100; ++round) {
    REQUIRE_OK(session->replaceCallFd(0));
    REQUIRE_OK(session->replaceCallFd(1));
  }
  REQUIRE_OK(session->stopQueue(1));
}

} // namespace argon::network
