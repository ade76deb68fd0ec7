// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_case_groups.h"
#include "frontend/chain_cases.h"
#include "frontend/chain_scene.h"
#include "virtio/spec/blk.h"

#include <array>
#include <cstdint>
#include <span>

namespace argon::frontend {

using namespace chain_parts;

namespace {

namespace blk = virtio::spec::blk;

// A device that does not offer the request refuses all of them.
constexpr auto kSegmentCases = std::to_array<ChainCase>({
    {"a discard of no segment", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       putWithoutData(scene);
       scene.offer(0);
     }},
    {"a discard of 15 bytes of a segment", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 15), 0);
       scene.offer(0);
     }},
    {"a discard of a segment and a byte", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 17), 0);
       scene.offer(0);
     }},
    {"a discard whose segment is writable", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), kWrite);
       scene.offer(0);
     }},
    {"a discard that ends one sector behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = scene.capacitySectors() - 7, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a discard of sectors behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = scene.capacitySectors() + 8, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a discard whose sectors wrap around 2^64", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = UINT64_MAX - 3, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a discard whose byte offset wraps around 2^64", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = std::uint64_t{1} << 55, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a discard of 2^32 - 1 sectors", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = UINT32_MAX});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a discard with flags that no specification has", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8, .flags = 0x8000'0002});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a discard whose second segment is bad", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       scene.putSegment(1, {.sector = UINT64_MAX, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 32), 0);
       scene.offer(0);
     }},
    {"a discard of more segments than any device takes", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       for (std::uint32_t index = 0; index < ChainScene::kDataBytes / 16; ++index) {
         scene.putSegment(index, {.sector = UINT64_MAX, .sectorCount = 8});
       }
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
    {"a discard with the flag that only zeroing has", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_DISCARD, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8, .flags = 1});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a zeroing of no segment", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       putWithoutData(scene);
       scene.offer(0);
     }},
    {"a zeroing of 15 bytes of a segment", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 15), 0);
       scene.offer(0);
     }},
    {"a zeroing of a segment and a byte", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 17), 0);
       scene.offer(0);
     }},
    {"a zeroing whose segment is writable", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), kWrite);
       scene.offer(0);
     }},
    {"a zeroing that ends one sector behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = scene.capacitySectors() - 7, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a zeroing of sectors behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = scene.capacitySectors() + 8, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a zeroing whose sectors wrap around 2^64", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = UINT64_MAX - 3, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a zeroing whose byte offset wraps around 2^64", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = std::uint64_t{1} << 55, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a zeroing of 2^32 - 1 sectors", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = UINT32_MAX});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a zeroing with flags that no specification has", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8, .flags = 0x8000'0002});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a zeroing whose second segment is bad", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       scene.putSegment(1, {.sector = UINT64_MAX, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 32), 0);
       scene.offer(0);
     }},
    {"a zeroing of more segments than any device takes", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_WRITE_ZEROES, 0);
       for (std::uint32_t index = 0; index < ChainScene::kDataBytes / 16; ++index) {
         scene.putSegment(index, {.sector = UINT64_MAX, .sectorCount = 8});
       }
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
});

} // namespace

std::span<const ChainCase> segmentCases() { return kSegmentCases; }

} // namespace argon::frontend
