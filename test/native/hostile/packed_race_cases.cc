// SPDX-License-Identifier: Apache-2.0

// A guest that rewrites a packed ring while the device works it off: both sides write into the same
// entries, so that here the device reads what it wrote itself, and what the guest made of it.

#include "frontend/arena.h"
#include "frontend/packed_driver_queue.h"
#include "frontend/session.h"
#include "hostile/race_rig.h"
#include "memory/guest_address.h"
#include "memory/shared_copy.h"
#include "support/backend.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;
namespace blk = spec::blk;

// So few that the guest often hits the entry that the device is at.
constexpr std::uint16_t kQueueSize = 12;
constexpr std::size_t kTableEntryCount = 64;

class PackedRewriter final : public Rewriter {
public:
  PackedRewriter(frontend::Session& session, std::uint64_t seed)
      : queue_(static_cast<frontend::PackedDriverQueue&>(session.ring(0))), random_(seed) {
    frontend::Arena& arena = session.arena();
    table_ = allocate(arena, kTableEntryCount * sizeof(spec::PackedDescriptor), 16);
    header_ = allocate(arena, sizeof(blk::RequestHeader), 16);
    data_ = allocate(arena, 8192, 512);
    const auto partAt = [&arena](GuestAddress address, std::size_t sizeBytes) {
      return arena.bytes().subspan(
          static_cast<std::size_t>(address.get() - arena.startAddress().get()), sizeBytes);
    };
    ring_ = partAt(queue_.descriptorsAddress(), spec::descriptorRingBytes(kQueueSize));
    driverEvent_ = partAt(queue_.availableAddress(), spec::kEventSuppressionBytes);
    deviceEvent_ = partAt(queue_.usedAddress(), spec::kEventSuppressionBytes);
  }

  void onReset() override { next_ = {}; }

  void rewriteOne() override {
    switch (random_.below(12)) {
    case 0:
    case 1:
      queue_.writeDescriptor(anyIndex(), descriptor(ownerBits()));
      break;
    case 2: {
      const spec::PackedDescriptor entry = descriptor(0);
      std::memcpy(table_.bytes.data() + random_.below(kTableEntryCount) * sizeof entry, &entry,
                  sizeof entry);
      break;
    }
    case 3:
      writeHeader(static_cast<std::uint32_t>(random_.below(16)),
                  random_.chance(25) ? random_.next() : random_.below(2048));
      break;
    case 4:
    case 5: {
      // Whose the entry is, and whether the chain goes on, while the device may be reading it.
      const std::size_t place =
          anyIndex() * sizeof(spec::PackedDescriptor) + spec::kPackedFlagsOffset;
      sharedU16(ring_.data() + place)
          .fetch_xor(static_cast<std::uint16_t>(random_.next() & kFlippedFlags),
                     std::memory_order_relaxed);
      break;
    }
    case 6:
      driverEvent_[random_.below(driverEvent_.size())] = static_cast<std::byte>(random_.next());
      break;
    case 7:
      // The device's own side, which it must not believe.
      deviceEvent_[random_.below(deviceEvent_.size())] = static_cast<std::byte>(random_.next());
      break;
    case 8:
      // Where the device is, for all that the guest knows.
      next_ = {.index = anyIndex(), .wrap = random_.chance(50)};
      break;
    default:
      offerGood();
    }
  }

private:
  static constexpr unsigned kFlippedFlags =
      spec::DESC_F_NEXT | spec::DESC_F_WRITE | spec::DESC_F_AVAIL | spec::DESC_F_USED;

  std::uint16_t anyIndex() { return static_cast<std::uint16_t>(random_.below(kQueueSize)); }
  unsigned ownerBits() {
    return random_.chance(50) ? unsigned{spec::DESC_F_AVAIL} : unsigned{spec::DESC_F_USED};
  }

  void writeHeader(std::uint32_t type, std::uint64_t sector) {
    const blk::RequestHeader header{.type = type, .reserved = std::uint32_t{0}, .sector = sector};
    std::memcpy(header_.bytes.data(), &header, sizeof header);
  }

  // A request that means well, until something is written over it.
  void offerGood() {
    const bool isWrite = random_.chance(50);
    writeHeader(isWrite ? blk::T_OUT : blk::T_IN, random_.below(2000));
    const auto id =
        static_cast<std::uint16_t>(random_.below(kQueueSize + (random_.chance(1) ? 1 : 0)));
    const auto put = [this, id](std::uint16_t count, GuestAddress address,
                                std::uint32_t lengthBytes, unsigned flags) {
      const virtio::PackedPosition place = next_.after(count, kQueueSize);
      const unsigned owner = place.wrap ? spec::DESC_F_AVAIL : spec::DESC_F_USED;
      queue_.writeDescriptor(place.index, {.addr = address.get(),
                                           .len = lengthBytes,
                                           .id = id,
                                           .flags = static_cast<std::uint16_t>(flags | owner)});
    };
    // The first one last, as a driver has it.
    put(2, GuestAddress(data_.address.get() + 4096), 1, spec::DESC_F_WRITE);
    put(1, data_.address, 4096, spec::DESC_F_NEXT | (isWrite ? 0U : unsigned{spec::DESC_F_WRITE}));
    put(0, header_.address, sizeof(blk::RequestHeader), spec::DESC_F_NEXT);
    next_ = next_.after(3, kQueueSize);
  }

  spec::PackedDescriptor descriptor(unsigned owner) {
    constexpr std::array<std::uint32_t, 8> kLengths = {1, 16, 512, 4096, 0, 17, 1024, UINT32_MAX};
    const std::array<std::uint64_t, 5> places = {header_.address.get(), data_.address.get(),
                                                 data_.address.get() + random_.below(4096),
                                                 table_.address.get(), random_.number()};
    const bool isIndirect = random_.chance(15);
    return {.addr = isIndirect ? table_.address.get() : places[random_.below(places.size())],
            .len = isIndirect ? static_cast<std::uint32_t>(16 * random_.below(kTableEntryCount + 1))
                              : kLengths[random_.below(kLengths.size())],
            .id = anyIndex(),
            .flags = static_cast<std::uint16_t>(
                owner | (isIndirect ? unsigned{spec::DESC_F_INDIRECT} : random_.below(4)))};
  }

  frontend::PackedDriverQueue& queue_;
  test::Random random_;
  frontend::ArenaBlock table_{};
  frontend::ArenaBlock header_{};
  frontend::ArenaBlock data_{};
  std::span<std::byte> ring_;
  std::span<std::byte> driverEvent_;
  std::span<std::byte> deviceEvent_;
  virtio::PackedPosition next_{};
};

std::unique_ptr<Rewriter> makePackedRewriter(frontend::Session& session, std::uint64_t seed) {
  return std::make_unique<PackedRewriter>(session, seed);
}

constexpr auto kPacked = frontend::Session::RingKind::Packed;

} // namespace

TEST_CASE("a guest that rewrites its packed ring under the device breaks nothing but its ring") {
  raceOver(test::makeMemoryStore(kRaceDeviceBytes), {.queueSize = kQueueSize, .ringKind = kPacked},
           makePackedRewriter);
}

TEST_CASE("the same over an encrypted volume, with chains that are under way for longer") {
  raceOver(makeEncryptedStore(), {.queueSize = kQueueSize, .ringKind = kPacked},
           makePackedRewriter);
}

} // namespace argon::hostile
