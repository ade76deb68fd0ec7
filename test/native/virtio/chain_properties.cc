// SPDX-License-Identifier: Apache-2.0

// Random chains against an oracle that first lists a chain's entries and then judges them, and
// chains that a guest changes while they are read.

#include "base/clock.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "support/deadline.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/chain_scene.h"
#include "virtio/spec/ring.h"

#include <signal.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace argon::virtio {

namespace {

using test::ChainScene;
using test::Descriptor;
using test::DescriptorText;

constexpr std::uint16_t kQueueSize = 16;
constexpr std::uint64_t kTables = ChainScene::kIsland;
// Some hundred thousand chains; arbitrary.
constexpr std::uint64_t kRaceNs = 300'000'000;

// Addresses that are good, at borders, bad and absurd, in about that order of likelihood.
std::uint64_t randomAddress(test::Random& random) {
  switch (random.below(10)) {
  case 0:
    return random.next();
  case 1:
    return ChainScene::kBorder - random.below(64);
  case 2:
    return ChainScene::kEnd - random.below(64);
  case 3:
    return ChainScene::kIslandEnd - random.below(64);
  default:
    return ChainScene::kStart + random.below(ChainScene::kEnd - ChainScene::kStart - 4096);
  }
}

DescriptorText randomBuffer(test::Random& random, std::uint16_t tableSize) {
  DescriptorText text;
  text.addr = randomAddress(random);
  text.len = static_cast<std::uint32_t>(random.chance(5) ? random.number() : random.below(100));
  text.flags = random.chance(30) ? spec::DESC_F_WRITE : std::uint16_t{0};
  if (random.chance(75)) {
    // Mostly within the table; a little beyond it now and then.
    text.next = static_cast<std::uint16_t>(random.below(tableSize + (random.chance(5) ? 2U : 0U)));
  }
  return text;
}

void fillScene(ChainScene& scene, test::Random& random) {
  for (std::uint16_t index = 0; index < kQueueSize; ++index) {
    DescriptorText text = randomBuffer(random, kQueueSize);
    if (random.chance(15)) {
      text.flags |= spec::DESC_F_INDIRECT;
      text.addr = kTables + random.below(8) * 256;
      text.len = static_cast<std::uint32_t>(random.chance(90) ? random.between(1, 12) * 16
                                                              : random.below(70'000));
      if (random.chance(80)) {
        text.next.reset();
      }
    }
    scene.put(index, text);
  }
  for (std::uint64_t table = 0; table < 8; ++table) {
    for (std::uint16_t index = 0; index < 16; ++index) {
      DescriptorText text = randomBuffer(random, 12);
      if (random.chance(3)) {
        text.flags |= spec::DESC_F_INDIRECT;
      }
      scene.putTableEntry(kTables + table * 256, index, text);
    }
  }
}

// What the oracle makes of a chain: bytes one by one, as the guest's addresses.
struct Expected {
  ChainFault fault = ChainFault::None;
  bool isTailKnown = false;
  /// A loop may be walked more than once before it is found; what was collected is of no matter.
  bool isLoop = false;
  std::vector<std::uint64_t> readable;
  std::vector<std::uint64_t> writable;
};

class Oracle {
public:
  explicit Oracle(const ChainScene& scene) : scene_(scene) {}

  Expected judge(std::uint16_t head) {
    const ChainFault end = listEntries(head);
    Expected expected{.isLoop = end == ChainFault::Loop};
    bool hasWritable = false;
    for (const Descriptor& entry : entries_) {
      const bool isWritable = (entry.flags.get() & spec::DESC_F_WRITE) != 0;
      ChainFault fault = ChainFault::None;
      if (entry.len.get() == 0) {
        fault = ChainFault::BufferEmpty;
      } else if (!isWritable && hasWritable) {
        fault = ChainFault::ReadableAfterWritable;
      } else if (!isInMemory(entry)) {
        fault = ChainFault::BufferOutsideMemory;
      } else {
        append(entry, isWritable ? expected.writable : expected.readable);
        hasWritable = hasWritable || isWritable;
      }
      if (isWritable) {
        expected.isTailKnown = fault == ChainFault::None;
      }
      if (expected.fault == ChainFault::None) {
        expected.fault = fault;
      }
    }
    if (end != ChainFault::None) {
      expected.isTailKnown = false;
      expected.fault = expected.fault == ChainFault::None ? end : expected.fault;
    }
    return expected;
  }

private:
  static bool has(const Descriptor& entry, std::uint16_t flag) {
    return (entry.flags.get() & flag) != 0;
  }

  // Follows a table's links; the fault that ends the walk, if one does.
  ChainFault follow(const std::vector<Descriptor>& table, std::uint16_t first, bool isIndirect) {
    std::vector<bool> isSeen(table.size());
    std::uint16_t index = first;
    while (true) {
      if (isSeen[index]) {
        return ChainFault::Loop;
      }
      isSeen[index] = true;
      const Descriptor& entry = table[index];
      if (has(entry, spec::DESC_F_INDIRECT)) {
        return isIndirect ? ChainFault::NestedIndirect : enter(entry);
      }
      entries_.push_back(entry);
      if (!has(entry, spec::DESC_F_NEXT)) {
        return ChainFault::None;
      }
      index = entry.next.get();
      if (index >= table.size()) {
        return ChainFault::NextOutOfRange;
      }
    }
  }

  ChainFault enter(const Descriptor& entry) {
    const std::uint32_t bytes = entry.len.get();
    if (has(entry, spec::DESC_F_NEXT)) {
      return ChainFault::IndirectWithNext;
    }
    if (bytes == 0 || bytes % 16 != 0 || bytes / 16 > kIndirectEntryCountMax) {
      return ChainFault::IndirectLength;
    }
    // The scene's tables lie in the last region.
    if (entry.addr.get() + bytes > ChainScene::kIslandEnd) {
      return ChainFault::IndirectOutsideMemory;
    }
    std::vector<Descriptor> table(bytes / 16);
    std::memcpy(table.data(), scene_.hostOf(entry.addr.get()), bytes);
    return follow(table, 0, true);
  }

  ChainFault listEntries(std::uint16_t head) {
    std::vector<Descriptor> table(kQueueSize);
    std::memcpy(table.data(), scene_.descriptorBytes().data(), table.size() * sizeof(Descriptor));
    return follow(table, head, false);
  }

  [[nodiscard]] bool isInMemory(const Descriptor& entry) const {
    // Region by region, a length at a time; 128 bits cannot wrap.
    const std::uint64_t start = entry.addr.get();
    const std::uint64_t length = entry.len.get();
    const auto isBetween = [start, length](std::uint64_t first, std::uint64_t end) {
      return start >= first && start <= end && length <= end - start;
    };
    return isBetween(ChainScene::kStart, ChainScene::kEnd) ||
           isBetween(ChainScene::kIsland, ChainScene::kIslandEnd);
  }

  static void append(const Descriptor& entry, std::vector<std::uint64_t>& bytes) {
    for (std::uint64_t offset = 0; offset < entry.len.get(); ++offset) {
      bytes.push_back(entry.addr.get() + offset);
    }
  }

  const ChainScene& scene_;
  std::vector<Descriptor> entries_;
};

std::vector<const std::byte*> hostsOf(const ChainScene& scene,
                                      const std::vector<std::uint64_t>& addresses) {
  std::vector<const std::byte*> hosts;
  hosts.reserve(addresses.size());
  for (const std::uint64_t address : addresses) {
    hosts.push_back(scene.hostOf(address));
  }
  return hosts;
}

std::vector<const std::byte*> hostsOf(std::span<const iovec> segments) {
  std::vector<const std::byte*> hosts;
  for (const iovec& segment : segments) {
    for (std::size_t offset = 0; offset < segment.iov_len; ++offset) {
      hosts.push_back(static_cast<const std::byte*>(segment.iov_base) + offset);
    }
  }
  return hosts;
}

bool isInRegions(const ChainScene& scene, const iovec& segment) {
  return std::ranges::any_of(scene.memory().regions(), [&segment](const auto& region) {
    const std::span<const std::byte> bytes = region->bytes();
    const auto* start = static_cast<const std::byte*>(segment.iov_base);
    return start >= bytes.data() && start < bytes.data() + bytes.size() &&
           segment.iov_len <= static_cast<std::size_t>(bytes.data() + bytes.size() - start);
  });
}

std::uint64_t bytesOf(std::span<const iovec> segments) {
  std::uint64_t bytes = 0;
  for (const iovec& segment : segments) {
    bytes += segment.iov_len;
  }
  return bytes;
}

std::vector<std::byte> tableBytes(const ChainScene& scene) {
  const std::span<const std::byte> table =
      scene.descriptorBytes().first(kQueueSize * sizeof(Descriptor));
  return {table.begin(), table.end()};
}

// In a child: writes random descriptors over the ring and the tables until it is killed.
[[noreturn]] void beRacingGuest(std::span<std::byte> ring, std::span<std::byte> island) {
  // Ends with its parent, or by itself if that forgets it.
  ::alarm(60);
  test::Random random(static_cast<std::uint64_t>(::getpid()));
  while (true) {
    const bool isRing = random.chance(50);
    const std::span<std::byte> place = isRing ? ring.first(kQueueSize * 16) : island.first(2048);
    const DescriptorText text = randomBuffer(random, isRing ? kQueueSize : 12);
    Descriptor descriptor = text.get();
    if (random.chance(30)) {
      descriptor = {.addr = kTables + random.below(8) * 256,
                    .len = static_cast<std::uint32_t>(random.below(12) * 16),
                    .flags = spec::DESC_F_INDIRECT,
                    .next = std::uint16_t{0}};
    }
    std::memcpy(place.data() + random.below(place.size() / 16) * 16, &descriptor, 16);
  }
}

class RacingGuest {
public:
  explicit RacingGuest(const ChainScene& scene) {
    // A child does not have the regions; it maps the last one for itself.
    Result<MappedRegion> island =
        MappedRegion::mapShared(scene.islandFile().get(), 0, 4096, MappedRegion::Access::ReadWrite);
    REQUIRE_OK(island);
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      beRacingGuest(scene.descriptorBytes(), island->bytes());
    }
  }
  RacingGuest(const RacingGuest&) = delete;
  RacingGuest& operator=(const RacingGuest&) = delete;
  ~RacingGuest() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

private:
  pid_t child_ = -1;
};

} // namespace

TEST_CASE("random chains are read as an oracle reads them") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    ChainScene scene(kQueueSize);
    for (int round = 0; round < test::rounds(600); ++round) {
      CAPTURE(round);
      fillScene(scene, random);
      for (std::uint16_t head = 0; head < kQueueSize; ++head) {
        CAPTURE(head);
        const Expected expected = Oracle(scene).judge(head);
        const Chain chain = scene.read(head);
        if (expected.isLoop) {
          REQUIRE(chain.fault != ChainFault::None);
          REQUIRE_FALSE(chain.isTailKnown);
          continue;
        }
        REQUIRE(chainFaultName(chain.fault) == chainFaultName(expected.fault));
        REQUIRE(chain.isTailKnown == expected.isTailKnown);
        REQUIRE(chain.readableBytes == expected.readable.size());
        REQUIRE(chain.writableBytes == expected.writable.size());
        REQUIRE(hostsOf(chain.readable) == hostsOf(scene, expected.readable));
        REQUIRE(hostsOf(chain.writable) == hostsOf(scene, expected.writable));
      }
    }
  }
}

