// SPDX-License-Identifier: Apache-2.0
#pragma once

// The backplane's side of a slot channel, played by a test.

#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "vhost_user/slot_channel.h"

#include <cstdint>
#include <optional>

namespace argon::test {

class SlotBackplane {
public:
  SlotBackplane();

  /// The card's end, once.
  [[nodiscard]] UniqueFd takeCardEnd();
  /// Offers a session in a slot, with the memory if there is one; the front end's side of it.
  [[nodiscard]] frontend::Channel offer(std::uint32_t slot, std::uint64_t session,
                                        const UniqueFd& map = {});
  /// The next ENDED; nullopt after the deadline.
  [[nodiscard]] std::optional<vhost_user::SlotEnded> waitEnded();
  /// True if an ENDED is there.
  [[nodiscard]] bool hasEnded();
  /// The end of the backplane itself.
  void close() { channel_.reset(); }
  [[nodiscard]] int fd() const { return channel_.get(); }

private:
  UniqueFd channel_;
  UniqueFd cardEnd_;
  std::optional<vhost_user::SlotEnded> ended_;
};

} // namespace argon::test
