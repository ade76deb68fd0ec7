// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames as guests send them, for tests: with a virtio-net header's promise, or for what counts
// bytes alone.

#include "packet/frame.h"
#include "support/packet_maker.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::test {

enum class FrameKind : std::uint8_t { Udp4, Tcp4, Tcp6 };

/// A frame of so many bytes, at least 14; headers that do not fit are cut. `seed` changes the
/// payload. Its checksums are 0.
[[nodiscard]] std::vector<std::byte> makeFrame(FrameKind kind, std::size_t lengthBytes,
                                               std::uint32_t seed = 1);

/// Where TCP or UDP begins in them.
[[nodiscard]] constexpr std::uint16_t transportStart(FrameKind kind) {
  return kind == FrameKind::Tcp6 ? 54 : 34;
}

/// A right frame of TCP with so much payload, but for TCP's checksum, which is that of the pseudo
/// header: what a guest with CSUM sends.
[[nodiscard]] Bytes makePartialTcp(FrameKind kind, std::size_t payloadBytes);
/// What is left to do to it; `segmentBytes` 0: its checksum alone.
[[nodiscard]] packet::Offload tcpOffload(FrameKind kind, std::uint16_t segmentBytes);
/// The same as a driver says it.
[[nodiscard]] virtio::spec::net::Header tcpHeader(FrameKind kind, std::uint16_t segmentBytes);

} // namespace argon::test
