// SPDX-License-Identifier: Apache-2.0
#pragma once

// One vhost-user session over a socket pair, on a loop thread of the test's, without a listener.

#include "base/log.h"
#include "frontend/channel.h"
#include "support/loop_thread.h"
#include "vhost_user/device.h"
#include "vhost_user/session.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace argon::test {

class SessionHost final : public vhost_user::SessionOwner {
public:
  SessionHost(LoopThread& thread, vhost_user::Device& device,
              vhost_user::Session::Options options = {}, LogSink& log = silentLogSink());
  SessionHost(const SessionHost&) = delete;
  SessionHost& operator=(const SessionHost&) = delete;
  /// Ends the session if it has not ended, and waits for that.
  ~SessionHost();

  /// The front end's end.
  [[nodiscard]] frontend::Channel& channel() { return channel_; }
  /// Calls Session::end().
  void end();
  [[nodiscard]] bool hasEnded() const;
  /// Waits until the owner is told: its reason, empty if it gave none. nullopt after the deadline.
  [[nodiscard]] std::optional<std::string> waitEnded();
  /// How often the owner was told.
  [[nodiscard]] int endCount() const;

  void onSessionEnded(const Error* reason) override;

private:
  LoopThread& thread_;
  frontend::Channel channel_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Destroyed from onSessionEnded(), as a listener does.
  std::unique_ptr<vhost_user::Session> session_;
  std::string reason_;
  int endCount_ = 0;
};

} // namespace argon::test
