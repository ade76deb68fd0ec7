// SPDX-License-Identifier: Apache-2.0
#pragma once

// Feature bits that every device shares (virtio 1.2, section 6), as bit numbers. Names are the
// spec's without VIRTIO_.

namespace argon::virtio::spec {

constexpr unsigned F_INDIRECT_DESC = 28;
constexpr unsigned F_EVENT_IDX = 29;
constexpr unsigned F_VERSION_1 = 32;
constexpr unsigned F_ACCESS_PLATFORM = 33;
constexpr unsigned F_RING_PACKED = 34;
constexpr unsigned F_IN_ORDER = 35;
constexpr unsigned F_RING_RESET = 40;

} // namespace argon::virtio::spec
