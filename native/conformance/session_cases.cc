// SPDX-License-Identifier: Apache-2.0

// Connections that come and go, rings that stop and go on, memory that changes under them, and
// front ends that know little.

#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;

namespace {

using Work = std::function<Result<void>(Trial&, const RingSetup&)>;

void add(std::vector<Case>& cases, std::string_view name, std::string_view section, Needs needs,
         const Work& work) {
  for (const Session::RingKind kind : ringKinds()) {
    const RingSetup setup{.kind = kind};
    needs.features = virtio::FeatureSet(needs.features.bits() | featuresOf(setup).bits());
    cases.push_back({.name = concat("session/", kindName(kind), "/", name),
                     .section = section,
                     .needs = needs,
                     .run = [setup, work](Trial& trial) { return work(trial, setup); }});
  }
}

// Reads until the ring holds no more; none is answered yet.
Result<std::size_t> submitReads(BlockDriver& driver, std::vector<Bytes>& into) {
  std::size_t count = 0;
  for (Bytes& bytes : into) {
    const Result<std::uint16_t> chain =
        driver.submit({.type = blk::T_IN, .sector = count * 128, .input = bytes});
    if (!chain) break;
    ++count;
  }
  driver.publish();
  return count;
}

Result<void> waitAllOk(BlockDriver& driver) {
  while (driver.underWayCount() > 0) {
    ARGON_TRY_ASSIGN(const BlockDriver::Completion done, driver.waitAny());
    if (done.answer.status != blk::S_OK) {
      return failure(concat("a request has status ", done.answer.status));
    }
  }
  return {};
}

Result<void> connectOften(Trial& trial, const RingSetup& setup) {
  for (std::uint64_t round = 0; round < 20; ++round) {
    ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
    ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8, {}, round));
  }
  return {};
}

// Hangs up with rings running and requests under way.
Result<void> hangUpOften(Trial& trial, const RingSetup& setup) {
  for (int round = 0; round < 10; ++round) {
    std::vector<Bytes> read(20, Bytes(65536));
    ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
    ARGON_TRY(submitReads(link->driver(), read));
    link->session().disconnect();
  }
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  return checkTransfer(trial, link->driver(), 8, 8);
}

Result<void> keepData(Trial& trial, const RingSetup& setup) {
  const Bytes bytes = pattern(4096, 21);
  {
    ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
    ARGON_TRY(expectStatus(link->driver(), {.type = blk::T_OUT, .sector = 16, .output = bytes},
                           blk::S_OK, "a write"));
  }
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  Bytes read(4096);
  ARGON_TRY(expectStatus(link->driver(), {.type = blk::T_IN, .sector = 16, .input = read},
                         blk::S_OK, "a read"));
  return read == bytes ? Result<void>() : failure("a write is gone with its connection");
}

Result<void> stopIdle(Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  for (int round = 0; round < 5; ++round) {
    ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8));
    ARGON_TRY_ASSIGN(const std::uint32_t base, link->session().stopQueue(0));
    const std::uint32_t expected = link->session().ring(0).baseOfUsed();
    if (base != expected) {
      return failure(
          concat("the ring stopped at ", base, ", and its last answer was before ", expected));
    }
    ARGON_TRY(link->session().startQueue(0, base));
  }
  return checkTransfer(trial, link->driver(), 8, 8);
}

// What the device took it has answered when it says that the ring is stopped; the rest comes when
// the ring goes on.
Result<void> stopUnderLoad(Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  BlockDriver& driver = link->driver();
  for (int round = 0; round < 10; ++round) {
    std::vector<Bytes> read(40, Bytes(65536));
    ARGON_TRY(submitReads(driver, read));
    ARGON_TRY_ASSIGN(const std::uint32_t base, link->session().stopQueue(0));
    for (;;) {
      ARGON_TRY_ASSIGN(const std::optional<BlockDriver::Completion> done, driver.takeAny());
      if (!done) break;
    }
    const std::uint32_t expected = link->session().ring(0).baseOfUsed();
    if (base != expected) {
      return failure(concat("the ring stopped at ", base, ", and answers went up to ", expected));
    }
    ARGON_TRY(link->session().startQueue(0, base));
    link->session().kick(0);
    ARGON_TRY(waitAllOk(driver));
  }
  return {};
}

Result<void> disableAndEnable(Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  for (int round = 0; round < 5; ++round) {
    ARGON_TRY(link->session().setQueueEnabled(0, false));
    std::vector<Bytes> read(4, Bytes(4096));
    ARGON_TRY(submitReads(link->driver(), read));
    ARGON_TRY(link->session().setQueueEnabled(0, true));
    ARGON_TRY(waitAllOk(link->driver()));
  }
  return {};
}

// The kick is there before the ring is: it must not be lost.
Result<void> kickBeforeStart(Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  for (int round = 0; round < 5; ++round) {
    ARGON_TRY_ASSIGN(const std::uint32_t base, link->session().stopQueue(0));
    std::vector<Bytes> read(4, Bytes(4096));
    ARGON_TRY(submitReads(link->driver(), read));
    link->session().kick(0);
    ARGON_TRY(link->session().startQueue(0, base));
    ARGON_TRY(waitAllOk(link->driver()));
  }
  return {};
}

