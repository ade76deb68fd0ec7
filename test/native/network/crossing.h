// SPDX-License-Identifier: Apache-2.0
#pragma once

// A slow judge of how a frame crosses from a sending driver's chain to a receiving driver: read,
// finished where the receiver did not agree to do it, and told of in a header. It knows the rules
// of virtio 1.2, 5.1.6 and of TCP, and nothing of the code under test.

#include "network/vnet_header.h"
#include "support/packet_maker.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <span>
#include <string>

namespace argon::test {

struct Crossing {
  virtio::spec::net::Header header{};
  Bytes frame;
  /// Sizes of the descriptors that header and frame are cut into, over and over; empty: one.
  std::span<const std::size_t> cuts{};
  virtio::FeatureSet sender;
  virtio::FeatureSet receiver;
};

struct Crossed {
  /// What is wrong with what became of the frame; empty if nothing is.
  std::string wrong;
  network::HeaderFault fault = network::HeaderFault::None;
  /// Frames that the receiver gets.
  std::size_t partCount = 0;
  /// True if the receiver gets it as it was sent.
  bool isWhole = false;
};

/// Every piece is an allocation of its own, so that a sanitizer sees each byte beside it.
[[nodiscard]] Crossed cross(const Crossing& crossing);

} // namespace argon::test
