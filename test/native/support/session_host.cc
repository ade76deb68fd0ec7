// SPDX-License-Identifier: Apache-2.0
#include "support/session_host.h"

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/loop_thread.h"
#include "support/socket_pair.h"
#include "vhost_user/device.h"
#include "vhost_user/session.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace argon::test {

SessionHost::SessionHost(LoopThread& thread, vhost_user::Device& device,
                         vhost_user::Session::Options options, LogSink& log)
    : thread_(thread), channel_(UniqueFd()) {
  SocketPair sockets = makeSocketPair();
  channel_ = frontend::Channel(std::move(sockets.frontend));
  session_ = std::make_unique<vhost_user::Session>(std::move(sockets.backend), thread.loop(),
                                                   device, *this, Log(log, "test"), options);
  thread.run([this] { ARGON_CHECK(session_->start().has_value()); });
}

SessionHost::~SessionHost() {
  end();
  ARGON_CHECK(waitEnded().has_value());
}

void SessionHost::end() {
  thread_.run([this] {
    if (session_ != nullptr) {
      session_->end();
    }
  });
}

bool SessionHost::hasEnded() const { return endCount() > 0; }

std::optional<std::string> SessionHost::waitEnded() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::milliseconds(kDeadlineMs),
                         [this] { return endCount_ > 0; })) {
    return std::nullopt;
  }
  return reason_;
}

int SessionHost::endCount() const {
  const std::scoped_lock lock(mutex_);
  return endCount_;
}

void SessionHost::onSessionEnded(const Error* reason) {
  std::string text = reason == nullptr ? std::string() : reason->message();
  session_ = nullptr;
  const std::scoped_lock lock(mutex_);
  reason_ = std::move(text);
  ++endCount_;
  changed_.notify_all();
}

} // namespace argon::test
