// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_case_groups.h"
#include "frontend/chain_cases.h"
#include "frontend/chain_scene.h"

#include <array>
#include <cstdint>
#include <span>

namespace argon::frontend {

using namespace chain_parts;

namespace {

constexpr auto kIndirectCases = std::to_array<ChainCase>({
    {"an indirect table of 0 bytes", kReturned,
     [](ChainScene& scene) {
       scene.put(0, slice(scene.table(), 0, 0), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 15 bytes", kReturned,
     [](ChainScene& scene) {
       scene.put(0, slice(scene.table(), 0, 15), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 17 bytes", kReturned,
     [](ChainScene& scene) {
       scene.put(0, slice(scene.table(), 0, 17), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 2048 entries", kReturned,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.put(0, tableOf(scene, ChainScene::kTableEntryCount), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 4 GiB less 16 bytes", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(scene.table().address.get(), 0xffff'fff0), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table outside memory", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(scene.endOfMemory().get(), 48), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table that ends one byte after memory", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(scene.endOfMemory().get() - 47, 48), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table within an indirect table", kReturned,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext);
       scene.putIndirect(1, tableOf(scene, 3), kIndirect);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect descriptor that also has a next", kReturned,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.put(0, tableOf(scene, 3), kIndirect | kNext, 1);
       scene.put(1, scene.status(), kWrite);
       scene.offer(0);
     }},
    {"an indirect table with a loop", kReturned,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext, 1);
       scene.putIndirect(1, scene.data(), kNext | kWrite, 0);
       scene.put(0, tableOf(scene, 2), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table whose next index is outside it", kReturned,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext, 3);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table that lies on the descriptor table", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(scene.ringAddress().get(), 16), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 1 byte", kReturned,
     [](ChainScene& scene) {
       scene.put(0, slice(scene.table(), 0, 1), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of an entry and a half", kReturned,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.put(0, slice(scene.table(), 0, 24), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of one entry more than is taken", kReturned,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.put(0, tableOf(scene, 1028), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 65537 entries", kReturned,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.put(0, at(scene.table().address.get(), 65537 * 16), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 4 GiB less one byte", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(scene.table().address.get(), 0xffff'ffff), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table at address 0", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(0, 48), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table whose end wraps around 2^64", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(0xffff'ffff'ffff'fff0, 48), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table that ends at 2^64", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(0xffff'ffff'ffff'ffd0, 48), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table that starts before memory", kReturned,
     [](ChainScene& scene) {
       scene.put(0, at(scene.startOfMemory().get() - 16, 48), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table at an odd address", kServed,
     [](ChainScene& scene) {
       scene.moveTable(1);
       putGoodIndirect(scene);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of a status alone", kRefused,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.status(), kWrite);
       scene.put(0, tableOf(scene, 1), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of a header alone", kReturned,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), 0);
       scene.put(0, tableOf(scene, 1), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of zeros", kReturned,
     [](ChainScene& scene) {
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table with nonsense behind the chain's end", kServed,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.putIndirect(3, at(UINT64_MAX, 0xffff'ffff), 0xffff, 0xffff);
       scene.put(0, tableOf(scene, 4), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table within the first entry of one", kReturned,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.putIndirect(0, tableOf(scene, 3), kIndirect);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of zeros behind the status", kRefused,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, scene.status(), kNext | kWrite, 3);
       scene.put(3, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table whose entry links to itself", kReturned,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext, 0);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table whose last entry has a next", kReturned,
     [](ChainScene& scene) {
       putGoodIndirect(scene);
       scene.putIndirect(2, scene.status(), kNext | kWrite, 3);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table whose next index is 65535", kReturned,
     [](ChainScene& scene) {
       scene.putIndirect(0, scene.header(), kNext, 0xffff);
       scene.put(0, tableOf(scene, 3), kIndirect);
       scene.offer(0);
     }},
    {"an indirect table of 1027 entries in a circle", kReturned,
     [](ChainScene& scene) {
       for (std::uint16_t index = 0; index < 1027; ++index) {
         scene.putIndirect(index, slice(scene.header(), 0, 1), kNext,
                           static_cast<std::uint16_t>((index + 1) % 1027));
       }
       scene.put(0, tableOf(scene, 1027), kIndirect);
       scene.offer(0);
     }},
    {"a direct header before an indirect table with a loop", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.putIndirect(0, scene.data(), kNext | kWrite, 0);
       scene.put(1, tableOf(scene, 2), kIndirect);
       scene.offer(0);
     }},
});

} // namespace

std::span<const ChainCase> indirectCases() { return kIndirectCases; }

} // namespace argon::frontend
