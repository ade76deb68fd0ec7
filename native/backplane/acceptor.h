// SPDX-License-Identifier: Apache-2.0
#pragma once

// A listening unix socket, mode 0600, that takes connections of our own user and root only. Its
// file goes when it goes. Loop thread only.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/listener.h"

#include <cstdint>
#include <memory>
#include <string>

namespace argon::backplane {

class AcceptorOwner {
public:
  /// May pause the acceptor; it stays.
  virtual void onAccepted(UniqueFd socket) = 0;

protected:
  ~AcceptorOwner() = default;
};

class Acceptor final : public EventHandler {
public:
  /// Listens at `path`, where a socket that nobody listens on is replaced. Loop and owner outlive
  /// the acceptor.
  static Result<std::unique_ptr<Acceptor>> open(const std::string& path, EventLoop& loop,
                                                AcceptorOwner& owner, Log log);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  /// Takes connections, those that wait first; one for each call of the owner.
  [[nodiscard]] Result<void> resume();
  /// Has connections wait in the kernel's queue.
  void pause();

  void onEvents(std::uint32_t events) override;

private:
  Acceptor(vhost_user::ListeningSocket socket, UniqueFd retryTimer, EventLoop& loop,
           AcceptorOwner& owner, Log log);
  void accept();
  void retryLater(const Error& reason);

  vhost_user::ListeningSocket socket_;
  UniqueFd retryTimer_;
  EventLoop& loop_;
  AcceptorOwner& owner_;
  Log log_;
  bool isPaused_ = true;
  // A process without descriptors fails to accept for as long as it has none.
  RateLimiter warnings_{1};
};

} // namespace argon::backplane
