// SPDX-License-Identifier: Apache-2.0

// The catalog's messages that are well-formed and mean something impossible, or come at a moment
// when they cannot be.

#include "base/result.h"
#include "frontend/channel.h"
#include "hostile/attacker.h"
#include "hostile/message_catalog.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::hostile {

namespace {

namespace spec = vhost_user::spec;
using spec::Request;
using test::bytesOf;
using test::Told;

constexpr auto kAccepted = Told::Accepted;
constexpr auto kRefused = Told::Refused;
constexpr auto kHungUp = Told::HungUp;

// Indexes that no ring of a device with one ring has.
constexpr std::array<std::uint32_t, 7> kNoRings = {1,      2,           255,        256,
                                                   0xffff, 0x0001'0000, 0xffff'ffff};

constexpr auto kRingCases = std::to_array<MessageCase>({
    {"a size, base or enable of a ring that is not there", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 3> kRequests = {
           Request::SET_VRING_NUM, Request::SET_VRING_BASE, Request::SET_VRING_ENABLE};
       return attacker.peer().tellState(kRequests[variant % 3], kNoRings[variant / 3], 1);
     },
     3 * kNoRings.size()},
    {"addresses of a ring that is not there", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       spec::VringAddress address = attacker.peer().addressOf(0);
       address.index = kNoRings[variant];
       return attacker.peer().tell(Request::SET_VRING_ADDR, bytesOf(address));
     },
     kNoRings.size()},
    {"the base of a ring that is not there", kHungUp, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const spec::VringState state{.index = kNoRings[variant], .num = 0};
       return attacker.sendAndProbe(Attacker::headerOf(Request::GET_VRING_BASE, sizeof state),
                                    bytesOf(state));
     },
     kNoRings.size()},
    {"a descriptor for a ring that is not there", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       // The last two are ring 0 to whoever looks at 8 or 32 bits.
       constexpr std::array<std::uint64_t, 5> kValues = {1, 2, 255, 0x200, std::uint64_t{1} << 32};
       return attacker.peer().tellFd(Request::SET_VRING_KICK, kValues[variant],
                                     attacker.peer().kick());
     },
     5},
    {"a size that no ring can have", kRefused, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<std::uint32_t, 6> kSizes = {0,           32769,       65535,
                                                        0x0001'0000, 0x0001'0010, UINT32_MAX};
       return attacker.peer().tellState(Request::SET_VRING_NUM, 0, kSizes[variant]);
     },
     6},
    {"the largest and the smallest size, on a ring whose memory is too short or just enough",
     kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       const std::uint32_t size = variant == 0 ? 1 : 32768;
       if (const Told told = attacker.peer().tellState(Request::SET_VRING_NUM, 0, size);
           told != Told::Accepted) {
         return told;
       }
       return attacker.startAt(attacker.peer().addressOf(0));
     },
     2},
    {"another size while the ring runs", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.peer().tellState(Request::SET_VRING_NUM, 0, variant == 0 ? 8 : 32768);
     },
     2},
    {"a base while the ring runs", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return attacker.peer().tellState(Request::SET_VRING_BASE, 0, 5);
     }},
    {"other addresses while the ring runs", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       spec::VringAddress address = attacker.peer().addressOf(0);
       (variant == 0   ? address.descriptor
        : variant == 1 ? address.used
                       : address.available) += 0x800;
       return attacker.peer().tell(Request::SET_VRING_ADDR, bytesOf(address));
     },
     3},
    {"a base beyond 32 bits of ring state", kRefused, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return attacker.peer().tellState(Request::SET_VRING_BASE, 0, UINT32_MAX);
     }},
    {"an enable of 2 and of 2^32 - 1", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.peer().tellState(Request::SET_VRING_ENABLE, 0,
                                        variant == 0 ? 2 : UINT32_MAX);
     },
     2},
    {"addresses before there is memory", kAccepted, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       if (attacker.peer().configureRing(0) != Told::Accepted) {
         return Told::Failed;
       }
       return attacker.startAt(attacker.peer().addressOf(0));
     }},
    {"a kick before there are addresses or memory", kAccepted, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       if (attacker.peer().tellFd(Request::SET_VRING_KICK, 0, attacker.peer().kick()) !=
           Told::Accepted) {
         return Told::Failed;
       }
       return attacker.peer().tellState(Request::SET_VRING_ENABLE, 0, 1);
     }},
    {"a ring outside memory, at its very end, or around 2^64", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       spec::VringAddress address = attacker.peer().addressOf(0);
       const RegionDescription region = attacker.region();
       const std::uint64_t end = region.frontendStart.get() + region.sizeBytes;
       const std::array<std::uint64_t, 6> places = {
           0,        region.frontendStart.get() - 16, end,
           end - 16, 0xffff'ffff'ffff'fff0,           region.guestStart.get()};
       std::uint64_t& part = variant % 3 == 0   ? address.descriptor
                             : variant % 3 == 1 ? address.used
                                                : address.available;
       part = places[variant / 3];
       return attacker.startAt(address);
     },
     18},
    {"a ring at odd addresses", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       spec::VringAddress address = attacker.peer().addressOf(0);
       (variant % 3 == 0   ? address.descriptor
        : variant % 3 == 1 ? address.used
                           : address.available) += variant < 3 ? 1 : 8;
       return attacker.startAt(address);
     },
     6},
    {"a ring whose parts lie on each other", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       spec::VringAddress address = attacker.peer().addressOf(0);
       if (variant != 1) {
         address.used = address.descriptor;
       }
       if (variant != 0) {
         address.available = address.descriptor;
       }
       return attacker.startAt(address);
     },
     3},
    {"two rings' worth of messages to stop a ring that never ran", kAccepted, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const bool isBase = attacker.peer().getBase(0) == 0 && attacker.peer().getBase(0) == 0;
       return isBase ? attacker.peer().tellState(Request::SET_VRING_ENABLE, 0, 0) : Told::Failed;
     }},
    {"a ring that is enabled and disabled over and over", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       for (std::uint32_t round = 0; round < 50; ++round) {
         if (attacker.peer().tellState(Request::SET_VRING_ENABLE, 0, round % 2) != Told::Accepted) {
           return Told::Failed;
         }
       }
       return attacker.probe();
     }},
    {"a kick descriptor renewed over and over", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       for (std::uint32_t round = 0; round < 50; ++round) {
         if (attacker.peer().tellFd(Request::SET_VRING_KICK, 0, attacker.peer().kick()) !=
             Told::Accepted) {
           return Told::Failed;
         }
       }
       return attacker.probe();
     }},
});

