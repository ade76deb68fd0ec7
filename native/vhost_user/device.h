// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a device kind gives to the vhost-user core, and what it gets: rings that are ready to work
// on. The core knows no device; a device knows no message.

#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_memory.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_queue.h"
#include "virtio/features.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace argon::vhost_user {

/// A descriptor that the session keeps, to start the ring again when memory changes, and that the
/// ring's worker uses meanwhile: these two are the owners.
using SharedFd = std::shared_ptr<const UniqueFd>;

/// A ring that is configured and translated. What its queue refers to stays alive with it.
struct RingStart {
  std::uint16_t index = 0;
  std::shared_ptr<const GuestMemory> memory;
  /// Null if there is no in-flight tracking.
  std::shared_ptr<const InflightRegion> inflight;
  RingQueue queue;
  virtio::FeatureSet features;
  /// False: what the driver offers is answered and has no other effect. Only of a ring that
  /// Device::drainsDisabled().
  bool isEnabled = true;
  /// Readable when the driver made chains available; null if the ring must be polled.
  SharedFd kick;
  /// Signalled when chains were used; null if the driver polls.
  SharedFd call;
  /// Signalled when the ring broke; may be null.
  SharedFd err;
};

/// What the protocol has different for kinds of devices. The same for all of a kind.
struct DeviceKind {
  /// Protocol features beside those that the core has for every kind.
  virtio::FeatureSet protocolFeatures;
  /// Rings that GET_QUEUE_NUM counts as one: front ends take the answer of a network device for
  /// its pairs of rings, as the first back ends gave it.
  std::uint16_t ringsPerQueue = 1;
  /// The device answers chains in the order in which it takes them. A split ring without in-flight
  /// tracking then goes on behind its last used entry: the base that a front end, or the journal of
  /// a backplane, remembers is as old as the start of the ring if the card before was killed.
  bool answersInOrder = false;
};

/// One device, served to one session at a time. Called by the session's thread only; calls return
/// at once, work goes on elsewhere.
class Device {
public:
  virtual ~Device() = default;

  [[nodiscard]] virtual DeviceKind kind() const = 0;
  /// Everything the device and its rings can do, F_VERSION_1 among it. The same for its whole life,
  /// so that a reconnecting front end finds what it had.
  [[nodiscard]] virtual virtio::FeatureSet offeredFeatures() const = 0;
  [[nodiscard]] virtual std::uint16_t queueCount() const = 0;

  /// The device's configuration space from its start; the rest of `into` stays zero.
  virtual void readConfig(std::span<std::byte> into) const = 0;
  /// A driver's write of `bytes` at `offset`; an error if a field there is read-only.
  [[nodiscard]] virtual Result<void> writeConfig(std::size_t offset,
                                                 std::span<const std::byte> bytes) = 0;

  /// NET_SET_MTU: what the front end tells its driver of the MTU. Only of a kind with
  /// PROTOCOL_F_MTU.
  [[nodiscard]] virtual Result<void> setMtu(std::uint64_t mtuBytes) = 0;

  /// The driver reset the device: what writeConfig() changed is as at first. No ring is started.
  virtual void reset() = 0;

  /// "In started but disabled state, the back-end must process the ring without causing any side
  /// effects": true if this ring's chains can be answered so. Others rest while they are disabled.
  [[nodiscard]] virtual bool drainsDisabled(std::uint16_t index) const = 0;

  /// Starts work on a ring that is not started. The ring is processed once without a kick, and
  /// called once: a kick or call may have been lost while nobody looked.
  virtual void startRing(RingStart start) = 0;

  /// Called on the session's thread, with where the ring would have gone on: RingQueue::base().
  using StopDone = std::function<void(std::uint32_t base)>;
  /// Stops a started ring: takes no more chains, answers those it took, then calls `done`.
  virtual void stopRing(std::uint16_t index, StopDone done) = 0;

  /// Replaces the call descriptor of a started ring and signals the new one once.
  virtual void setCall(std::uint16_t index, SharedFd call) = 0;
};

} // namespace argon::vhost_user
