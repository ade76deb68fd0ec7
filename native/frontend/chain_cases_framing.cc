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

constexpr auto kFramingCases = std::to_array<ChainCase>({
    {"header, data and status in a descriptor each", kServed,
     [](ChainScene& scene) {
       putGood(scene);
       scene.offer(0);
     }},
    {"header cut into sixteen descriptors of one byte", kServed,
     [](ChainScene& scene) {
       for (std::uint16_t index = 0; index < 16; ++index) {
         scene.put(index, slice(scene.header(), index, 1), kNext);
       }
       scene.put(16, scene.data(), kNext | kWrite);
       scene.put(17, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"data cut in odd places", kServed,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, slice(scene.data(), 0, 1), kNext | kWrite);
       scene.put(2, slice(scene.data(), 1, 4094), kNext | kWrite);
       scene.put(3, slice(scene.data(), 4095, 1), kNext | kWrite);
       scene.put(4, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"the whole request behind one indirect descriptor", kServed,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect descriptor after direct ones", kServed,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.putIndirect(0, scene.data(), kNext | kWrite);
       scene.putIndirect(1, scene.status(), kWrite);
       scene.put(1, tableOf(scene, 2), kIndirect);
       scene.offer(0);
     }},
    {"an indirect descriptor that is marked writable", kServed,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.put(0, tableOf(scene, 3), kIndirect | kWrite);
       scene.offer(0);
     }},
    {"an indirect table whose links go backwards", kServed,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext, 2);
       scene.putIndirect(2, scene.data(), kNext | kWrite, 1);
       scene.putIndirect(1, scene.status(), kWrite);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"descriptors in the order from the last to the first", kServed,
     [](ChainScene& scene) {
       scene.put(7, scene.header(), kNext, 5);
       scene.put(5, scene.data(), kNext | kWrite, 3);
       scene.put(3, scene.status(), kWrite);
       scene.offer(7);
     }},
    {"the whole ring in one chain", kServed,
     [](ChainScene& scene) {
       const auto pieceCount = static_cast<std::uint16_t>(scene.queueSize() - 2);
       scene.put(0, scene.header(), kNext);
       putDataCut(scene, 1, pieceCount);
       scene.put(static_cast<std::uint16_t>(pieceCount + 1), scene.status(), kWrite);
       scene.offer(0);
     }},
    {"the longest indirect table that is taken", kServed,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext);
       putIndirectDataCut(scene, 1, 1025);
       scene.putIndirect(1026, scene.status(), kWrite);
       scene.put(0, tableOf(scene, 1027), kIndirect);
       scene.offer(0);
     }},
    {"descriptors and a table that together are longer than the ring", kServed,
     [](ChainScene& scene) {
       const auto last = static_cast<std::uint16_t>(scene.queueSize() - 1);
       scene.put(0, slice(scene.header(), 0, 16), kNext);
       for (std::uint16_t index = 1; index < last; ++index) {
         scene.put(index, slice(scene.data(), 0, 512), kNext | kWrite);
       }
       scene.putIndirect(0, slice(scene.data(), 512, 512), kNext | kWrite);
       scene.putIndirect(1, slice(scene.data(), 1024, 512), kNext | kWrite);
       scene.putIndirect(2, scene.status(), kWrite);
       scene.put(last, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"a header in two descriptors, the first of 15 bytes", kServed,
     [](ChainScene& scene) {
       scene.put(0, slice(scene.header(), 0, 15), kNext);
       scene.put(1, slice(scene.header(), 15, 1), kNext);
       scene.put(2, scene.data(), kNext | kWrite);
       scene.put(3, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"a write whose header and data share a descriptor", kServed,
     [](ChainScene& scene) {
       scene.putRequestAt(scene.data().address, blk::T_OUT, 8);
       scene.put(0, slice(scene.data(), 0, 16 + 512), kNext);
       scene.put(1, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"data and status in one descriptor", kServed,
     [](ChainScene& scene) {
       scene.moveStatus(slice(scene.data(), 512, 1));
       scene.put(0, scene.header(), kNext);
       scene.put(1, slice(scene.data(), 0, 513), kWrite);
       scene.offer(0);
     }},
    {"data that ends in the status' descriptor", kServed,
     [](ChainScene& scene) {
       scene.moveStatus(slice(scene.data(), 512, 1));
       scene.put(0, scene.header(), kNext);
       scene.put(1, slice(scene.data(), 0, 511), kNext | kWrite);
       scene.put(2, slice(scene.data(), 511, 2), kWrite);
       scene.offer(0);
     }},
    {"a status descriptor of two bytes behind whole sectors", kRefused,
     [](ChainScene& scene) {
       scene.moveStatus(slice(scene.data(), 1025, 1));
       scene.put(0, scene.header(), kNext);
       scene.put(1, slice(scene.data(), 0, 512), kNext | kWrite);
       scene.put(2, slice(scene.data(), 1024, 2), kWrite);
       scene.offer(0);
     }},
    {"a status that is not writable, so that the data's last byte is it", kRefused,
     [](ChainScene& scene) {
       scene.moveStatus(slice(scene.data(), ChainScene::kDataBytes - 1, 1));
       putGood(scene);
       scene.put(2, slice(scene.header(), 0, 1), 0);
       scene.offer(0);
     }},
    {"flags that no specification has", kServed,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext | 0xfff8);
       scene.put(1, scene.data(), kNext | kWrite | 0xfff8);
       scene.put(2, scene.status(), kWrite | 0xfff8);
       scene.offer(0);
     }},
    {"a next index without the flag for it", kServed,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, scene.status(), kWrite, 0);
       scene.offer(0);
     }},
    {"two requests in one batch", kServed,
     [](ChainScene& scene) {
       putGood(scene);
       putGood(scene, 3);
       scene.offer(0);
       scene.offer(3);
     }},
    {"two requests that share all descriptors but the first", kServed,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(3, scene.header(), kNext, 1);
       scene.offer(0);
       scene.offer(3);
     }},
});

} // namespace

std::span<const ChainCase> framingCases() { return kFramingCases; }

} // namespace argon::frontend
