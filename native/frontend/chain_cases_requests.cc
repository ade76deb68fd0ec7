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

constexpr auto kRequestCases = std::to_array<ChainCase>({
    {"a header alone", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), 0);
       scene.offer(0);
     }},
    {"a status alone", kRefused,
     [](ChainScene& scene) {
       scene.put(0, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"a header of 15 bytes", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, slice(scene.header(), 0, 15), kNext);
       scene.offer(0);
     }},
    {"no writable descriptor", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, scene.data(), 0);
       scene.offer(0);
     }},
    {"a read without data", kRefused,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"a write without data", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, 0);
       scene.put(0, scene.header(), kNext);
       scene.put(1, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"data that is no multiple of 512 bytes", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, slice(scene.data(), 0, 511), kWrite);
       scene.offer(0);
     }},
    {"a sector behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, scene.capacitySectors());
       putGood(scene);
       scene.offer(0);
     }},
    {"a read that ends one sector behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, scene.capacitySectors() - 7);
       putGood(scene);
       scene.offer(0);
     }},
    {"a sector whose byte offset wraps around 2^64", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, std::uint64_t{1} << 55);
       putGood(scene);
       scene.offer(0);
     }},
    {"a sector of 2^64 - 1", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, UINT64_MAX);
       putGood(scene);
       scene.offer(0);
     }},
    {"an unknown request type", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(0xdead'beef, 0);
       putGood(scene);
       scene.offer(0);
     }},
    {"a SCSI command of old", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(2, 0);
       putGood(scene);
       scene.offer(0);
     }},
    {"a flush with a sector and with data", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_FLUSH, 5);
       putGood(scene);
       scene.offer(0);
     }},
    {"a request for the id with room for one byte", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_GET_ID, 0);
       putWithData(scene, slice(scene.data(), 0, 1), kWrite);
       scene.offer(0);
     }},
    {"a read whose data is readable", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
    {"a write whose data is writable", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, 0);
       putGood(scene);
       scene.offer(0);
     }},
    {"a read with readable data too", kServed,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, slice(scene.data(), 0, 512), kNext);
       scene.put(2, slice(scene.data(), 512, 512), kNext | kWrite);
       scene.put(3, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"a write of 511 bytes", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, 0);
       putWithData(scene, slice(scene.data(), 0, 511), 0);
       scene.offer(0);
     }},
    {"a read of 513 bytes", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, slice(scene.data(), 0, 513), kWrite);
       scene.offer(0);
     }},
    {"a read that ends with the last sector", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, scene.capacitySectors() - 8);
       putGood(scene);
       scene.offer(0);
     }},
    {"a write that ends one sector behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, scene.capacitySectors() - 7);
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
    {"a write to a sector behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, scene.capacitySectors());
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
    {"a write to a sector whose byte offset wraps around 2^64", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, std::uint64_t{1} << 55);
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
    {"a write to sectors whose sum wraps around 2^64", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, UINT64_MAX - 3);
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
    {"a sector of 2^63", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, std::uint64_t{1} << 63);
       putGood(scene);
       scene.offer(0);
     }},
    {"a header whose reserved field is set", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, 0, UINT32_MAX);
       putGood(scene);
       scene.offer(0);
     }},
    {"a read with the barrier bit of old", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(0x8000'0000U | blk::T_IN, 0);
       putGood(scene);
       scene.offer(0);
     }},
    {"a type of 2^32 - 1", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(UINT32_MAX, 0);
       putGood(scene);
       scene.offer(0);
     }},
    {"a request for the lifetime, which was not offered", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_GET_LIFETIME, 0);
       putGood(scene);
       scene.offer(0);
     }},
    {"an erasure, which was not offered", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_SECURE_ERASE, 0);
       scene.putSegment(0, {.sector = 0, .sectorCount = 8});
       putWithData(scene, slice(scene.data(), 0, 16), 0);
       scene.offer(0);
     }},
    {"a flush of nothing", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_FLUSH, 0);
       putWithoutData(scene);
       scene.offer(0);
     }},
    {"a flush with readable data and the last sector there is", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_FLUSH, UINT64_MAX);
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
    {"a request for the id with no room", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_GET_ID, 0);
       putWithoutData(scene);
       scene.offer(0);
     }},
    {"a request for the id with room for 19 bytes", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_GET_ID, 0);
       putWithData(scene, slice(scene.data(), 0, 19), kWrite);
       scene.offer(0);
     }},
    {"a request for the id with room for 4096 bytes, of a sector far away", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_GET_ID, UINT64_MAX);
       putGood(scene);
       scene.offer(0);
     }},
    {"a request for the id into readable data", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_GET_ID, 0);
       putWithData(scene, scene.data(), 0);
       scene.offer(0);
     }},
});

} // namespace

std::span<const ChainCase> requestCases() { return kRequestCases; }

} // namespace argon::frontend
