// SPDX-License-Identifier: Apache-2.0

// A guest that rewrites its rings while the device works them off. Sanitizers watch the card; its
// mapping of guest memory is not the guest's, so that only what the card does to itself is a race.

#include "base/check.h"
#include "base/cpu.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "hostile/race_rig.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/shared_copy.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/random.h"
#include "support/ring_start.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;
namespace blk = spec::blk;

constexpr std::size_t kArenaBytes = kRaceArenaBytes;
constexpr std::uint16_t kQueueSize = 64;
constexpr std::size_t kTableEntryCount = 64;

// Rewrites everything a guest can: descriptors, heads, both indexes, indirect tables and headers,
// mostly with what makes sense, so that requests get far before they change.
class SplitRewriter final : public Rewriter {
public:
  SplitRewriter(frontend::Session& session, std::uint64_t seed)
      : queue_(session.queue(0)), random_(seed) {
    frontend::Arena& arena = session.arena();
    table_ = allocate(arena, kTableEntryCount * sizeof(spec::Descriptor), 16);
    header_ = allocate(arena, sizeof(blk::RequestHeader), 16);
    data_ = allocate(arena, 8192, 512);
  }

  void rewriteOne() override {
    switch (random_.below(10)) {
    case 0:
    case 1:
    case 2:
      queue_.writeDescriptor(static_cast<std::uint16_t>(random_.below(kQueueSize)), descriptor());
      break;
    case 3:
    case 4: {
      const spec::Descriptor entry = descriptor();
      std::memcpy(table_.bytes.data() + random_.below(kTableEntryCount) * sizeof entry, &entry,
                  sizeof entry);
      break;
    }
    case 5: {
      const blk::RequestHeader header{.type = static_cast<std::uint32_t>(random_.below(16)),
                                      .reserved = std::uint32_t{0},
                                      .sector = random_.below(4) == 0 ? random_.next()
                                                                      : random_.below(2048)};
      std::memcpy(header_.bytes.data(), &header, sizeof header);
      break;
    }
    case 6:
      rewriteAvailable();
      break;
    case 7:
      // The device's own side, which it must not believe.
      queue_.usedBytes()[random_.below(queue_.usedBytes().size())] =
          static_cast<std::byte>(random_.next());
      break;
    case 8:
      queue_.offerHead(static_cast<std::uint16_t>(random_.below(kQueueSize)));
      static_cast<void>(queue_.publish());
      break;
    default:
      offerGood();
    }
  }

private:
  // A request that means well, until the next lines are written over it.
  void offerGood() {
    const auto head = static_cast<std::uint16_t>(random_.below(kQueueSize - 3));
    const bool isWrite = random_.chance(50);
    const blk::RequestHeader header{.type = isWrite ? blk::T_OUT : blk::T_IN,
                                    .reserved = std::uint32_t{0},
                                    .sector = random_.below(2000)};
    std::memcpy(header_.bytes.data(), &header, sizeof header);
    const auto put = [this](unsigned index, GuestAddress address, std::uint32_t lengthBytes,
                            unsigned flags) {
      queue_.writeDescriptor(static_cast<std::uint16_t>(index),
                             {.addr = address.get(),
                              .len = lengthBytes,
                              .flags = static_cast<std::uint16_t>(flags),
                              .next = static_cast<std::uint16_t>(index + 1)});
    };
    put(head, header_.address, sizeof header, spec::DESC_F_NEXT);
    put(head + 1U, data_.address, 4096,
        spec::DESC_F_NEXT | (isWrite ? 0U : unsigned{spec::DESC_F_WRITE}));
    put(head + 2U, GuestAddress(data_.address.get() + 4096), 1, spec::DESC_F_WRITE);
    queue_.offerHead(head);
    static_cast<void>(queue_.publish());
  }

  void rewriteAvailable() {
    if (random_.chance(98)) {
      // A head of an entry that the device may be about to take.
      const std::span<std::byte> ring = queue_.availableBytes();
      const std::size_t place = spec::kAvailRingOffset + 2 * random_.below(kQueueSize);
      sharedU16(ring.data() + place)
          .store(
              static_cast<std::uint16_t>(random_.below(kQueueSize + (random_.chance(1) ? 1 : 0))),
              std::memory_order_relaxed);
    } else {
      queue_.setAvailableIndex(static_cast<std::uint16_t>(random_.next()));
    }
  }

  spec::Descriptor descriptor() {
    constexpr std::array<std::uint32_t, 8> kLengths = {1, 16, 512, 4096, 0, 17, 1024, UINT32_MAX};
    const std::array<std::uint64_t, 6> places = {
        header_.address.get(), header_.address.get(),
        data_.address.get(),   data_.address.get() + random_.below(4096),
        table_.address.get(),  random_.number()};
    const bool isIndirect = random_.chance(15);
    return {.addr = isIndirect ? table_.address.get() : places[random_.below(places.size())],
            .len = isIndirect ? static_cast<std::uint32_t>(16 * random_.below(kTableEntryCount + 1))
                              : kLengths[random_.below(kLengths.size())],
            .flags = static_cast<std::uint16_t>(isIndirect ? unsigned{spec::DESC_F_INDIRECT}
                                                           : random_.below(4)),
            .next = static_cast<std::uint16_t>(random_.below(kQueueSize))};
  }

