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

constexpr auto kLinkCases = std::to_array<ChainCase>({
    {"a descriptor that links to itself", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext, 0);
       scene.offer(0);
     }},
    {"two descriptors that link to each other", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext, 1);
       scene.put(1, scene.data(), kNext | kWrite, 0);
       scene.offer(0);
     }},
    {"a next index outside the table", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext, scene.queueSize());
       scene.offer(0);
     }},
    {"a next index of 65535", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext, 0xffff);
       scene.offer(0);
     }},
    {"a head outside the table", kBroken,
     [](ChainScene& scene) { scene.offer(scene.queueSize()); }},
    {"a head of 65535", kBroken, [](ChainScene& scene) { scene.offer(0xffff); }},
    {"an available index one more than the ring holds", kBroken,
     [](ChainScene& scene) { scene.overclaim(static_cast<std::uint16_t>(scene.queueSize() + 1)); }},
    {"an available index that jumps by 32768", kBroken,
     [](ChainScene& scene) { scene.overclaim(0x8000); }},
    {"an available index that goes back by one", kBroken,
     [](ChainScene& scene) { scene.overclaim(0xffff); }},
    {"three descriptors in a circle", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, scene.status(), kNext | kWrite, 0);
       scene.offer(0);
     }},
    {"a circle of the whole ring", kReturned,
     [](ChainScene& scene) {
       const std::uint16_t size = scene.queueSize();
       for (std::uint16_t index = 0; index < size; ++index) {
         scene.put(index, slice(scene.header(), 0, 1), kNext,
                   static_cast<std::uint16_t>((index + 1) % size));
       }
       scene.offer(0);
     }},
    {"a circle that starts behind the first descriptor", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, scene.status(), kNext | kWrite, 1);
       scene.offer(0);
     }},
    {"a status that links to itself", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, scene.status(), kNext | kWrite, 2);
       scene.offer(0);
     }},
    {"a next index outside the table behind the status", kReturned,
     [](ChainScene& scene) {
       putGood(scene);
       scene.put(2, scene.status(), kNext | kWrite, scene.queueSize());
       scene.offer(0);
     }},
    {"a next index of 32768", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext, 0x8000);
       scene.offer(0);
     }},
    {"a next index of a descriptor of zeros", kReturned,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext, 9);
       scene.put(9, at(0, 0), 0);
       scene.offer(0);
     }},
    {"a head of a descriptor of zeros", kReturned,
     [](ChainScene& scene) {
       scene.put(9, at(0, 0), 0);
       scene.offer(9);
     }},
    {"a head of 32768", kBroken, [](ChainScene& scene) { scene.offer(0x8000); }},
    {"a head outside the table behind a good one", kBroken,
     [](ChainScene& scene) {
       putGood(scene);
       scene.offer(0);
       scene.offer(scene.queueSize());
     }},
    {"an available index that goes back by the ring's size", kBroken,
     [](ChainScene& scene) {
       scene.overclaim(static_cast<std::uint16_t>(0x10000 - scene.queueSize()));
     }},
    {"an available index that jumps by 32767", kBroken,
     [](ChainScene& scene) { scene.overclaim(0x7fff); }},
    {"a good chain, and an available index far beyond it", kBroken,
     [](ChainScene& scene) {
       putGood(scene);
       scene.offer(0);
       scene.overclaim(0x4000);
     }},
    {"an available index that claims a ring of old entries", kAny,
     [](ChainScene& scene) {
       putGood(scene);
       scene.offer(0);
       scene.overclaim(static_cast<std::uint16_t>(scene.queueSize() - 1));
     }},
    // Whether the first is answered before the second is looked at is up to the store.
    {"the same head twice in one batch", kAny,
     [](ChainScene& scene) {
       putGood(scene);
       scene.offer(0);
       scene.offer(0);
     }},
    {"the same head in every entry of the ring", kAny,
     [](ChainScene& scene) {
       putGood(scene);
       for (std::uint16_t count = 0; count < scene.queueSize(); ++count) {
         scene.offer(0);
       }
     }},
    {"indexes that wrap around at 65536", kServed,
     [](ChainScene& scene) {
       putGood(scene);
       putGood(scene, 3);
       putGood(scene, 6);
       scene.offer(0);
       scene.offer(3);
       scene.offer(6);
     },
     65534},
    {"an available index that jumps across 65536", kBroken,
     [](ChainScene& scene) { scene.overclaim(0x8000); }, 65534},
    {"flags of the available ring that no specification has", kServed,
     [](ChainScene& scene) {
       scene.setWishes(0xffff, 0);
       putGood(scene);
       scene.offer(0);
     }},
    {"a wish to be called 65535 chains from now", kServed,
     [](ChainScene& scene) {
       scene.setWishes(0, 0xffff);
       putGood(scene);
       scene.offer(0);
     }},
    {"a wish to be called 32768 chains from now", kServed,
     [](ChainScene& scene) {
       scene.setWishes(1, 0x8000);
       putGood(scene);
       scene.offer(0);
     }},
});

} // namespace

std::span<const ChainCase> linkCases() { return kLinkCases; }

} // namespace argon::frontend