Result<void> replaceCall(Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  for (int round = 0; round < 5; ++round) {
    std::vector<Bytes> read(20, Bytes(65536));
    ARGON_TRY(submitReads(link->driver(), read));
    ARGON_TRY(link->session().replaceCallFd(0));
    ARGON_TRY(waitAllOk(link->driver()));
  }
  return checkTransfer(trial, link->driver(), 8, 8);
}

Result<void> resendMemory(Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  for (int round = 0; round < 5; ++round) {
    std::vector<Bytes> read(20, Bytes(65536));
    ARGON_TRY(submitReads(link->driver(), read));
    ARGON_TRY(link->session().sendMemory());
    link->session().kick(0);
    ARGON_TRY(waitAllOk(link->driver()));
  }
  return checkTransfer(trial, link->driver(), 8, 8);
}

Result<void> addAndRemoveMemory(Trial& trial, const RingSetup& setup) {
  Session::Options options = optionsOf(setup);
  options.memoryMessage = Session::MemoryMessage::Slots;
  options.wantedProtocolFeatures =
      options.wantedProtocolFeatures.with(spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS);
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  ARGON_TRY_ASSIGN(const std::uint64_t slotCountMax, link->session().readSlotCountMax());
  if (slotCountMax < 2) {
    return failure(concat("memory slots: ", slotCountMax));
  }
  ARGON_TRY_ASSIGN(const std::unique_ptr<frontend::Arena> extra,
                   frontend::Arena::create({.sizeBytes = 65536, .place = 1}));
  for (int round = 0; round < 5; ++round) {
    ARGON_TRY(checkTransfer(trial, link->driver(), 0, 16));
    ARGON_TRY(link->session().addMemory(*extra));
    ARGON_TRY_ASSIGN(const HandMadeRead parts, readByHand(*link, *extra));
    Bytes expected(HandMadeRead::kDataBytes);
    ARGON_TRY(
        expectStatus(link->driver(), {.type = blk::T_IN, .input = expected}, blk::S_OK, "a read"));
    if (!std::ranges::equal(parts.data.bytes, expected)) {
      return failure("a read into added memory got other bytes");
    }
    extra->releaseTo(0);
    ARGON_TRY(link->session().removeMemory(*extra));
  }
  return checkTransfer(trial, link->driver(), 8, 8);
}

// A front end that is older than the features, or wants none of them.
Result<void> useOptions(Trial& trial, const Session::Options& options) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8));
  ARGON_TRY(link->session().stopQueue(0));
  return {};
}

Result<void> listenToBackend(Trial& trial, const RingSetup& setup) {
  Session::Options options = optionsOf(setup);
  options.wantedProtocolFeatures =
      options.wantedProtocolFeatures.with(spec::PROTOCOL_F_BACKEND_REQ);
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  for (int round = 0; round < 3; ++round) {
    ARGON_TRY(link->session().openBackendChannel());
    ARGON_TRY(checkTransfer(trial, link->driver(), 8, 8));
  }
  return {};
}

} // namespace

void addSessionCases(std::vector<Case>& cases) {
  constexpr std::string_view kRingStates = "vhost-user, Ring states";
  const auto protocol = [](unsigned bit) {
    return Needs{.protocolFeatures = virtio::FeatureSet().with(bit)};
  };
  add(cases, "twenty connections", "vhost-user, Communication", {}, connectOften);
  add(cases, "ten hang up under load", "vhost-user, Communication", {}, hangUpOften);
  add(cases, "data outlives its connection", "virtio 1.2, 5.2.6", {.isWriting = true}, keepData);
  add(cases, "stops and goes on", "vhost-user, GET_VRING_BASE", {}, stopIdle);
  add(cases, "stops under load and goes on", "vhost-user, GET_VRING_BASE", {}, stopUnderLoad);
  add(cases, "is disabled and enabled", kRingStates, {}, disableAndEnable);
  add(cases, "kicked before it starts", kRingStates, {}, kickBeforeStart);
  add(cases, "new call descriptor under load", "vhost-user, SET_VRING_CALL", {}, replaceCall);
  add(cases, "memory table again under load", "vhost-user, SET_MEM_TABLE", {}, resendMemory);
  add(cases, "memory slots come and go", "vhost-user, ADD_MEM_REG and REM_MEM_REG",
      protocol(spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS), addAndRemoveMemory);
  add(cases, "back-end channel", "vhost-user, SET_BACKEND_REQ_FD",
      protocol(spec::PROTOCOL_F_BACKEND_REQ), listenToBackend);
  add(cases, "without REPLY_ACK", "vhost-user, Reply ack", {},
      [](Trial& trial, const RingSetup& setup) {
        Session::Options options = optionsOf(setup);
        options.wantedProtocolFeatures = virtio::FeatureSet().with(spec::PROTOCOL_F_CONFIG);
        return useOptions(trial, options);
      });
  add(cases, "rings that start enabled", kRingStates, {}, [](Trial& trial, const RingSetup& setup) {
    Session::Options options = optionsOf(setup);
    options.acceptsProtocolFeatures = false;
    return useOptions(trial, options);
  });
  add(cases, "VERSION_1 alone", "virtio 1.2, 2.2", {}, [](Trial& trial, const RingSetup& setup) {
    Session::Options options = optionsOf(setup);
    options.wantedFeatures = virtio::FeatureSet().with(virtio::spec::F_VERSION_1);
    return useOptions(trial, options);
  });
}

} // namespace argon::conformance