TEST_CASE("a chain that its guest changes meanwhile leads nowhere but into guest memory") {
  // A descriptor that was fetched twice would be checked with one length and used with another.
  ChainScene scene(kQueueSize);
  test::Random random(1);
  fillScene(scene, random);
  const std::vector<std::byte> before = tableBytes(scene);
  const RacingGuest guest(scene);

  std::size_t goodCount = 0;
  bool isChanged = false;
  const std::uint64_t start = monotonicNs();
  const test::Deadline deadline;
  // The guest may get its first turn late.
  const auto isOver = [&] {
    return monotonicNs() - start >= kRaceNs && ((isChanged && goodCount > 0) || deadline.isOver());
  };
  for (std::uint64_t round = 0; !isOver(); ++round) {
    if (round % 1024 == 0) {
      isChanged = isChanged || tableBytes(scene) != before;
    }
    const Chain chain = scene.read(static_cast<std::uint16_t>(round % kQueueSize));
    const auto isGood = [&scene](const iovec& segment) { return isInRegions(scene, segment); };
    REQUIRE(std::ranges::all_of(chain.readable, isGood));
    REQUIRE(std::ranges::all_of(chain.writable, isGood));
    REQUIRE(chain.readableBytes == bytesOf(chain.readable));
    REQUIRE(chain.writableBytes == bytesOf(chain.writable));
    goodCount += chain.fault == ChainFault::None ? 1U : 0U;
  }

  CHECK(goodCount > 0);
  CHECK(isChanged);
}

} // namespace argon::virtio