RegionDescription with(RegionDescription region, std::uint64_t guest, std::uint64_t size,
                       std::uint64_t frontend, std::uint64_t offset) {
  region.guestStart = GuestAddress(guest);
  region.sizeBytes = size;
  region.frontendStart = FrontendAddress(frontend);
  region.fileOffsetBytes = offset;
  return region;
}

// Regions that make no sense, each in one way.
RegionDescription badRegion(const RegionDescription& good, std::uint32_t variant) {
  const std::uint64_t guest = good.guestStart.get();
  const std::uint64_t frontend = good.frontendStart.get();
  const std::uint64_t size = good.sizeBytes;
  switch (variant) {
  case 0:
    return with(good, guest, 0, frontend, 0);
  case 1:
    return with(good, guest, size + 1, frontend, 0);
  case 2:
    return with(good, guest, size, frontend, 1);
  case 3: // The sum of offset and size wraps to less than the file.
    return with(good, guest, size, frontend, UINT64_MAX - size + 1);
  case 4:
    return with(good, guest, UINT64_MAX - 4096, frontend, 8192);
  case 5:
    return with(good, guest, 4096, frontend, UINT64_MAX - 4095);
  case 6:
    return with(good, UINT64_MAX - 4095, 4097, frontend, 0);
  case 7:
    return with(good, guest, 4097, UINT64_MAX - 4095, 0);
  case 8:
    return with(good, guest, UINT64_MAX, frontend, 0);
  case 9:
    return with(good, guest, std::uint64_t{1} << 63, frontend, std::uint64_t{1} << 63);
  case 10:
    return with(good, guest, 4096, frontend, size);
  default:
    return with(good, guest, size, frontend, std::uint64_t{1} << 40);
  }
}
constexpr std::uint32_t kBadRegionCount = 12;

// A table's header, and bytes that are not as many regions as it says.
Told tellRawTable(Attacker& attacker, std::uint32_t regionCount, std::size_t regionBytes) {
  std::vector<std::byte> payload(sizeof(spec::MemoryTableHeader) + regionBytes);
  std::memcpy(payload.data(), &regionCount, sizeof regionCount);
  const int fd = attacker.peer().arena().fd();
  return attacker.peer().tell(Request::SET_MEM_TABLE, payload, std::span(&fd, 1));
}

