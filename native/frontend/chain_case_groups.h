// SPDX-License-Identifier: Apache-2.0
#pragma once

// The groups of the catalog of chains, one file each, and the parts that their cases are made of.
// For chain_cases.cc and its groups only.

#include "frontend/chain_cases.h"
#include "frontend/chain_scene.h"
#include "memory/guest_address.h"
#include "virtio/spec/ring.h"

#include <cstdint>
#include <span>

namespace argon::frontend {

/// Where buffers start and end, in one descriptor or in many.
[[nodiscard]] std::span<const ChainCase> framingCases();
/// Links between descriptors, heads, and the indexes of the rings.
[[nodiscard]] std::span<const ChainCase> linkCases();
/// Indirect tables.
[[nodiscard]] std::span<const ChainCase> indirectCases();
/// Addresses and lengths.
[[nodiscard]] std::span<const ChainCase> bufferCases();
/// Requests whose buffers lie on rings, tables and each other.
[[nodiscard]] std::span<const ChainCase> overlapCases();
/// What the header asks for.
[[nodiscard]] std::span<const ChainCase> requestCases();
/// The segments of DISCARD and WRITE_ZEROES.
[[nodiscard]] std::span<const ChainCase> segmentCases();

namespace chain_parts {

inline constexpr unsigned kNext = virtio::spec::DESC_F_NEXT;
inline constexpr unsigned kWrite = virtio::spec::DESC_F_WRITE;
inline constexpr unsigned kIndirect = virtio::spec::DESC_F_INDIRECT;

inline constexpr auto kServed = ChainOutcome::Served;
inline constexpr auto kRefused = ChainOutcome::Refused;
inline constexpr auto kReturned = ChainOutcome::Returned;
inline constexpr auto kBroken = ChainOutcome::RingBroken;
inline constexpr auto kAny = ChainOutcome::Any;

/// Part of a part.
[[nodiscard]] ScenePart slice(ScenePart part, std::uint32_t from, std::uint32_t lengthBytes);
[[nodiscard]] ScenePart at(std::uint64_t address, std::uint32_t lengthBytes);
/// `lengthBytes` that end `beyondBytes` after the last byte of memory.
[[nodiscard]] ScenePart atEnd(const ChainScene& scene, std::uint32_t lengthBytes,
                              std::uint32_t beyondBytes);
/// The first entries of the scene's indirect table.
[[nodiscard]] ScenePart tableOf(const ChainScene& scene, std::uint32_t entryCount);

/// The ordinary read from descriptor `first` on: header, data, status.
void putGood(ChainScene& scene, std::uint16_t first = 0);
/// The same from descriptor 0 on, with another middle.
void putWithData(ChainScene& scene, ScenePart data, unsigned flags);
/// The ordinary read in the indirect table.
void putGoodIndirect(ChainScene& scene);
/// Header and status, and nothing between them.
void putWithoutData(ChainScene& scene);
/// Data cut into `count` descriptors from `first` on, or entries of the indirect table; the last
/// one has the rest. A next one follows.
void putDataCut(ChainScene& scene, std::uint16_t first, std::uint16_t count);
void putIndirectDataCut(ChainScene& scene, std::uint16_t first, std::uint16_t count);

} // namespace chain_parts

} // namespace argon::frontend
