// SPDX-License-Identifier: Apache-2.0
#pragma once

// A unix socket that serves one device to one front end at a time. A second front end waits in the
// kernel's queue until the first has gone: a connection that is accepted and dropped again kills a
// QEMU 7.2 device for ever (block.md section 9), so nothing is accepted that is not served.
//
// Lives on its loop's thread.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/device.h"
#include "vhost_user/port.h"
#include "vhost_user/session.h"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace argon::vhost_user {

/// A listening unix stream socket and its name in the file system, which goes when it goes.
class ListeningSocket {
public:
  /// Makes one at `path` with mode 0600. A socket file that nobody listens on any more is replaced;
  /// anything else there is an error.
  static Result<ListeningSocket> create(const std::string& path);
  ListeningSocket(ListeningSocket&&) = default;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket();

  [[nodiscard]] int fd() const { return fd_.get(); }

private:
  ListeningSocket(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;
};

class Listener final : public Port, public EventHandler, public SessionOwner {
public:
  /// The loop and the device outlive the listener.
  Listener(ListeningSocket socket, EventLoop& loop, Device& device, Log log,
           Session::Options options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() override;

  [[nodiscard]] Result<void> start() override;
  void stop(std::function<void()> done) override;
  void notifyConfigChanged() override;

  void onEvents(std::uint32_t events) override;
  void onSessionEnded(const Error* reason) override;

private:
  void accept();
  void retryLater(const Error& reason);
  [[nodiscard]] bool isTrustedPeer(int socket) const;

  ListeningSocket socket_;
  EventLoop& loop_;
  Device& device_;
  Log log_;
  // A process without descriptors fails to accept for as long as it has none.
  RateLimiter warnings_{1};
  Session::Options options_;
  // Made with the first start(), while there are descriptors.
  UniqueFd retryTimer_;
  std::unique_ptr<Session> session_;
  std::function<void()> stopped_;
};

} // namespace argon::vhost_user
