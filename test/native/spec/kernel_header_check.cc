// SPDX-License-Identifier: Apache-2.0

// Our words for virtio and vhost against the kernel's headers. Nearly all of it is checked when
// this file is compiled.

#include "support/random.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/notify.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"
#include "virtio/spec/ring.h"

// The legacy part of this header assigns from void*, which is no C++.
#define VIRTIO_RING_NO_LEGACY
#include <linux/vhost_types.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

// A field of this header, which we have no use for, is named as no C++ field can be.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wkeyword-macro"
#endif
// NOLINTNEXTLINE(readability-identifier-naming): that is the name.
#define class commandClass
#include <linux/virtio_net.h>
#undef class

#include <cstddef>
#include <cstdint>

namespace argon {

namespace {

namespace spec = virtio::spec;
namespace blk = virtio::spec::blk;
namespace net = virtio::spec::net;

// Device-independent feature bits
static_assert(spec::F_INDIRECT_DESC == VIRTIO_RING_F_INDIRECT_DESC);
static_assert(spec::F_EVENT_IDX == VIRTIO_RING_F_EVENT_IDX);
static_assert(spec::F_VERSION_1 == VIRTIO_F_VERSION_1);
static_assert(spec::F_ACCESS_PLATFORM == VIRTIO_F_ACCESS_PLATFORM);
static_assert(spec::F_RING_PACKED == VIRTIO_F_RING_PACKED);
static_assert(spec::F_IN_ORDER == VIRTIO_F_IN_ORDER);
static_assert(spec::F_RING_RESET == VIRTIO_F_RING_RESET);
// Bits that a transport owns lie between these; vhost-user's is one of those it may use.
static_assert(spec::F_INDIRECT_DESC >= VIRTIO_TRANSPORT_F_START);
static_assert(spec::F_RING_RESET < VIRTIO_TRANSPORT_F_END);

// Descriptors
static_assert(spec::DESC_F_NEXT == VRING_DESC_F_NEXT);
static_assert(spec::DESC_F_WRITE == VRING_DESC_F_WRITE);
static_assert(spec::DESC_F_INDIRECT == VRING_DESC_F_INDIRECT);
static_assert(sizeof(spec::Descriptor) == sizeof(vring_desc));
static_assert(offsetof(spec::Descriptor, addr) == offsetof(vring_desc, addr));
static_assert(offsetof(spec::Descriptor, len) == offsetof(vring_desc, len));
static_assert(offsetof(spec::Descriptor, flags) == offsetof(vring_desc, flags));
static_assert(offsetof(spec::Descriptor, next) == offsetof(vring_desc, next));
static_assert(sizeof(spec::Descriptor::addr) == sizeof(vring_desc::addr));
static_assert(sizeof(spec::Descriptor::len) == sizeof(vring_desc::len));
static_assert(sizeof(spec::Descriptor::flags) == sizeof(vring_desc::flags));
static_assert(sizeof(spec::Descriptor::next) == sizeof(vring_desc::next));

// The available ring
static_assert(spec::AVAIL_F_NO_INTERRUPT == VRING_AVAIL_F_NO_INTERRUPT);
static_assert(spec::kAvailFlagsOffset == offsetof(vring_avail, flags));
static_assert(spec::kAvailIdxOffset == offsetof(vring_avail, idx));
static_assert(spec::kAvailRingOffset == offsetof(vring_avail, ring));
static_assert(spec::kAvailElementBytes == sizeof(vring_avail::ring[0]));

// The used ring
static_assert(spec::USED_F_NO_NOTIFY == VRING_USED_F_NO_NOTIFY);
static_assert(spec::kUsedFlagsOffset == offsetof(vring_used, flags));
static_assert(spec::kUsedIdxOffset == offsetof(vring_used, idx));
static_assert(spec::kUsedRingOffset == offsetof(vring_used, ring));
static_assert(sizeof(spec::UsedElement) == sizeof(vring_used_elem));
static_assert(offsetof(spec::UsedElement, id) == offsetof(vring_used_elem, id));
static_assert(offsetof(spec::UsedElement, len) == offsetof(vring_used_elem, len));

// Alignment of the three parts
static_assert(spec::kDescriptorTableAlignment == VRING_DESC_ALIGN_SIZE);
static_assert(spec::kAvailAlignment == VRING_AVAIL_ALIGN_SIZE);
static_assert(spec::kUsedAlignment == VRING_USED_ALIGN_SIZE);

// Their sizes, as the header's vring_size() adds them up (it is in the legacy part).
constexpr std::size_t legacyAvailBytes(std::size_t size) { return sizeof(__virtio16) * (3 + size); }
constexpr std::size_t legacyUsedBytes(std::size_t size) {
  return sizeof(__virtio16) * 3 + sizeof(vring_used_elem) * size;
}
static_assert(spec::descriptorTableBytes(128) == sizeof(vring_desc) * 128);
static_assert(spec::availRingBytes(1) == legacyAvailBytes(1));
static_assert(spec::availRingBytes(32'768) == legacyAvailBytes(32'768));
static_assert(spec::usedRingBytes(1) == legacyUsedBytes(1));
static_assert(spec::usedRingBytes(32'768) == legacyUsedBytes(32'768));

// The network device: feature bits
static_assert(net::F_CSUM == VIRTIO_NET_F_CSUM);
static_assert(net::F_GUEST_CSUM == VIRTIO_NET_F_GUEST_CSUM);
static_assert(net::F_CTRL_GUEST_OFFLOADS == VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
static_assert(net::F_MTU == VIRTIO_NET_F_MTU);
static_assert(net::F_MAC == VIRTIO_NET_F_MAC);
static_assert(net::F_GUEST_TSO4 == VIRTIO_NET_F_GUEST_TSO4);
static_assert(net::F_GUEST_TSO6 == VIRTIO_NET_F_GUEST_TSO6);
static_assert(net::F_GUEST_ECN == VIRTIO_NET_F_GUEST_ECN);
static_assert(net::F_GUEST_UFO == VIRTIO_NET_F_GUEST_UFO);
static_assert(net::F_HOST_TSO4 == VIRTIO_NET_F_HOST_TSO4);
static_assert(net::F_HOST_TSO6 == VIRTIO_NET_F_HOST_TSO6);
static_assert(net::F_HOST_ECN == VIRTIO_NET_F_HOST_ECN);
static_assert(net::F_HOST_UFO == VIRTIO_NET_F_HOST_UFO);
static_assert(net::F_MRG_RXBUF == VIRTIO_NET_F_MRG_RXBUF);
static_assert(net::F_STATUS == VIRTIO_NET_F_STATUS);
static_assert(net::F_CTRL_VQ == VIRTIO_NET_F_CTRL_VQ);
static_assert(net::F_MQ == VIRTIO_NET_F_MQ);

// The network device: the header of frames
static_assert(net::hdr::F_NEEDS_CSUM == VIRTIO_NET_HDR_F_NEEDS_CSUM);
static_assert(net::hdr::F_DATA_VALID == VIRTIO_NET_HDR_F_DATA_VALID);
static_assert(net::hdr::GSO_NONE == VIRTIO_NET_HDR_GSO_NONE);
static_assert(net::hdr::GSO_TCPV4 == VIRTIO_NET_HDR_GSO_TCPV4);
static_assert(net::hdr::GSO_UDP == VIRTIO_NET_HDR_GSO_UDP);
static_assert(net::hdr::GSO_TCPV6 == VIRTIO_NET_HDR_GSO_TCPV6);
static_assert(net::hdr::GSO_ECN == VIRTIO_NET_HDR_GSO_ECN);
static_assert(sizeof(net::Header) == sizeof(virtio_net_hdr_v1));
static_assert(offsetof(net::Header, flags) == offsetof(virtio_net_hdr_v1, flags));
static_assert(offsetof(net::Header, gso_type) == offsetof(virtio_net_hdr_v1, gso_type));
static_assert(offsetof(net::Header, hdr_len) == offsetof(virtio_net_hdr_v1, hdr_len));
static_assert(offsetof(net::Header, gso_size) == offsetof(virtio_net_hdr_v1, gso_size));
static_assert(offsetof(net::Header, csum_start) == offsetof(virtio_net_hdr_v1, csum_start));
static_assert(offsetof(net::Header, csum_offset) == offsetof(virtio_net_hdr_v1, csum_offset));
static_assert(offsetof(net::Header, num_buffers) == offsetof(virtio_net_hdr_v1, num_buffers));

// The block device: feature bits
static_assert(blk::F_SIZE_MAX == VIRTIO_BLK_F_SIZE_MAX);
static_assert(blk::F_SEG_MAX == VIRTIO_BLK_F_SEG_MAX);
static_assert(blk::F_GEOMETRY == VIRTIO_BLK_F_GEOMETRY);
static_assert(blk::F_RO == VIRTIO_BLK_F_RO);
static_assert(blk::F_BLK_SIZE == VIRTIO_BLK_F_BLK_SIZE);
static_assert(blk::F_FLUSH == VIRTIO_BLK_F_FLUSH);
static_assert(blk::F_TOPOLOGY == VIRTIO_BLK_F_TOPOLOGY);
static_assert(blk::F_CONFIG_WCE == VIRTIO_BLK_F_CONFIG_WCE);
static_assert(blk::F_MQ == VIRTIO_BLK_F_MQ);
static_assert(blk::F_DISCARD == VIRTIO_BLK_F_DISCARD);
static_assert(blk::F_WRITE_ZEROES == VIRTIO_BLK_F_WRITE_ZEROES);
static_assert(blk::F_SECURE_ERASE == VIRTIO_BLK_F_SECURE_ERASE);
// Linux has no word for LIFETIME (15) and GET_LIFETIME (10): virtio 1.2, 5.2.3 and 5.2.6.
static_assert(blk::F_LIFETIME == 15 && blk::T_GET_LIFETIME == 10);

// The block device: requests
static_assert(blk::T_IN == VIRTIO_BLK_T_IN);
static_assert(blk::T_OUT == VIRTIO_BLK_T_OUT);
static_assert(blk::T_FLUSH == VIRTIO_BLK_T_FLUSH);
static_assert(blk::T_GET_ID == VIRTIO_BLK_T_GET_ID);
static_assert(blk::T_DISCARD == VIRTIO_BLK_T_DISCARD);
static_assert(blk::T_WRITE_ZEROES == VIRTIO_BLK_T_WRITE_ZEROES);
static_assert(blk::T_SECURE_ERASE == VIRTIO_BLK_T_SECURE_ERASE);
static_assert(blk::S_OK == VIRTIO_BLK_S_OK);
static_assert(blk::S_IOERR == VIRTIO_BLK_S_IOERR);
static_assert(blk::S_UNSUPP == VIRTIO_BLK_S_UNSUPP);
static_assert(blk::ID_BYTES == VIRTIO_BLK_ID_BYTES);
static_assert(sizeof(blk::RequestHeader) == sizeof(virtio_blk_outhdr));
static_assert(offsetof(blk::RequestHeader, type) == offsetof(virtio_blk_outhdr, type));
// Linux still calls this one what it was before virtio 1.0.
static_assert(offsetof(blk::RequestHeader, reserved) == offsetof(virtio_blk_outhdr, ioprio));
static_assert(offsetof(blk::RequestHeader, sector) == offsetof(virtio_blk_outhdr, sector));

// The block device: configuration
using Ours = blk::Config;
using Linux = virtio_blk_config;
static_assert(sizeof(Ours) == sizeof(Linux));
static_assert(offsetof(Ours, capacity) == offsetof(Linux, capacity));
static_assert(offsetof(Ours, size_max) == offsetof(Linux, size_max));
static_assert(offsetof(Ours, seg_max) == offsetof(Linux, seg_max));
static_assert(offsetof(Ours, cylinders) == offsetof(Linux, geometry.cylinders));
static_assert(offsetof(Ours, heads) == offsetof(Linux, geometry.heads));
static_assert(offsetof(Ours, sectors) == offsetof(Linux, geometry.sectors));
static_assert(offsetof(Ours, blk_size) == offsetof(Linux, blk_size));
static_assert(offsetof(Ours, physical_block_exp) == offsetof(Linux, physical_block_exp));
static_assert(offsetof(Ours, alignment_offset) == offsetof(Linux, alignment_offset));
static_assert(offsetof(Ours, min_io_size) == offsetof(Linux, min_io_size));
static_assert(offsetof(Ours, opt_io_size) == offsetof(Linux, opt_io_size));
static_assert(offsetof(Ours, writeback) == offsetof(Linux, wce));
static_assert(offsetof(Ours, num_queues) == offsetof(Linux, num_queues));
static_assert(offsetof(Ours, max_discard_sectors) == offsetof(Linux, max_discard_sectors));
static_assert(offsetof(Ours, max_discard_seg) == offsetof(Linux, max_discard_seg));
static_assert(offsetof(Ours, discard_sector_alignment) ==
              offsetof(Linux, discard_sector_alignment));
static_assert(offsetof(Ours, max_write_zeroes_sectors) ==
              offsetof(Linux, max_write_zeroes_sectors));
static_assert(offsetof(Ours, max_write_zeroes_seg) == offsetof(Linux, max_write_zeroes_seg));
static_assert(offsetof(Ours, write_zeroes_may_unmap) == offsetof(Linux, write_zeroes_may_unmap));
static_assert(offsetof(Ours, max_secure_erase_sectors) ==
              offsetof(Linux, max_secure_erase_sectors));
static_assert(offsetof(Ours, max_secure_erase_seg) == offsetof(Linux, max_secure_erase_seg));
static_assert(offsetof(Ours, secure_erase_sector_alignment) ==
              offsetof(Linux, secure_erase_sector_alignment));

// vhost-user took these from vhost.
namespace vhost = vhost_user::spec;
static_assert(sizeof(vhost::VringState) == sizeof(vhost_vring_state));
static_assert(offsetof(vhost::VringState, index) == offsetof(vhost_vring_state, index));
static_assert(offsetof(vhost::VringState, num) == offsetof(vhost_vring_state, num));
static_assert(sizeof(vhost::VringAddress) == sizeof(vhost_vring_addr));
static_assert(offsetof(vhost::VringAddress, index) == offsetof(vhost_vring_addr, index));
static_assert(offsetof(vhost::VringAddress, flags) == offsetof(vhost_vring_addr, flags));
static_assert(offsetof(vhost::VringAddress, descriptor) ==
              offsetof(vhost_vring_addr, desc_user_addr));
static_assert(offsetof(vhost::VringAddress, used) == offsetof(vhost_vring_addr, used_user_addr));
static_assert(offsetof(vhost::VringAddress, available) ==
              offsetof(vhost_vring_addr, avail_user_addr));
static_assert(offsetof(vhost::VringAddress, log) == offsetof(vhost_vring_addr, log_guest_addr));
static_assert(vhost::VRING_F_LOG == 1U << VHOST_VRING_F_LOG);
static_assert(vhost::F_LOG_ALL == VHOST_F_LOG_ALL);
static_assert(sizeof(vhost::IotlbMessage) == sizeof(vhost_iotlb_msg));
static_assert(offsetof(vhost::IotlbMessage, iova) == offsetof(vhost_iotlb_msg, iova));
static_assert(offsetof(vhost::IotlbMessage, size) == offsetof(vhost_iotlb_msg, size));
static_assert(offsetof(vhost::IotlbMessage, userAddress) == offsetof(vhost_iotlb_msg, uaddr));
static_assert(offsetof(vhost::IotlbMessage, permissions) == offsetof(vhost_iotlb_msg, perm));
static_assert(offsetof(vhost::IotlbMessage, type) == offsetof(vhost_iotlb_msg, type));
static_assert(sizeof(vhost::MemoryRegion) == sizeof(vhost_memory_region));
static_assert(offsetof(vhost::MemoryRegion, guestAddress) ==
              offsetof(vhost_memory_region, guest_phys_addr));
static_assert(offsetof(vhost::MemoryRegion, size) == offsetof(vhost_memory_region, memory_size));
static_assert(offsetof(vhost::MemoryRegion, userAddress) ==
              offsetof(vhost_memory_region, userspace_addr));

} // namespace

TEST_CASE("an event is passed when the kernel's own header says so") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < test::rounds(100'000); ++round) {
      const auto event = static_cast<std::uint16_t>(random.next());
      const auto before =
          static_cast<std::uint16_t>(random.chance(50) ? event - random.below(5) : random.next());
      const auto now = static_cast<std::uint16_t>(before + random.number());
      REQUIRE(virtio::isEventPassed(event, before, now) ==
              (vring_need_event(event, now, before) != 0));
    }
  }
}

} // namespace argon
