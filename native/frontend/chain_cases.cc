// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_cases.h"

#include "frontend/chain_scene.h"
#include "memory/guest_address.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::frontend {

namespace blk = virtio::spec::blk;

namespace {

constexpr unsigned kNext = virtio::spec::DESC_F_NEXT;
constexpr unsigned kWrite = virtio::spec::DESC_F_WRITE;
constexpr unsigned kIndirect = virtio::spec::DESC_F_INDIRECT;

// Part of a part.
ScenePart slice(ScenePart part, std::uint32_t from, std::uint32_t lengthBytes) {
  return {.address = GuestAddress(part.address.get() + from), .lengthBytes = lengthBytes};
}

ScenePart at(std::uint64_t address, std::uint32_t lengthBytes) {
  return {.address = GuestAddress(address), .lengthBytes = lengthBytes};
}

// The ordinary read: header, data, status.
void putGood(ChainScene& scene) {
  scene.put(0, scene.header(), kNext);
  scene.put(1, scene.data(), kNext | kWrite);
  scene.put(2, scene.status(), kWrite);
}

// The same with another middle.
void putWithData(ChainScene& scene, ScenePart data, unsigned flags) {
  scene.put(0, scene.header(), kNext);
  scene.put(1, data, kNext | flags);
  scene.put(2, scene.status(), kWrite);
}

void putGoodIndirect(ChainScene& scene) {
  scene.putIndirect(0, scene.header(), kNext);
  scene.putIndirect(1, scene.data(), kNext | kWrite);
  scene.putIndirect(2, scene.status(), kWrite);
}

ScenePart tableOf(const ChainScene& scene, std::uint32_t entryCount) {
  return slice(scene.table(), 0,
               entryCount * static_cast<std::uint32_t>(sizeof(virtio::spec::Descriptor)));
}

constexpr auto kServed = ChainOutcome::Served;
constexpr auto kRefused = ChainOutcome::Refused;
constexpr auto kReturned = ChainOutcome::Returned;
constexpr auto kBroken = ChainOutcome::RingBroken;

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
});

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
});

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
});

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
});

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
       scene.setRequest(blk::T_IN, scene.session().config().capacity.get());
       putGood(scene);
       scene.offer(0);
     }},
    {"a read that ends one sector behind the last", kRefused,
     [](ChainScene& scene) {
       scene.setRequest(blk::T_IN, scene.session().config().capacity.get() - 7);
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
});

template <std::size_t... Sizes>
constexpr auto joinCases(const std::array<ChainCase, Sizes>&... groups) {
  std::array<ChainCase, (Sizes + ...)> all{};
  std::size_t count = 0;
  const auto append = [&all, &count](const auto& group) {
    for (const ChainCase& chainCase : group) {
      all[count++] = chainCase;
    }
  };
  (append(groups), ...);
  return all;
}

constexpr auto kAllCases =
    joinCases(kFramingCases, kLinkCases, kIndirectCases, kBufferCases, kRequestCases);

} // namespace

std::span<const ChainCase> chainCases() { return kAllCases; }

} // namespace argon::frontend
