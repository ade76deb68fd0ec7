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

constexpr auto kBufferCases = std::to_array<ChainCase>({
    {"data of 0 bytes in its descriptor", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, slice(scene.data(), 0, 0), kWrite);
       scene.offer(0);
     }},
    {"a header of 0 bytes in its descriptor", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, slice(scene.header(), 0, 0), kNext);
       scene.offer(0);
     }},
    {"data of 4 GiB less one byte", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.data().address.get(), 0xffff'ffff), kWrite);
       scene.offer(0);
     }},
    {"data at address 0", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(0, 512), kWrite);
       scene.offer(0);
     }},
    {"data whose end wraps around 2^64", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(0xffff'ffff'ffff'fe00, 4096), kWrite);
       scene.offer(0);
     }},
    {"data whose last byte is outside memory", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.endOfMemory().get() - 511, 512), kWrite);
       scene.offer(0);
     }},
    {"a status outside memory", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, at(scene.endOfMemory().get(), 1), kWrite);
       scene.offer(0);
     }},
    {"a status of 0 bytes", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, slice(scene.status(), 0, 0), kWrite);
       scene.offer(0);
     }},
    {"readable data after writable data", kRefused,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, slice(scene.data(), 0, 512), kNext | kWrite);
       scene.put(2, slice(scene.data(), 512, 512), kNext);
       scene.put(3, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"a header that is writable", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, scene.header(), kNext | kWrite);
       scene.offer(0);
     }},
    {"data that ends with the last byte of memory", kServed,
     [](ChainScene& scene) {
       putWithData(scene, atEnd(scene, 4096, 0), kWrite);
       scene.offer(0);
     }},
    {"data across the middle of memory, where two regions may meet", kServed,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.middleOfMemory().get() - 512, 4096), kWrite);
       scene.offer(0);
     }},
    {"data that ends one byte after memory", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, atEnd(scene, 4096, 1), kWrite);
       scene.offer(0);
     }},
    {"data that starts one byte before memory", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.startOfMemory().get() - 1, 512), kWrite);
       scene.offer(0);
     }},
    {"data that ends where memory starts", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.startOfMemory().get() - 512, 512), kWrite);
       scene.offer(0);
     }},
    {"data at address 2^63", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(std::uint64_t{1} << 63, 512), kWrite);
       scene.offer(0);
     }},
    {"data that ends at 2^64", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(0xffff'ffff'ffff'fe00, 512), kWrite);
       scene.offer(0);
     }},
    {"data whose sum of address and length is an address of memory", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(0xffff'ffff'ffff'fe00, 0x1000), kWrite);
       scene.offer(0);
     }},
    {"data of 0 bytes outside memory", kRefused,
     [](ChainScene& scene) {
       putWithData(scene, at(UINT64_MAX, 0), kWrite);
       scene.offer(0);
     }},
    {"a second piece of data outside memory", kRefused,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, slice(scene.data(), 0, 512), kNext | kWrite);
       scene.put(2, atEnd(scene, 512, 512), kNext | kWrite);
       scene.put(3, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"a write of data outside memory", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, 0);
       putWithData(scene, atEnd(scene, 512, 512), 0);
       scene.offer(0);
     }},
    {"a header that ends one byte after memory", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, atEnd(scene, 16, 1), kNext);
       scene.offer(0);
     }},
    {"a header whose end wraps around 2^64", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, at(0xffff'ffff'ffff'fff8, 16), kNext);
       scene.offer(0);
     }},
    {"a header at address 0", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, at(0, 16), kNext);
       scene.offer(0);
     }},
    {"a header of 4 GiB less one byte", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, at(scene.header().address.get(), 0xffff'ffff), kNext);
       scene.offer(0);
     }},
    {"a status at the last address there is", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, at(UINT64_MAX, 1), kWrite);
       scene.offer(0);
     }},
    {"a status of 4 GiB less one byte", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, at(scene.status().address.get(), 0xffff'ffff), kWrite);
       scene.offer(0);
     }},
    {"a status of 0 bytes outside memory", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, at(UINT64_MAX, 0), kWrite);
       scene.offer(0);
     }},
    {"a descriptor of 0 bytes between data and status", kRefused,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, scene.data(), kNext | kWrite);
       scene.put(2, slice(scene.data(), 0, 0), kNext | kWrite);
       scene.put(3, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"lengths whose sum is more than 4 GiB", kRefused,
     [](ChainScene& scene) {
       const auto memoryBytes =
           static_cast<std::uint32_t>(scene.endOfMemory().get() - scene.startOfMemory().get());
       scene.putIndirect(0, scene.header(), kNext);
       for (std::uint16_t index = 1; index <= 1025; ++index) {
         scene.putIndirect(index, at(scene.startOfMemory().get(), memoryBytes), kNext | kWrite);
       }
       scene.putIndirect(1026, scene.status(), kWrite);
       scene.put(0, tableOf(scene, 1027), kIndirect);
       scene.offer(0);
     }},
    {"data of 33 MiB in the same 3 MiB over and over", kRefused,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       for (std::uint16_t index = 0; index < 9; ++index) {
         scene.put(static_cast<std::uint16_t>(index + 1), at(scene.startOfMemory().get(), 3U << 20),
                   kNext | kWrite);
       }
       scene.putIndirect(0, at(scene.startOfMemory().get(), 3U << 20), kNext | kWrite);
       scene.putIndirect(1, at(scene.startOfMemory().get(), 3U << 20), kNext | kWrite);
       scene.putIndirect(2, scene.status(), kWrite);
       scene.put(10, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
});

} // namespace

std::span<const ChainCase> bufferCases() { return kBufferCases; }

} // namespace argon::frontend
