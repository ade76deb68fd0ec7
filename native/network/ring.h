// SPDX-License-Identifier: Apache-2.0
#pragma once

// One ring of a network interface at work, on the engine's thread.
//
//     Armed ◀──▶ Active ──▶ Stopping ──▶ stopped (the engine destroys it)
//       │         ▲ ▼           ▲
//       │         Held          │
//       └──────────┴──▶ Broken ─┘
//
// Active: the engine looks at a transmitting ring in each round. Armed: the driver is asked to
// kick. Held: its next frame is over an allowance, until a known time. Broken: the driver wrote
// something that no driver can mean; nothing more is taken until the front end stops and starts the
// ring. A receiving ring is Active until it breaks or stops: it is looked at when there is a frame
// for it, and its kicks are never asked for.

#include "base/log.h"
#include "base/uring.h"
#include "base/uring_watch.h"
#include "network/counters.h"
#include "network/interface.h"
#include "vhost_user/device.h"
#include "virtio/chain.h"
#include "virtio/features.h"

#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace argon::network {

class Ring;

/// Told of a ring's kicks, on the engine's thread.
class KickListener {
public:
  /// The ring was armed and is active again.
  virtual void onActive(Ring& ring) = 0;

protected:
  ~KickListener() = default;
};

class Ring {
public:
  /// Everything by reference outlives the ring.
  Ring(vhost_user::RingStart start, InterfaceIndex owner, InterfaceCounters& counters, Uring& uring,
       KickListener& listener, Log log);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  /// Only once isDrained().
  ~Ring();

  /// Reads the next chain; false if there is none. After a chain that no driver can mean the ring
  /// is broken.
  [[nodiscard]] bool take(std::span<iovec> segments, virtio::Chain& chain);
  /// As RingQueue::prefetchWritable().
  void prefetchWritable() const { start_.queue.prefetchWritable(); }
  /// The chain that was taken last is the next again.
  void giveBack(const virtio::Chain& chain) { start_.queue.giveBack(chain); }
  /// Answers a chain; the driver sees it after publish().
  void put(const virtio::Chain& chain, std::uint32_t writtenBytes);
  /// Notes for whoever copies the guest's memory that these parts were written.
  void noteWritten(std::span<const iovec> segments) const;
  /// True once for all answers that one publish() will show.
  [[nodiscard]] bool beginAnswers();
  /// Makes answers visible and calls the driver if it wants that.
  void publish();

  [[nodiscard]] bool isActive() const { return state_ == State::Active; }
  /// Asks the driver for kicks. True if the ring need not be looked at: no chain came meanwhile.
  [[nodiscard]] bool arm();
  /// Rounds in a row that found nothing, as whoever looks notes them.
  [[nodiscard]] std::uint32_t idleRoundCount() const { return idleRoundCount_; }
  void noteIdle() { ++idleRoundCount_; }
  void noteBusy() { idleRoundCount_ = 0; }

  /// An active ring is not looked at before this time, of monotonicNs().
  void hold(std::uint64_t retryAtNs);
  [[nodiscard]] bool isHeld() const { return state_ == State::Held; }
  [[nodiscard]] std::uint64_t retryAtNs() const { return retryAtNs_; }
  /// Makes a held ring active.
  void resume();

  void breakRing(std::string_view reason);
  /// A chain or header that is the driver's mistake.
  void noteMalformed(std::string_view what);

  using StopDone = std::function<void(std::uint32_t base)>;
  void stop(StopDone done);
  /// True if the ring was stopped and its kicks are not watched any more.
  [[nodiscard]] bool isDrained() const;
  /// Makes the last answers visible. What it returns is to be called once the ring is destroyed,
  /// and guest memory let go of with it.
  [[nodiscard]] std::function<void()> finishStop();

  void setCall(vhost_user::SharedFd call);

  [[nodiscard]] InterfaceIndex owner() const { return owner_; }
  [[nodiscard]] std::uint16_t index() const { return start_.index; }
  /// False: what a transmitting ring offers is taken and goes nowhere.
  [[nodiscard]] bool isEnabled() const { return start_.isEnabled; }
  [[nodiscard]] virtio::FeatureSet features() const { return start_.features; }

private:
  enum class State : std::uint8_t { Armed, Active, Held, Broken, Stopping };

  void onKick(UringWatch::Signal signal);

  vhost_user::RingStart start_;
  InterfaceIndex owner_;
  InterfaceCounters& counters_;
  KickListener& listener_;
  Log log_;
  RateLimiter warnings_{4};
  State state_ = State::Active;
  bool isBroken_ = false;
  bool hasAnswers_ = false;
  std::uint32_t idleRoundCount_ = 0;
  std::uint64_t retryAtNs_ = 0;
  UringWatch kickWatch_;
  virtio::ChainRules rules_;
  StopDone stopDone_;
};

} // namespace argon::network
