// SPDX-License-Identifier: Apache-2.0

// What keeps a guest whole when its back end or its host changes: in-flight tracking, the dirty
// page log, status and reset.

#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;

namespace {

constexpr std::size_t kRequestCount = 40;
constexpr std::size_t kRequestBytes = 32768;
constexpr std::uint64_t kRequestSectors = kRequestBytes / blk::SECTOR_BYTES;

// Takes what is there. An answer to a request that was answered before is the driver's error.
Result<void> takeAll(BlockDriver& driver) {
  for (;;) {
    ARGON_TRY_ASSIGN(const std::optional<BlockDriver::Completion> done, driver.takeAny());
    if (!done) return {};
    if (done->answer.status != blk::S_OK) {
      return failure(concat("a request has status ", done->answer.status));
    }
  }
}

// A front end loses its connection with requests under way and comes back with the same memory.
Result<void> loseConnection(const Trial& trial, Link& link, std::size_t answerCount) {
  for (std::size_t count = 0; count < answerCount; ++count) {
    ARGON_TRY(link.driver().waitAny());
  }
  link.session().disconnect();
  ARGON_TRY_ASSIGN(frontend::Channel channel, trial.connectChannel());
  ARGON_TRY(link.session().reconnect(std::move(channel)));
  for (std::size_t index = 0; index < link.driverCount(); ++index) {
    ARGON_TRY(takeAll(link.driver(index)));
  }
  ARGON_TRY(link.session().resumeQueues());
  for (std::size_t index = 0; index < link.driverCount(); ++index) {
    link.session().kick(static_cast<std::uint16_t>(index));
    while (link.driver(index).underWayCount() > 0) {
      ARGON_TRY_ASSIGN(const BlockDriver::Completion done, link.driver(index).waitAny());
      if (done.answer.status != blk::S_OK) {
        return failure(concat("a request that was under way has status ", done.answer.status));
      }
    }
  }
  return {};
}

// Every request is answered once, and what was written is there.
Result<void> recover(const Trial& trial, const RingSetup& setup, std::uint16_t queueCount) {
  Session::Options options = optionsOf(setup);
  options.queueCount = queueCount;
  options.wantedProtocolFeatures =
      options.wantedProtocolFeatures.with(spec::PROTOCOL_F_INFLIGHT_SHMFD);
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  for (std::size_t round = 0; round < 8; ++round) {
    const Bytes bytes = pattern(kRequestBytes, round);
    const auto sectorOf = [&](std::size_t queue, std::size_t number) {
      return (queue * kRequestCount + number) * kRequestSectors;
    };
    for (std::size_t queue = 0; queue < link->driverCount(); ++queue) {
      for (std::size_t number = 0; number < kRequestCount; ++number) {
        ARGON_TRY(link->driver(queue).submit(
            {.type = blk::T_OUT, .sector = sectorOf(queue, number), .output = bytes}));
      }
      link->driver(queue).publish();
    }
    ARGON_TRY(loseConnection(trial, *link, round * 3));
    for (std::size_t queue = 0; queue < link->driverCount(); ++queue) {
      Bytes read(kRequestBytes);
      for (std::size_t number = 0; number < kRequestCount; ++number) {
        ARGON_TRY(
            expectStatus(link->driver(queue),
                         {.type = blk::T_IN, .sector = sectorOf(queue, number), .input = read},
                         blk::S_OK, "a read after the connection was lost"));
        if (read != bytes) {
          return failure(concat("write ", number, " was answered, and is not there"));
        }
      }
    }
  }
  return {};
}

Result<void> recoverIdle(const Trial& trial, const RingSetup& setup) {
  Session::Options options = optionsOf(setup);
  options.wantedProtocolFeatures =
      options.wantedProtocolFeatures.with(spec::PROTOCOL_F_INFLIGHT_SHMFD);
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  for (int round = 0; round < 5; ++round) {
    ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8));
    ARGON_TRY(loseConnection(trial, *link, 0));
  }
  return checkTransfer(trial, link->driver(), 8, 8);
}

