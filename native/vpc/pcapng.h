// SPDX-License-Identifier: Apache-2.0
#pragma once

// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian: one section whose interfaces
// are described before the first packet. Each function appends one block.

#include "vpc/capture.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace argon::vpc::pcapng {

/// Begins a file.
void writeSection(std::vector<std::byte>& out);
/// An Ethernet interface, with times in nanoseconds. They are numbered from 0 in their order.
void writeInterface(std::vector<std::byte>& out, std::string_view name);
/// A frame. `realTimeOffsetNs`: CLOCK_REALTIME less CLOCK_MONOTONIC.
void writeFrame(std::vector<std::byte>& out, const CapturedFrame& frame,
                std::uint64_t realTimeOffsetNs);

} // namespace argon::vpc::pcapng
