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

// What a request writes must not be looked at again: a chain is known before its data moves. Where
// it writes to what the device looks at later, no outcome is wrong, and the ring starts anew.
constexpr auto kOverlapCases = std::to_array<ChainCase>({
    {"data on the descriptor table", kServed,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.ringAddress().get(), 512), kWrite);
       scene.offer(0);
     }},
    {"data on the indirect table", kServed,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext);
       scene.putIndirect(1, slice(scene.table(), 0, 4096), kNext | kWrite);
       scene.putIndirect(2, scene.status(), kWrite);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"data on the header", kServed,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.header().address.get() & ~std::uint64_t{15}, 512), kWrite);
       scene.offer(0);
     }},
    {"a status on the header", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_FLUSH, 0);
       scene.moveStatus(slice(scene.header(), 15, 1));
       putWithoutData(scene);
       scene.put(1, slice(scene.header(), 15, 1), kWrite);
       scene.offer(0);
     }},
    {"a status on the descriptor that names it", kServed,
     [](ChainScene& scene) {
       const ScenePart place = at(scene.ringAddress().get() + 47, 1);
       scene.moveStatus(place);
       putGood(scene);
       scene.put(2, place, kWrite, 0xffff);
       scene.offer(0);
     }},
    {"a header on the descriptor table", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(0, at(scene.ringAddress().get(), 16), kNext);
       scene.offer(0);
     }},
    {"a write of the whole ring and what is around it", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, 0);
       putWithData(scene, at(scene.ringAddress().get(), 4096), 0);
       scene.offer(0);
     }},
    {"a read and a write in which the same memory is both sides", kServed,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_OUT, 0);
       scene.put(0, scene.header(), kNext);
       scene.put(1, scene.data(), kNext);
       scene.put(2, scene.data(), kNext | kWrite);
       scene.put(3, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"data on the available ring", kAny,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.availableAddress().get(), 512), kWrite);
       scene.offer(0);
     }},
    {"data on the used ring", kAny,
     [](ChainScene& scene) {
       putWithData(scene, at(scene.usedAddress().get(), 512), kWrite);
       scene.offer(0);
     }},
    {"a status on the available index", kAny,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, at(scene.availableAddress().get() + 2, 1), kWrite);
       scene.offer(0);
     }},
    {"a status on the used index", kAny,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, at(scene.usedAddress().get() + 2, 1), kWrite);
       scene.offer(0);
     }},
    {"an indirect table on the available ring", kAny,
     [](ChainScene& scene) {
       scene.put(0, at(scene.availableAddress().get(), 48), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table on the used ring", kAny,
     [](ChainScene& scene) {
       scene.put(0, at(scene.usedAddress().get(), 48), kIndirect);
       scene.offer(0);
     }},
});

} // namespace

std::span<const ChainCase> overlapCases() { return kOverlapCases; }

} // namespace argon::frontend
