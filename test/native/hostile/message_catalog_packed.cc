// SPDX-License-Identifier: Apache-2.0
#include "frontend/packed_driver_queue.h"
#include "hostile/attacker.h"
#include "hostile/message_catalog.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstdint>
#include <vector>

namespace argon::hostile {

namespace {

namespace spec = vhost_user::spec;
using spec::Request;
using test::Told;

constexpr auto kAccepted = Told::Accepted;
constexpr auto kRefused = Told::Refused;
constexpr std::uint64_t kModern = Attacker::kModernFeatures;
constexpr std::uint64_t kPacked = Attacker::kPackedFeatures;
constexpr std::uint32_t kFirstBase = frontend::PackedDriverQueue::kFirstBase;

// Positions that a packed ring of 16 entries cannot have.
constexpr auto kBadBases = std::to_array<std::uint32_t>(
    {0x8000'8010, 0x8010'8000, 0x8010'8010, 0xffff'ffff, 0x7fff'7fff, 0xffff'8000, 0x8000'ffff,
     // The used position is ahead of the available one.
     0x8001'8000, 0x800f'8000,
     // The available one is more than a round ahead.
     0x8000'0001, 0x0000'8001, 0x0003'8004});

constexpr auto kPackedCases = std::to_array<MessageCase>({
    {"a packed ring from positions that it cannot have", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       const Told told = attacker.peer().tellU64(Request::SET_FEATURES, kPacked);
       return told == Told::Accepted
                  ? attacker.startBroken(kBadBases[variant], attacker.peer().addressOf(0))
                  : told;
     },
     kBadBases.size()},
    {"a packed ring of no entries or too many", kRefused, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<std::uint32_t, 5> kSizes = {0, 32769, 65535, 65536, UINT32_MAX};
       const Told told = attacker.peer().tellU64(Request::SET_FEATURES, kPacked);
       return told == Told::Accepted
                  ? attacker.peer().tellState(Request::SET_VRING_NUM, 0, kSizes[variant])
                  : told;
     },
     5},
    {"a packed ring with a part that is misaligned or not in memory", kAccepted,
     Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<std::uint64_t, 5> kMoves = {1, 2, 0x7fff'ffff'ffff'fff0, 0x1'0000,
                                                        0x8000'0000'0000'0000};
       spec::VringAddress address = attacker.peer().addressOf(0);
       // Which is 64 KiB of memory from its start.
       const std::uint64_t end = address.descriptor + attacker.peer().arena().bytes().size();
       std::array<std::uint64_t*, 3> parts = {&address.descriptor, &address.used,
                                              &address.available};
       if (variant < 15) {
         *parts[variant % 3] += kMoves[variant / 3];
       } else {
         *parts[variant % 3] = end - (variant % 3 == 0 ? 16 * 16 - 16 : 0);
       }
       const Told told = attacker.peer().tellU64(Request::SET_FEATURES, kPacked);
       return told == Told::Accepted ? attacker.startBroken(kFirstBase, address) : told;
     },
     18},
    {"a packed ring whose parts all lie over each other", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       spec::VringAddress address = attacker.peer().addressOf(0);
       address.used = address.descriptor;
       address.available = address.descriptor;
       for (const Told told : {attacker.peer().tellU64(Request::SET_FEATURES, kPacked),
                               attacker.peer().tellState(Request::SET_VRING_BASE, 0, kFirstBase)}) {
         if (told != Told::Accepted) {
           return told;
         }
       }
       return attacker.startAt(address);
     }},
    {"a ring made packed with a size that only those have, and split again", kAccepted,
     Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<std::uint32_t, 4> kSizes = {3, 17, 255, 32767};
       for (const Told told :
            {attacker.peer().tellU64(Request::SET_FEATURES, kPacked),
             attacker.peer().tellState(Request::SET_VRING_NUM, 0, kSizes[variant]),
             attacker.peer().tellU64(Request::SET_FEATURES, kModern)}) {
         if (told != Told::Accepted) {
           return told;
         }
       }
       return attacker.startBroken(0, attacker.peer().addressOf(0));
     },
     4},
    {"a packed ring's positions under a ring that is split again", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       for (const Told told : {attacker.peer().tellU64(Request::SET_FEATURES, kPacked),
                               attacker.peer().tellState(Request::SET_VRING_BASE, 0, UINT32_MAX),
                               attacker.peer().tellU64(Request::SET_FEATURES, kModern)}) {
         if (told != Told::Accepted) {
           return told;
         }
       }
       return attacker.startAt(attacker.peer().addressOf(0));
     }},
    {"a split ring from a packed ring's positions", kRefused, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<std::uint32_t, 3> kBases = {0x1'0000, kFirstBase, UINT32_MAX};
       return attacker.peer().tellState(Request::SET_VRING_BASE, 0, kBases[variant]);
     },
     3},
    {"rings that become packed while one of them runs", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return attacker.peer().tellU64(Request::SET_FEATURES, kPacked);
     }},
});

} // namespace

std::vector<MessageCase> packedMessageCases() { return {kPackedCases.begin(), kPackedCases.end()}; }

} // namespace argon::hostile
