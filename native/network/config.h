// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a network device offers. All of it is constant: a front end that comes back, to this process
// or the next, must find what it had, or it is lost for good (docs/design/0017).

#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"

#include <cstdint>

namespace argon::network {

/// Bytes of a packet that an interface carries, and what NET_SET_MTU may say at most: the MTU of
/// AWS within a VPC.
constexpr std::uint16_t kMtuMax = 9001;
/// The least that IPv4 needs (RFC 791), below which no driver has an MTU.
constexpr std::uint16_t kMtuMin = 68;

/// Pairs of rings of an interface at most.
constexpr std::uint16_t kPairCountMax = 8;

/// No MAC, STATUS or CTRL_VQ: those are the front end's own, which has the configuration space and
/// the control queue (docs/design/0017). No UFO or ECN, which one could never take back.
constexpr virtio::FeatureSet kOfferedFeatures = virtio::FeatureSet()
                                                    .with(virtio::spec::F_VERSION_1)
                                                    .with(virtio::spec::F_INDIRECT_DESC)
                                                    .with(virtio::spec::F_EVENT_IDX)
                                                    .with(virtio::spec::F_RING_PACKED)
                                                    .with(virtio::spec::net::F_MRG_RXBUF)
                                                    .with(virtio::spec::net::F_MTU)
                                                    .with(virtio::spec::net::F_MQ)
                                                    .with(virtio::spec::net::F_CSUM)
                                                    .with(virtio::spec::net::F_GUEST_CSUM)
                                                    .with(virtio::spec::net::F_HOST_TSO4)
                                                    .with(virtio::spec::net::F_HOST_TSO6)
                                                    .with(virtio::spec::net::F_GUEST_TSO4)
                                                    .with(virtio::spec::net::F_GUEST_TSO6);

} // namespace argon::network
