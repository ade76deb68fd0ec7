// SPDX-License-Identifier: Apache-2.0
#pragma once

// The back end's end of one connection with QEMU, or another front end: hands over one message at a
// time and reads nothing more until that one is through, but notices when the front end hangs up.
// Loop thread only.
//
// untrusted: everything that comes. What is no message, or comes with descriptors of another kind
// than it must, ends the connection: a socket that is kept by mistake could be the front end's own
// end, which then would never be seen to close.

#include "backplane/outbox.h"
#include "backplane/stored_message.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/connection.h"
#include "vhost_user/message_table.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

/// Told of a front end's messages. Each call may close and give up the front end.
class FrontEndOwner {
public:
  /// The next one comes after readNext() or reply().
  virtual void onMessage(StoredMessage message) = 0;
  /// The front end hung up (null), or broke the protocol.
  virtual void onFrontEndLost(const Error* reason) = 0;

protected:
  ~FrontEndOwner() = default;
};

class FrontEnd final : public EventHandler {
public:
  /// Loop and owner outlive the front end.
  FrontEnd(UniqueFd socket, EventLoop& loop, FrontEndOwner& owner)
      : connection_(std::move(socket)), loop_(loop), owner_(owner) {}
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;
  ~FrontEnd() { close(); }

  /// Goes on to the next message; first to begin with. An error: it cannot, and must be given up.
  [[nodiscard]] Result<void> readNext();
  /// Answers the message at hand, then goes on to the next. A front end that does not read its
  /// answer waits; nobody else does.
  [[nodiscard]] Result<void> reply(const vhost_user::MessageRule& rule,
                                   std::span<const std::byte> payload, std::vector<UniqueFd> fds);
  /// Hangs up; the owner is told nothing more.
  void close();

  void onEvents(std::uint32_t events) override;

private:
  [[nodiscard]] Result<void> watch(std::uint32_t events);
  void receive();
  [[nodiscard]] Result<void> checkFds(const vhost_user::Message& message) const;

  vhost_user::Connection connection_;
  EventLoop& loop_;
  FrontEndOwner& owner_;
  Outbox outbox_;
  // Reading, as against holding a message that is not through.
  bool isReading_ = false;
  bool isClosed_ = false;
};

} // namespace argon::backplane