constexpr auto kMemoryCases = std::to_array<MessageCase>({
    {"a memory table of a region that makes no sense", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const RegionDescription region = badRegion(attacker.region(), variant);
       return attacker.tellTable(std::span(&region, 1));
     },
     kBadRegionCount},
    {"one region more that makes no sense", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.addRegion(badRegion(attacker.region(), variant));
     },
     kBadRegionCount},
    {"a good region and one that overlaps it, in either kind of address", kRefused,
     Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const RegionDescription good = attacker.region();
       const std::uint64_t last = good.sizeBytes - 1;
       const std::array<RegionDescription, 2> regions = {
           good, variant == 0 ? with(good, good.guestStart.get() + last, 4096,
                                     good.frontendStart.get() + (1U << 30), 0)
                              : with(good, good.guestStart.get() + (1U << 30), 4096,
                                     good.frontendStart.get() + last, 0)};
       return attacker.tellTable(regions);
     },
     2},
    {"the same region twice", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return attacker.addRegion(attacker.region());
     }},
    {"a region count that is not the table's", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<std::uint32_t, 6> kCounts = {0,           2,        9,
                                                         0x0800'0001, 1U << 31, UINT32_MAX};
       return tellRawTable(attacker, kCounts[variant], sizeof(spec::MemoryRegion));
     },
     6},
    {"a table that ends within a region", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       return tellRawTable(attacker, 1, variant == 0 ? 0 : sizeof(spec::MemoryRegion) - variant);
     },
     32},
    {"a table of nine regions", kHungUp, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const std::vector<RegionDescription> regions(9, attacker.region());
       const std::vector<std::byte> payload = test::memoryTablePayload(regions);
       const std::vector<int> fds(8, attacker.peer().arena().fd());
       return attacker.sendAndProbe(Attacker::headerOf(Request::SET_MEM_TABLE, payload.size()),
                                    payload, fds);
     }},
    {"regions without end, until there may be no more", kRefused, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       Told told = Told::Accepted;
       for (std::uint64_t count = 0; told == Told::Accepted && count < 1000; ++count) {
         const std::uint64_t place = count << 20;
         told = attacker.addRegion(with(attacker.region(), place, 4096, place, 0));
       }
       return told;
     }},
    {"a region that is not there is removed", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       RegionDescription region = attacker.region();
       if (variant == 0) {
         region.guestStart = GuestAddress(region.guestStart.get() + 1);
       } else if (variant == 1) {
         region.sizeBytes -= 1;
       } else {
         region.frontendStart = FrontendAddress(0);
       }
       return attacker.removeRegion(region);
     },
     3},
    {"a region is removed twice, under a ring that runs", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const Told first = attacker.removeRegion(attacker.region());
       return first == Told::Accepted ? attacker.removeRegion(attacker.region()) : Told::Failed;
     }},
    {"memory tables over and over, under a ring that runs", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       for (int round = 0; round < 50; ++round) {
         if (attacker.peer().setMemTable() != Told::Accepted) {
           return Told::Failed;
         }
       }
       return attacker.probe();
     }},
    {"a memory table of nothing, under a ring that runs", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) { return attacker.tellTable({}); }},
    {"a region of 512 TiB of a file that small", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return attacker.addRegion(with(attacker.region(), 0, std::uint64_t{1} << 49, 0, 0));
     }},
});

// A payload of the configuration messages.
std::vector<std::byte> configPayload(std::uint32_t offset, std::uint32_t size,
                                     std::size_t dataBytes) {
  const spec::ConfigHeader header{.offset = offset, .size = size, .flags = 0};
  std::vector<std::byte> payload(sizeof header + dataBytes);
  std::memcpy(payload.data(), &header, sizeof header);
  return payload;
}

