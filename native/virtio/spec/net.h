// SPDX-License-Identifier: Apache-2.0
#pragma once

// The network device (virtio 1.2, section 5.1). Names are the spec's without VIRTIO_NET_, and
// without VIRTIO_NET_HDR_ where a namespace stands for it.

#include "base/little_endian.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::virtio::spec::net {

// 5.1.3 Feature bits
constexpr unsigned F_CSUM = 0;
constexpr unsigned F_GUEST_CSUM = 1;
constexpr unsigned F_CTRL_GUEST_OFFLOADS = 2;
constexpr unsigned F_MTU = 3;
constexpr unsigned F_MAC = 5;
constexpr unsigned F_GUEST_TSO4 = 7;
constexpr unsigned F_GUEST_TSO6 = 8;
constexpr unsigned F_GUEST_ECN = 9;
constexpr unsigned F_GUEST_UFO = 10;
constexpr unsigned F_HOST_TSO4 = 11;
constexpr unsigned F_HOST_TSO6 = 12;
constexpr unsigned F_HOST_ECN = 13;
constexpr unsigned F_HOST_UFO = 14;
constexpr unsigned F_MRG_RXBUF = 15;
constexpr unsigned F_STATUS = 16;
constexpr unsigned F_CTRL_VQ = 17;
constexpr unsigned F_MQ = 22;

// 5.1.2 Virtqueues: of pair n, receiving and transmitting.
constexpr std::uint16_t kQueuesPerPair = 2;
constexpr bool isTransmitQueue(std::uint16_t queueIndex) { return queueIndex % 2 == 1; }

// 5.1.6 Device operation: the header in front of each frame
namespace hdr {

constexpr std::uint8_t F_NEEDS_CSUM = 1;
constexpr std::uint8_t F_DATA_VALID = 2;

constexpr std::uint8_t GSO_NONE = 0;
constexpr std::uint8_t GSO_TCPV4 = 1;
constexpr std::uint8_t GSO_UDP = 3;
constexpr std::uint8_t GSO_TCPV6 = 4;
constexpr std::uint8_t GSO_ECN = 0x80;

} // namespace hdr

/// What every modern device has (F_VERSION_1), whether num_buffers counts or not.
struct Header {
  std::uint8_t flags;
  std::uint8_t gso_type;
  Le<std::uint16_t> hdr_len;
  Le<std::uint16_t> gso_size;
  Le<std::uint16_t> csum_start;
  Le<std::uint16_t> csum_offset;
  Le<std::uint16_t> num_buffers;
};
static_assert(sizeof(Header) == 12 && std::is_trivially_copyable_v<Header>);
static_assert(offsetof(Header, hdr_len) == 2 && offsetof(Header, csum_start) == 6 &&
              offsetof(Header, num_buffers) == 10);

} // namespace argon::virtio::spec::net
