// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a case works with: connections to the back end under test, and checks that say what is
// wrong. One thread; every wait has the trial's time-out.

#include "base/error.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace argon::conformance {

using frontend::BlockDriver;
using frontend::Session;
using Bytes = std::vector<std::byte>;

/// What a back end says about itself before any ring runs.
struct DeviceFacts {
  virtio::FeatureSet features;
  virtio::FeatureSet protocolFeatures;
  std::uint64_t queueCountMax = 1;
  virtio::spec::blk::Config config{};

  [[nodiscard]] bool isReadOnly() const { return features.has(virtio::spec::blk::F_RO); }
  [[nodiscard]] std::uint64_t sectorCount() const { return config.capacity.get(); }
};

/// A session with a driver on each of its rings.
class Link {
public:
  Link(std::unique_ptr<Session> session, std::uint64_t timeoutMs);

  [[nodiscard]] Session& session() { return *session_; }
  [[nodiscard]] BlockDriver& driver(std::size_t index = 0) { return drivers_[index]; }
  [[nodiscard]] std::size_t driverCount() const { return drivers_.size(); }

private:
  std::unique_ptr<Session> session_;
  std::vector<BlockDriver> drivers_;
};

/// A kind of ring, as cases that run over several of them have it.
struct RingSetup {
  Session::RingKind kind = Session::RingKind::Split;
  bool hasEventIdx = true;
  std::uint16_t size = 128;
};
/// `split` or `packed`.
[[nodiscard]] std::string_view kindName(Session::RingKind kind);
/// Both kinds of ring.
[[nodiscard]] std::span<const Session::RingKind> ringKinds();
/// The features that rings of this setup have to have.
[[nodiscard]] virtio::FeatureSet featuresOf(const RingSetup& setup);
/// Options for a session with such rings, and every other feature but EVENT_IDX.
[[nodiscard]] Session::Options optionsOf(const RingSetup& setup);

class Trial {
public:
  struct Options {
    std::string socketPath;
    /// For each wait: a message's answer or a request's.
    std::uint64_t timeoutMs = 10'000;
  };

  Trial(const Options& options, const DeviceFacts& facts) : options_(options), facts_(facts) {}

  [[nodiscard]] const DeviceFacts& facts() const { return facts_; }
  [[nodiscard]] Result<frontend::Channel> connectChannel() const;
  [[nodiscard]] Result<std::unique_ptr<Link>> openLink(const Session::Options& options) const;
  [[nodiscard]] Result<std::unique_ptr<Link>> openLink(const RingSetup& setup) const {
    return openLink(optionsOf(setup));
  }

private:
  const Options& options_;
  const DeviceFacts& facts_;
};

/// Asks a back end what it is, over a connection of its own.
[[nodiscard]] Result<DeviceFacts> readFacts(const Trial::Options& options);

/// The error of a case that found something wrong.
[[nodiscard]] Error failure(std::string message);

/// Bytes that differ for every seed and every 8 of them.
[[nodiscard]] Bytes pattern(std::size_t length, std::uint64_t seed);

/// How requests are framed, for helpers that make several.
struct Framing {
  std::span<const std::uint32_t> cuts{};
  bool isIndirect = false;
  std::size_t offsetInPage = 0;
};

/// Writes `sectorCount` sectors and reads them back; on a read-only device reads them twice.
[[nodiscard]] Result<void> checkTransfer(const Trial& trial, BlockDriver& driver,
                                         std::uint64_t sector, std::uint32_t sectorCount,
                                         const Framing& framing = {}, std::uint64_t seed = 1);

/// Executes a request and compares its status.
[[nodiscard]] Result<void> expectStatus(BlockDriver& driver, const BlockDriver::Request& request,
                                        std::uint8_t expected, std::string_view what);
/// The same for any status but OK, and then an ordinary read must work.
[[nodiscard]] Result<void> expectRefused(BlockDriver& driver, const BlockDriver::Request& request,
                                         std::string_view what);

/// Keeps up to `depth` requests under way until all of `count` were answered, each with OK and
/// exactly once. `make(n)` gives request n; its spans stay until done(n).
struct Pipeline {
  std::size_t count = 0;
  std::size_t depth = 1;
  std::function<BlockDriver::Request(std::size_t)> make;
  std::function<Result<void>(std::size_t)> done = [](std::size_t) { return Result<void>(); };
};
[[nodiscard]] Result<void> runPipeline(BlockDriver& driver, const Pipeline& pipeline);

/// Parts of a read that was laid out by hand, each on pages of its own.
struct HandMadeRead {
  static constexpr std::size_t kDataBytes = 8192;
  frontend::ArenaBlock header;
  frontend::ArenaBlock data;
  frontend::ArenaBlock status;
};
/// Reads the first sectors on ring 0, with the data in `dataArena`, and checks the status.
[[nodiscard]] Result<HandMadeRead> readByHand(Link& link, frontend::Arena& dataArena);

} // namespace argon::conformance
