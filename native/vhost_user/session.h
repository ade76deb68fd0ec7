// SPDX-License-Identifier: Apache-2.0
#pragma once

// One connected front end: reads its messages in order, keeps the device's vhost-user state, and
// starts and stops rings accordingly. It is given a connected socket; who accepted it is not its
// affair. Lives on one event loop's thread and owns nothing of the data path.
//
// A message that must wait for rings to drain (GET_VRING_BASE, a new memory table …) leaves the
// session `waiting`: the socket is not read until the device has answered, so messages keep their
// order, and other sessions of the loop go on.
//
//     Open ──▶ Waiting ──▶ Open …        every message
//       └────────┴──▶ Ending ──▶ ended   the peer left, broke the protocol, or end() was called:
//                                        rings drain, then the owner is told once
//
// A front end that breaks the protocol ends its session. One that asks for something impossible
// (memory that is not there …) gets an error if it wants a reply, and a log line in any case.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "vhost_user/backend_channel.h"
#include "vhost_user/connection.h"
#include "vhost_user/device.h"
#include "vhost_user/dirty_log.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/memory_table.h"
#include "vhost_user/vring.h"
#include "virtio/features.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace argon::vhost_user {

/// Told that a session is over. Its rings are stopped and its memory is unmapped.
class SessionOwner {
public:
  /// `reason` is null if the peer closed the connection or end() was called. The owner may destroy
  /// the session, but not before this call has returned.
  virtual void onSessionEnded(const Error* reason) = 0;

protected:
  ~SessionOwner() = default;
};

class Session final : public EventHandler {
public:
  struct Options {
    RegionPolicy regionPolicy = RegionPolicy::RequireSealed;
  };

  /// The loop, the device and the owner outlive the session.
  Session(UniqueFd socket, EventLoop& loop, Device& device, SessionOwner& owner, Log log,
          Options options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Only after onSessionEnded(), or if start() failed.
  ~Session();

  /// Begins to read. Messages may be handled as soon as the loop runs.
  [[nodiscard]] Result<void> start();
  /// Drains and ends; the owner is told through onSessionEnded(). Harmless when ending already.
  void end();

  /// Tells the front end that the configuration space changed, if it gave us a way to.
  void notifyConfigChanged();

  void onEvents(std::uint32_t events) override;

private:
  // What a handler did with a message.
  enum class Handled : std::uint8_t {
    Done,    // to be acknowledged if the front end wants that
    Replied, // has been answered
    Waits,   // goes on when rings have stopped
  };
  using Continuation = std::function<Result<Handled>()>;

  void readMessages();
  [[nodiscard]] Result<void> handle(Message message);
  [[nodiscard]] Result<void> finish(const MessageRule& rule, bool needsReply,
                                    Result<Handled> outcome);
  [[nodiscard]] Result<Handled> dispatch(Message& message);
  [[nodiscard]] Result<Handled> dispatchDevice(Message& message);
  [[nodiscard]] Result<Handled> dispatchVring(Message& message);
  [[nodiscard]] Result<Handled> refuse(const Message& message) const;

  [[nodiscard]] Result<Handled> replyU64(const Message& message, std::uint64_t value);
  [[nodiscard]] Result<Handled> handleSetFeatures(const Message& message);
  [[nodiscard]] Result<Handled> handleSetProtocolFeatures(const Message& message);
  [[nodiscard]] Result<Handled> handleGetConfig(const Message& message);
  [[nodiscard]] Result<Handled> handleSetConfig(const Message& message);
  [[nodiscard]] Result<Handled> handleNetSetMtu(const Message& message);
  [[nodiscard]] Result<Handled> handleMemory(Message& message);
  [[nodiscard]] Result<Handled> handleResetOwner();

  [[nodiscard]] Result<Handled> handleSetBackendReqFd(Message& message);
  [[nodiscard]] Result<Handled> handleSetLogBase(Message& message);
  [[nodiscard]] Result<Handled> handleGetInflightFd(const Message& message);
  [[nodiscard]] Result<Handled> handleSetInflightFd(Message& message);
  [[nodiscard]] Result<Handled> handleSetStatus(const Message& message);
  [[nodiscard]] Result<Handled> resetDevice();

  [[nodiscard]] Result<Handled> handleSetVringNum(const Message& message);
  [[nodiscard]] Result<Handled> handleSetVringAddr(const Message& message);
  [[nodiscard]] Result<Handled> handleSetVringBase(const Message& message);
  [[nodiscard]] Result<Handled> handleGetVringBase(const Message& message);
  [[nodiscard]] Result<Handled> handleSetVringKick(Message& message);
  [[nodiscard]] Result<Handled> handleSetVringCall(Message& message);
  [[nodiscard]] Result<Handled> handleSetVringErr(Message& message);
  [[nodiscard]] Result<Handled> handleSetVringEnable(const Message& message);

  [[nodiscard]] Result<Vring*> findVring(std::uint64_t index);
  // The index and descriptor of SET_VRING_KICK, _CALL and _ERR.
  struct VringFd {
    std::uint16_t index;
    SharedFd fd;
  };
  [[nodiscard]] Result<VringFd> takeVringFd(Message& message);

  // Stops every started ring that `mustStop` names, then calls `next`, at once if there is none.
  [[nodiscard]] Result<Handled> afterStopping(const std::function<bool(const Vring&)>& mustStop,
                                              Continuation next);
  // The same for all rings, which then start again: for what every ring was started with.
  [[nodiscard]] Result<Handled> afterRestarting(std::function<void()> change);
  void stopRing(std::uint16_t index);
  void onRingStopped(std::uint16_t index, std::uint32_t base);
  void continueWaiting();
  // Starts each ring that is configured, stopped and may run, if features and memory are there.
  void settleRings();
  // The same when what a ring was refused for may have changed.
  void retryRings();
  void settleRing(std::uint16_t index);
  // Enabled, or disabled and drained.
  [[nodiscard]] bool mayRun(std::uint16_t index) const;
  [[nodiscard]] bool canStartRings() const;
  // What the device can do, and what this core adds.
  [[nodiscard]] virtio::FeatureSet offeredFeatures() const;
  [[nodiscard]] virtio::FeatureSet offeredProtocolFeatures() const;
  [[nodiscard]] bool hasStarted() const;

  void beginEnd(std::unique_ptr<Error> reason);
  void finishEnd();

  Connection connection_;
  EventLoop& loop_;
  Device& device_;
  SessionOwner& owner_;
  Log log_;
  // A front end can send what is refused as fast as it likes.
  RateLimiter warnings_{8};
  Options options_;

  virtio::FeatureSet features_;
  bool hasFeatures_ = false;
  virtio::FeatureSet protocolFeatures_;
  // The device status of virtio 1.2, 2.1, as the front end keeps it here.
  std::uint8_t status_ = 0;
  std::shared_ptr<const GuestMemory> memory_;
  RepeatedRegions repeatedRegions_;
  std::shared_ptr<const InflightRegion> inflight_;
  std::shared_ptr<const DirtyLog> dirtyLog_;
  std::optional<BackendChannel> backendChannel_;
  std::vector<Vring> vrings_;

  // While waiting: how many rings are still draining, and what comes then.
  std::size_t stoppingCount_ = 0;
  Continuation waiting_;
  const MessageRule* waitingRule_ = nullptr;
  bool waitingNeedsReply_ = false;

  bool isWatching_ = false;
  bool isEnding_ = false;
  bool hasEnded_ = false;
  std::unique_ptr<Error> endReason_;
};

} // namespace argon::vhost_user