Result<void> logPages(const Trial& trial, const RingSetup& setup) {
  constexpr std::uint64_t kPageBytes = 4096;
  Session::Options options = optionsOf(setup);
  options.wantedProtocolFeatures = options.wantedProtocolFeatures.with(spec::PROTOCOL_F_LOG_SHMFD);
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  Session& session = link->session();
  ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8));
  ARGON_TRY(session.startLog());
  session.clearLog();
  ARGON_TRY_ASSIGN(const HandMadeRead parts, readByHand(*link, session.arena()));
  for (std::size_t page = 0; page < HandMadeRead::kDataBytes / kPageBytes; ++page) {
    if (!session.isLogged(GuestAddress(parts.data.address.get() + page * kPageBytes))) {
      return failure(concat("page ", page, " of the data is not in the log"));
    }
  }
  if (!session.isLogged(parts.status.address)) {
    return failure("the page of the status byte is not in the log");
  }
  if (setup.kind == Session::RingKind::Split && !session.isLogged(session.ring(0).usedAddress())) {
    return failure("the used ring's page is not in the log");
  }
  if (session.isLogged(parts.header.address)) {
    return failure("the page of the header is in the log, and nobody wrote it");
  }
  ARGON_TRY(session.stopLog());
  session.clearLog();
  ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8));
  return session.loggedPageCount() == 0
             ? Result<void>()
             : failure(concat(session.loggedPageCount(), " pages were logged after the end"));
}

Result<void> setStatus(const Trial& trial, const RingSetup& setup) {
  // ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK (virtio 1.2, 2.1), one after the other.
  Session::Options options = optionsOf(setup);
  options.wantedProtocolFeatures = options.wantedProtocolFeatures.with(spec::PROTOCOL_F_STATUS);
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  for (const std::uint8_t status :
       {std::uint8_t{1}, std::uint8_t{3}, std::uint8_t{11}, std::uint8_t{15}}) {
    ARGON_TRY(link->session().setStatus(status));
    ARGON_TRY_ASSIGN(const std::uint8_t seen, link->session().readStatus());
    if (seen != status) {
      return failure(concat("status ", status, " was set, and is ", seen));
    }
  }
  return checkTransfer(trial, link->driver(), 8, 8);
}

// After a reset the rings are stopped; set up again they run.
Result<void> reset(const Trial& trial, const RingSetup& setup) {
  Session::Options options = optionsOf(setup);
  options.wantedProtocolFeatures =
      options.wantedProtocolFeatures.with(spec::PROTOCOL_F_RESET_DEVICE);
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  Session& session = link->session();
  for (int round = 0; round < 5; ++round) {
    ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8));
    ARGON_TRY(session.resetDevice());
    session.ring(0).reset(session.ring(0).firstBase());
    ARGON_TRY(session.sendFeatures());
    ARGON_TRY(session.startQueue(0, session.ring(0).firstBase()));
  }
  return checkTransfer(trial, link->driver(), 8, 8);
}

} // namespace

void addRecoveryCases(std::vector<Case>& cases) {
  const auto add = [&cases](const RingSetup& setup, std::string_view name, std::string_view section,
                            Needs needs, auto work) {
    needs.features = virtio::FeatureSet(needs.features.bits() | featuresOf(setup).bits());
    cases.push_back({.name = concat("recovery/", kindName(setup.kind), "/", name),
                     .section = section,
                     .needs = needs,
                     .run = [setup, work](Trial& trial) { return work(trial, setup); }});
  };
  constexpr std::string_view kInflight = "vhost-user, Inflight I/O tracking";
  const auto protocol = [](unsigned bit) { return virtio::FeatureSet().with(bit); };
  for (const Session::RingKind kind : ringKinds()) {
    const RingSetup setup{.kind = kind};
    const Needs inflight{.protocolFeatures = protocol(spec::PROTOCOL_F_INFLIGHT_SHMFD),
                         .isWriting = true};
    add(setup, "connection lost while idle", kInflight,
        {.protocolFeatures = inflight.protocolFeatures}, recoverIdle);
    add(setup, "connection lost under load", kInflight, inflight,
        [](Trial& trial, const RingSetup& ring) { return recover(trial, ring, 1); });
    Needs twoQueues = inflight;
    twoQueues.protocolFeatures = twoQueues.protocolFeatures.with(spec::PROTOCOL_F_MQ);
    twoQueues.queueCount = 2;
    add(setup, "connection lost under load on two queues", kInflight, twoQueues,
        [](Trial& trial, const RingSetup& ring) { return recover(trial, ring, 2); });
    add(setup, "written pages are logged", "vhost-user, Migration",
        {.features = protocol(spec::F_LOG_ALL),
         .protocolFeatures = protocol(spec::PROTOCOL_F_LOG_SHMFD)},
        logPages);
    add(setup, "status", "virtio 1.2, 2.1; vhost-user, SET_STATUS",
        {.protocolFeatures = protocol(spec::PROTOCOL_F_STATUS)}, setStatus);
    add(setup, "reset", "virtio 1.2, 2.4; vhost-user, RESET_DEVICE",
        {.protocolFeatures = protocol(spec::PROTOCOL_F_RESET_DEVICE)}, reset);
  }
}

} // namespace argon::conformance