// Offset, size and bytes that follow: beyond the space, or not what the message says.
struct BadConfig {
  std::uint32_t offset;
  std::uint32_t size;
  std::size_t dataBytes;
};
constexpr std::array<BadConfig, 9> kBadConfigs = {
    {{.offset = 257, .size = 0, .dataBytes = 0},
     {.offset = 256, .size = 1, .dataBytes = 1},
     {.offset = 0, .size = 257, .dataBytes = 256},
     {.offset = 0, .size = 8, .dataBytes = 4},
     {.offset = 0, .size = 4, .dataBytes = 8},
     {.offset = UINT32_MAX, .size = 1, .dataBytes = 1},
     {.offset = UINT32_MAX - 3, .size = 8, .dataBytes = 8},
     {.offset = 1, .size = UINT32_MAX, .dataBytes = 256},
     {.offset = 8, .size = 0xffff'fff8, .dataBytes = 0}}};

constexpr auto kDeviceCases = std::to_array<MessageCase>({
    {"a configuration write beyond the space or of another size than it says", kRefused,
     Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const BadConfig& bad = kBadConfigs[variant];
       return attacker.peer().tell(Request::SET_CONFIG,
                                   configPayload(bad.offset, bad.size, bad.dataBytes));
     },
     kBadConfigs.size()},
    {"a configuration write of what is read-only", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       // The capacity, byte by byte.
       return attacker.peer().tell(Request::SET_CONFIG, configPayload(variant, 1, 1));
     },
     8},
    {"a configuration read beyond the space is answered with nothing", kAccepted,
     Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const BadConfig& bad = kBadConfigs[variant];
       const Result<frontend::Answer> answer = attacker.channel().ask(
           Request::GET_CONFIG, configPayload(bad.offset, bad.size, bad.dataBytes));
       return answer && answer->payload.empty() ? attacker.probe() : Told::Failed;
     },
     kBadConfigs.size()},
    {"features that were not offered", kRefused, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const auto offered = attacker.peer().askU64(Request::GET_FEATURES);
       if (!offered || ((*offered >> variant) & 1) != 0) {
         return offered ? Told::Refused : Told::Failed;
       }
       return attacker.peer().tellU64(Request::SET_FEATURES,
                                      *offered | (std::uint64_t{1} << variant));
     },
     64},
    {"protocol features that were not offered", kRefused, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const auto offered = attacker.peer().askU64(Request::GET_PROTOCOL_FEATURES);
       if (!offered || ((*offered >> variant) & 1) != 0) {
         return offered ? Told::Refused : Told::Failed;
       }
       return attacker.peer().tellU64(Request::SET_PROTOCOL_FEATURES,
                                      *offered | (std::uint64_t{1} << variant));
     },
     64},
    {"other features while a ring runs", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.peer().tellU64(
           Request::SET_FEATURES, variant == 0 ? 0 : std::uint64_t{1} << virtio::spec::F_VERSION_1);
     },
     2},
    {"a ring of a driver that is not modern", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const std::uint64_t features = std::uint64_t{1} << spec::F_PROTOCOL_FEATURES;
       const Told told = attacker.peer().tellU64(Request::SET_FEATURES, features);
       return told == Told::Accepted ? attacker.startAt(attacker.peer().addressOf(0)) : told;
     }},
    {"a message of a protocol feature that was not agreed on", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 4> kRequests = {Request::GET_QUEUE_NUM,
                                                     Request::GET_MAX_MEM_SLOTS,
                                                     Request::GET_CONFIG, Request::SET_CONFIG};
       const std::vector<std::byte> payload =
           variant < 2 ? std::vector<std::byte>() : configPayload(0, 8, 8);
       return attacker.sendAndProbe(Attacker::headerOf(kRequests[variant], payload.size()),
                                    payload);
     },
     4},
    {"a translation of addresses, which was not agreed on", kHungUp, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const spec::IotlbMessage message{};
       return attacker.sendAndProbe(Attacker::headerOf(Request::IOTLB_MSG, sizeof message),
                                    bytesOf(message));
     }},
    {"a log descriptor that nobody asked for", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return attacker.peer().tellFd(Request::SET_LOG_FD, 0, attacker.peer().kick());
     }},
    {"owners who come twice and are reset under a ring that runs", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       for (const Request request :
            {Request::SET_OWNER, Request::SET_OWNER, Request::RESET_OWNER, Request::RESET_OWNER}) {
         if (attacker.peer().tell(request, {}) != Told::Accepted) {
           return Told::Failed;
         }
       }
       return attacker.probe();
     }},
});

} // namespace

std::vector<MessageCase> stateMessageCases() {
  std::vector<MessageCase> all;
  for (const std::span<const MessageCase> group :
       {std::span<const MessageCase>(kRingCases), std::span<const MessageCase>(kMemoryCases),
        std::span<const MessageCase>(kDeviceCases)}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

} // namespace argon::hostile
