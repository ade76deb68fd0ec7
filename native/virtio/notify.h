// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace argon::virtio {

/// True if an index that went from `before` to `now` passed `event`, so that its watcher wants to
/// be notified (virtio 1.2, 2.7.10: vring_need_event). All numbers are modulo 2^16.
[[nodiscard]] constexpr bool isEventPassed(std::uint16_t event, std::uint16_t before,
                                           std::uint16_t now) {
  return static_cast<std::uint16_t>(now - event - 1) < static_cast<std::uint16_t>(now - before);
}

} // namespace argon::virtio