  frontend::DriverQueue& queue_;
  test::Random random_;
  frontend::ArenaBlock table_{};
  frontend::ArenaBlock header_{};
  frontend::ArenaBlock data_{};
};

std::unique_ptr<Rewriter> makeSplitRewriter(frontend::Session& session, std::uint64_t seed) {
  return std::make_unique<SplitRewriter>(session, seed);
}

// Reads chains of a ring whose first descriptor another thread flips between a buffer that is in
// memory and one that is far too long, and looks at what it was given.
class FlippedRing {
public:
  FlippedRing() {
    Result<std::unique_ptr<frontend::Arena>> arena =
        frontend::Arena::create({.sizeBytes = kArenaBytes});
    REQUIRE_OK(arena);
    arena_ = *std::move(arena);
    Result<frontend::DriverQueue> queue =
        frontend::DriverQueue::create(*arena_, {.size = kQueueSize, .hasEventIdx = false});
    REQUIRE_OK(queue);
    queue_.emplace(*std::move(queue));
    memory_ = test::mapArena(*arena_);
    flip(kGoodBytes);
    flipper_ = startThread("flipper", [this] {
      while (!isOver_.load()) {
        flip(kBadBytes);
        flip(kGoodBytes);
      }
    });
  }
  FlippedRing(const FlippedRing&) = delete;
  FlippedRing& operator=(const FlippedRing&) = delete;
  ~FlippedRing() {
    isOver_.store(true);
    flipper_.join();
  }

  // How the bytes of a chain are come by: the length that the device would use.
  using Reader = std::uint64_t (*)(const FlippedRing& ring, const virtio::SplitQueue& queue);

  /// True if the reader gives a length, of many, that is not in memory.
  [[nodiscard]] bool catches(Reader reader, unsigned roundCount) const {
    const Result<virtio::SplitQueue> queue = virtio::SplitQueue::create(
        {.descriptors =
             partAt(queue_->descriptorsAddress(), spec::descriptorTableBytes(kQueueSize)),
         .available = partAt(queue_->availableAddress(), spec::availRingBytes(kQueueSize)),
         .used = partAt(queue_->usedAddress(), spec::usedRingBytes(kQueueSize))},
        {.size = kQueueSize});
    REQUIRE_OK(queue);
    for (unsigned round = 0; round < roundCount; ++round) {
      if (reader(*this, *queue) > kArenaBytes) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] const GuestMemory& memory() const { return *memory_; }

private:
  static constexpr std::uint32_t kGoodBytes = 512;
  static constexpr std::uint32_t kBadBytes = UINT32_MAX;

  // In the device's mapping.
  [[nodiscard]] std::span<std::byte> partAt(GuestAddress address, std::size_t sizeBytes) const {
    const std::optional<std::span<std::byte>> bytes = memory_->contiguous(address, sizeBytes);
    REQUIRE(bytes.has_value());
    return *bytes;
  }

  void flip(std::uint32_t lengthBytes) {
    queue_->writeDescriptor(0, {.addr = arena_->startAddress().get(),
                                .len = lengthBytes,
                                .flags = std::uint16_t{0},
                                .next = std::uint16_t{0}});
    // Each state is written, not only the last one.
    forgetMemory();
  }

  std::unique_ptr<frontend::Arena> arena_;
  std::optional<frontend::DriverQueue> queue_;
  std::shared_ptr<const GuestMemory> memory_;
  std::atomic<bool> isOver_ = false;
  std::jthread flipper_;
};

std::uint64_t readAsTheDeviceDoes(const FlippedRing& ring, const virtio::SplitQueue& queue) {
  std::array<iovec, 4> segments{};
  const virtio::Chain chain = virtio::readChain(queue, ring.memory(), 0, {}, segments);
  std::uint64_t bytes = 0;
  for (const iovec& segment : chain.readable) {
    bytes += segment.iov_len;
  }
  ARGON_CHECK_EQ(bytes, chain.readableBytes);
  return bytes;
}

std::uint64_t readTwice(const FlippedRing& ring, const virtio::SplitQueue& queue) {
  const spec::Descriptor checked = queue.fetchDescriptor(0);
  const GuestAddress address(checked.addr.get());
  return ring.memory().contains(address, checked.len.get()) ? queue.fetchDescriptor(0).len.get()
                                                            : 0;
}

} // namespace

TEST_CASE("a descriptor that changes while it is read is read as one or the other") {
  const FlippedRing ring;

  CHECK_FALSE(ring.catches(readAsTheDeviceDoes, static_cast<unsigned>(test::rounds(2'000'000))));
}

TEST_CASE("a reader that goes back for what it has checked is caught by the same ring") {
  const FlippedRing ring;
  const test::Deadline deadline;
  bool isCaught = false;
  while (!isCaught && !deadline.isOver()) {
    isCaught = ring.catches(readTwice, 100'000);
  }

  CHECK(isCaught);
}

TEST_CASE("a guest that rewrites its rings under the device breaks nothing but its ring") {
  raceOver(test::makeMemoryStore(kRaceDeviceBytes), {.queueSize = kQueueSize}, makeSplitRewriter);
}

TEST_CASE("the same over an encrypted volume, whose data is encrypted from guest memory") {
  raceOver(makeEncryptedStore(), {.queueSize = kQueueSize}, makeSplitRewriter);
}

} // namespace argon::hostile
