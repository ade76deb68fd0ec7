// SPDX-License-Identifier: Apache-2.0
#include "support/slot_backplane.h"

#include "base/check.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "vhost_user/slot_channel.h"

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace argon::test {

SlotBackplane::SlotBackplane() {
  std::array<int, 2> fds{};
  ARGON_CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
  channel_ = UniqueFd(fds[0]);
  cardEnd_ = UniqueFd(fds[1]);
}

UniqueFd SlotBackplane::takeCardEnd() { return std::move(cardEnd_); }

frontend::Channel SlotBackplane::offer(std::uint32_t slot, std::uint64_t session,
                                       const UniqueFd& map) {
  SocketPair pair = makeSocketPair();
  vhost_user::SlotOffer offer{.slot = slot, .session = session, .socket = std::move(pair.backend)};
  if (map) {
    Result<UniqueFd> copy = map.duplicate();
    REQUIRE_OK(copy);
    offer.map = *std::move(copy);
    offer.mapBytes = 4096;
  }
  REQUIRE_OK(vhost_user::sendSlotOffer(channel_.get(), offer));
  return frontend::Channel(std::move(pair.frontend));
}

bool SlotBackplane::hasEnded() {
  if (!ended_) {
    const Result<std::optional<vhost_user::SlotEnded>> got =
        vhost_user::receiveSlotEnded(channel_.get());
    REQUIRE_OK(got);
    ended_ = *got;
  }
  return ended_.has_value();
}

std::optional<vhost_user::SlotEnded> SlotBackplane::waitEnded() {
  static_cast<void>(waitUntil([this] { return hasEnded(); }));
  return std::exchange(ended_, std::nullopt);
}

} // namespace argon::test
