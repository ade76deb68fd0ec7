// SPDX-License-Identifier: Apache-2.0

// Chains of a packed ring that no driver would make. After each a good request is served on the
// same ring, which starts anew where it broke.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/packed_driver_queue.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "memory/shared_copy.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;
using frontend::PackedDriverQueue;

constexpr std::uint16_t kSize = 16;
constexpr unsigned kNext = spec::DESC_F_NEXT;
constexpr unsigned kWrite = spec::DESC_F_WRITE;
constexpr unsigned kIndirect = spec::DESC_F_INDIRECT;
constexpr std::uint8_t kNoStatus = 0xff;

enum class Outcome : std::uint8_t { Served, Refused, Returned, Broken };

// The parts of a read of 4096 bytes, and entries that are written behind each other.
class Scene {
public:
  explicit Scene(frontend::Session& session)
      : queue_(static_cast<PackedDriverQueue&>(session.ring(0))), arena_(session.arena()),
        header_(allocate(16)), data_(allocate(4096)), status_(allocate(1)), table_(allocate(4096)) {
    const spec::blk::RequestHeader header{
        .type = spec::blk::T_IN, .reserved = std::uint32_t{0}, .sector = std::uint64_t{0}};
    std::memcpy(header_.bytes.data(), &header, sizeof header);
    status_.bytes[0] = std::byte{kNoStatus};
  }

  [[nodiscard]] std::uint64_t header() const { return header_.address.get(); }
  [[nodiscard]] std::uint64_t data() const { return data_.address.get(); }
  [[nodiscard]] std::uint64_t status() const { return status_.address.get(); }
  [[nodiscard]] std::uint64_t table() const { return table_.address.get(); }
  [[nodiscard]] std::uint64_t memoryEnd() const { return arena_.endAddress().get(); }

  void put(std::uint64_t address, std::uint32_t bytes, unsigned flags, std::uint16_t id = 0) {
    entries_.push_back(
        {.addr = address, .len = bytes, .id = id, .flags = static_cast<std::uint16_t>(flags)});
  }
  void putGood(std::uint16_t id = 0) {
    put(header(), 16, kNext, id);
    put(data(), 4096, kNext | kWrite, id);
    put(status(), 1, kWrite, id);
  }
  void putInTable(std::size_t index, std::uint64_t address, std::uint32_t bytes, unsigned flags) {
    const spec::PackedDescriptor entry{.addr = address,
                                       .len = bytes,
                                       .id = std::uint16_t{0xffff},
                                       .flags = static_cast<std::uint16_t>(flags)};
    std::memcpy(table_.bytes.data() + index * sizeof entry, &entry, sizeof entry);
  }
  void putGoodTable(unsigned flags) {
    putInTable(0, header(), 16, flags);
    putInTable(1, data(), 4096, kWrite | flags);
    putInTable(2, status(), 1, kWrite | flags);
  }

  // What was put since the last time. The first entry comes last, for the device may look at any
  // time.
  void publish() {
    for (std::size_t count = entries_.size(); count > publishedCount_; --count) {
      const virtio::PackedPosition place = positionOf(count - 1);
      spec::PackedDescriptor entry = entries_[count - 1];
      entry.flags = static_cast<std::uint16_t>(
          entry.flags.get() | (place.wrap ? spec::DESC_F_AVAIL : spec::DESC_F_USED));
      std::atomic_thread_fence(std::memory_order_release);
      queue_.writeDescriptor(place.index, entry);
    }
    publishedCount_ = entries_.size();
  }
  // Over an entry that was published.
  void overwrite(std::size_t index, const spec::PackedDescriptor& entry) {
    queue_.writeDescriptor(positionOf(index).index, entry);
  }
  [[nodiscard]] std::size_t chainCount() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(entries_, [](const spec::PackedDescriptor& entry) {
          return (entry.flags.get() & kNext) == 0;
        }));
  }
  /// Where the entry behind all that were put would be.
  [[nodiscard]] virtio::PackedPosition end() const { return positionOf(entries_.size()); }
  /// The first chain came back. The driver's ring cannot tell: it knows of no chain that it has not
  /// made itself.
  [[nodiscard]] bool isFirstUsed() const {
    const virtio::PackedPosition place = positionOf(0);
    std::byte* const entry = arena_.bytes().data() +
                             (queue_.descriptorsAddress().get() - arena_.startAddress().get()) +
                             place.index * sizeof(spec::PackedDescriptor);
    const std::uint16_t flags =
        sharedU16(entry + spec::kPackedFlagsOffset).load(std::memory_order_acquire);
    return ((flags & spec::DESC_F_AVAIL) != 0) == place.wrap &&
           ((flags & spec::DESC_F_USED) != 0) == place.wrap;
  }
  [[nodiscard]] std::uint8_t statusByte() const {
    return std::to_integer<std::uint8_t>(status_.bytes[0]);
  }

private:
  frontend::ArenaBlock allocate(std::size_t bytes) {
    Result<frontend::ArenaBlock> block = arena_.allocate(bytes, 64);
    REQUIRE_OK(block);
    return *block;
  }

  [[nodiscard]] virtio::PackedPosition positionOf(std::size_t index) const {
    return queue_.nextAvailable().after(static_cast<std::uint16_t>(index), kSize);
  }

  PackedDriverQueue& queue_;
  frontend::Arena& arena_;
  frontend::ArenaBlock header_;
  frontend::ArenaBlock data_;
  frontend::ArenaBlock status_;
  frontend::ArenaBlock table_;
  std::vector<spec::PackedDescriptor> entries_;
  std::size_t publishedCount_ = 0;
};

struct PackedCase {
  std::string_view name;
  Outcome expected;
  void (*arrange)(Scene& scene);
};

constexpr auto kCases = std::to_array<PackedCase>({
    {"a good chain", Outcome::Served, [](Scene& scene) { scene.putGood(); }},
    {"the largest id", Outcome::Served, [](Scene& scene) { scene.putGood(kSize - 1); }},
    {"an id of the ring's size", Outcome::Broken, [](Scene& scene) { scene.putGood(kSize); }},
    {"the largest id of 16 bits", Outcome::Broken, [](Scene& scene) { scene.putGood(0xffff); }},
    {"ids out of range in all but the last descriptor", Outcome::Served,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext, 0xffff);
       scene.put(scene.data(), 4096, kNext | kWrite, kSize);
       scene.put(scene.status(), 1, kWrite, 5);
     }},
    {"an id out of range in the last descriptor alone", Outcome::Broken,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext, 1);
       scene.put(scene.status(), 1, kWrite, kSize);
     }},
    {"flags that no specification has", Outcome::Served,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext | 0x7f78);
       scene.put(scene.data(), 4096, kNext | kWrite | 0x7f78);
       scene.put(scene.status(), 1, kWrite | 0x7f78);
     }},
    {"a chain of the whole ring that goes on", Outcome::Broken,
     [](Scene& scene) {
       for (std::uint16_t count = 0; count < kSize; ++count) {
         scene.put(scene.header(), 16, kNext);
       }
     }},
    {"a chain of the whole ring", Outcome::Served,
     [](Scene& scene) {
       for (std::uint16_t count = 0; count < 14; ++count) {
         scene.put(scene.header() + count, count == 13 ? 3 : 1, kNext);
       }
       scene.put(scene.data(), 4096, kNext | kWrite);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"a table in the middle of a chain", Outcome::Returned,
     [](Scene& scene) {
       scene.putGoodTable(0);
       scene.put(scene.header(), 16, kNext);
       scene.put(scene.table(), 48, kIndirect | kNext);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"a table at the end of a chain", Outcome::Returned,
     [](Scene& scene) {
       scene.putGoodTable(0);
       scene.put(scene.header(), 16, kNext);
       scene.put(scene.table(), 48, kIndirect);
     }},
    {"a table that says that more follows", Outcome::Returned,
     [](Scene& scene) {
       scene.putGoodTable(0);
       scene.put(scene.table(), 48, kIndirect | kNext);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"a table", Outcome::Served,
     [](Scene& scene) {
       scene.putGoodTable(0);
       scene.put(scene.table(), 48, kIndirect);
     }},
    {"a table whose entries have NEXT, AVAIL and USED", Outcome::Served,
     [](Scene& scene) {
       scene.putGoodTable(kNext | spec::DESC_F_AVAIL | spec::DESC_F_USED);
       scene.put(scene.table(), 48, kIndirect);
     }},
    {"a table within a table", Outcome::Returned,
     [](Scene& scene) {
       scene.putGoodTable(0);
       scene.putInTable(1, scene.table(), 48, kIndirect);
       scene.put(scene.table(), 48, kIndirect);
     }},
    {"a table of no bytes", Outcome::Returned,
     [](Scene& scene) { scene.put(scene.table(), 0, kIndirect); }},
    {"a table of 47 bytes", Outcome::Returned,
     [](Scene& scene) { scene.put(scene.table(), 47, kIndirect); }},
    {"a table of 4 GiB less 16 bytes", Outcome::Returned,
     [](Scene& scene) { scene.put(scene.table(), 0xffff'fff0, kIndirect); }},
    {"a table that ends behind memory", Outcome::Returned,
     [](Scene& scene) { scene.put(scene.memoryEnd() - 32, 48, kIndirect); }},
    {"a table whose end wraps around 2^64", Outcome::Returned,
     [](Scene& scene) { scene.put(0xffff'ffff'ffff'fff0, 48, kIndirect); }},
    {"a header and nothing more", Outcome::Returned,
     [](Scene& scene) { scene.put(scene.header(), 16, 0); }},
    {"a status that is readable", Outcome::Returned,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext);
       scene.put(scene.status(), 1, 0);
     }},
    {"a status outside memory", Outcome::Returned,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext);
       scene.put(scene.memoryEnd(), 1, kWrite);
     }},
    {"data outside memory", Outcome::Refused,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext);
       scene.put(scene.memoryEnd() - 511, 512, kNext | kWrite);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"data whose end wraps around 2^64", Outcome::Refused,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext);
       scene.put(0xffff'ffff'ffff'fe00, 4096, kNext | kWrite);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"data of no bytes", Outcome::Refused,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext);
       scene.put(scene.data(), 0, kNext | kWrite);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"a header that is writable", Outcome::Refused,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext | kWrite);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"readable data behind writable data", Outcome::Refused,
     [](Scene& scene) {
       scene.put(scene.header(), 16, kNext);
       scene.put(scene.data(), 512, kNext | kWrite);
       scene.put(scene.data() + 512, 512, kNext);
       scene.put(scene.status(), 1, kWrite);
     }},
    {"a good chain and one of an id out of range", Outcome::Broken,
     [](Scene& scene) {
       scene.putGood(1);
       scene.putGood(kSize);
     }},
    {"a good chain and one longer than the ring", Outcome::Broken,
     [](Scene& scene) {
       scene.putGood();
       for (std::uint16_t count = 3; count < kSize; ++count) {
         scene.put(scene.header(), 16, kNext, 1);
       }
     }},
});

std::uint32_t baseAt(virtio::PackedPosition position) {
  return position.bits() | std::uint32_t{position.bits()} << 16;
}

void restart(frontend::Session& session, std::uint32_t base) {
  REQUIRE(session.stopQueue(0).has_value());
  session.ring(0).reset(base);
  REQUIRE_OK(session.startQueue(0, base));
  static_cast<void>(frontend::waitForEvent(session.errFd(0), 0));
  static_cast<void>(frontend::waitForEvent(session.callFd(0), 0));
}

// A good request on a ring that was stopped.
void checkGoesOn(frontend::Session& session, std::uint32_t base) {
  session.ring(0).reset(base);
  REQUIRE_OK(session.startQueue(0, base));
  frontend::BlockDriver driver(session);
  CHECK_OK(driver.write(0, std::vector<std::byte>(4096, std::byte{3})));
}

void runCase(const PackedCase& packedCase, frontend::Session& session, std::uint32_t base) {
  restart(session, base);
  const std::size_t mark = session.arena().mark();
  Scene scene(session);
  packedCase.arrange(scene);
  const virtio::PackedPosition after = scene.end();
  scene.publish();
  session.kick(0);
  std::uint32_t next = PackedDriverQueue::kFirstBase;
  if (packedCase.expected == Outcome::Broken) {
    CHECK(frontend::waitForEvent(session.errFd(0), test::kDeadlineMs));
    CHECK(session.stopQueue(0).has_value());
  } else {
    // The ring itself says that the chain came back: the call can be the one of the ring's start.
    CHECK(test::waitUntil([&scene] { return scene.isFirstUsed(); }));
    CHECK(frontend::waitForEvent(session.callFd(0), test::kDeadlineMs));
    CHECK_FALSE(frontend::waitForEvent(session.errFd(0), 0));
    const Result<std::uint32_t> stopped = session.stopQueue(0);
    REQUIRE_OK(stopped);
    next = baseAt(after);
    CHECK(*stopped == next);
    const std::uint8_t status = scene.statusByte();
    CHECK((status == kNoStatus) == (packedCase.expected == Outcome::Returned));
    CHECK((status == spec::blk::S_OK) == (packedCase.expected == Outcome::Served));
  }
  session.arena().releaseTo(mark);
  checkGoesOn(session, next);
}

// What a driver does to a ring while its first chain, a good one of id 1, is under way.
struct HeldCase {
  std::string_view name;
  Outcome expected;
  void (*interfere)(Scene& scene);
};

constexpr auto kHeldCases = std::to_array<HeldCase>({
    {"entries of the chain that say something else", Outcome::Served,
     [](Scene& scene) {
       for (std::size_t index = 0; index < 3; ++index) {
         scene.overwrite(index, {.addr = scene.memoryEnd(),
                                 .len = UINT32_MAX,
                                 .id = std::uint16_t{0xffff},
                                 .flags = std::uint16_t{0xffff}});
       }
     }},
    {"entries of the chain that are available once more", Outcome::Served,
     [](Scene& scene) {
       for (std::size_t index = 0; index < 3; ++index) {
         for (const std::uint16_t owner : {spec::DESC_F_AVAIL, spec::DESC_F_USED}) {
           scene.overwrite(index, {.addr = scene.header(),
                                   .len = std::uint32_t{16},
                                   .id = std::uint16_t{2},
                                   .flags = owner});
         }
       }
     }},
    {"another chain", Outcome::Served, [](Scene& scene) { scene.putGood(2); }},
    {"a chain of the same id", Outcome::Broken, [](Scene& scene) { scene.putGood(1); }},
    {"a table of the same id", Outcome::Broken,
     [](Scene& scene) {
       scene.putGoodTable(0);
       scene.put(scene.table(), 48, kIndirect, 1);
     }},
    {"chains of all other entries", Outcome::Served,
     [](Scene& scene) {
       scene.putGoodTable(0);
       for (std::uint16_t id = 2; id < kSize - 1; ++id) {
         scene.put(scene.table(), 48, kIndirect, id);
       }
     }},
    {"chains of more entries than there are", Outcome::Broken,
     [](Scene& scene) {
       scene.putGoodTable(0);
       for (std::uint16_t id = 2; id < kSize - 2; ++id) {
         scene.put(scene.table(), 48, kIndirect, id);
       }
       // The ring's last goes on in the first, which is in use.
       scene.put(scene.header(), 16, kNext, 0);
     }},
});

void runHeldCase(const HeldCase& heldCase, frontend::Session& session, test::ScriptedStore& store,
                 std::uint32_t base) {
  restart(session, base);
  store.holdAll();
  const std::size_t mark = session.arena().mark();
  Scene scene(session);
  scene.putGood(1);
  scene.publish();
  session.kick(0);
  REQUIRE(test::waitUntil([&store] { return store.heldCount() == 1; }));
  static_cast<void>(frontend::waitForEvent(session.callFd(0), 0));
  heldCase.interfere(scene);
  scene.publish();
  session.kick(0);
  std::uint32_t next = PackedDriverQueue::kFirstBase;
  if (heldCase.expected == Outcome::Broken) {
    CHECK(frontend::waitForEvent(session.errFd(0), test::kDeadlineMs));
    store.releaseAll();
    CHECK(session.stopQueue(0).has_value());
  } else {
    const std::size_t chainCount = scene.chainCount();
    CHECK(test::waitUntil([&] { return store.heldCount() == chainCount; }));
    store.releaseAll();
    const Result<std::uint32_t> stopped = session.stopQueue(0);
    REQUIRE_OK(stopped);
    CHECK_FALSE(frontend::waitForEvent(session.errFd(0), 0));
    next = baseAt(scene.end());
    CHECK(*stopped == next);
  }
  CHECK(scene.statusByte() == spec::blk::S_OK);
  session.arena().releaseTo(mark);
  checkGoesOn(session, next);
}

} // namespace

TEST_CASE("a packed ring answers every chain as it must, from anywhere in it, and goes on") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session =
      backend.connect({.queueSize = kSize, .ringKind = frontend::Session::RingKind::Packed});
  for (const PackedCase& packedCase : kCases) {
    // The start, and the last entry but one with either wrap counter, so that chains go around.
    for (const std::uint32_t base : {0x8000'8000U, 0x800e'800eU, 0x000e'000eU}) {
      CAPTURE(std::string(packedCase.name));
      CAPTURE(base);
      runCase(packedCase, *session, base);
    }
  }
}

TEST_CASE("a packed ring's chains under way are what they were when they were taken") {
  auto owned = std::make_unique<test::ScriptedStore>(1 << 20);
  test::ScriptedStore& store = *owned;
  const test::Backend backend(std::move(owned));
  const std::unique_ptr<frontend::Session> session =
      backend.connect({.queueSize = kSize, .ringKind = frontend::Session::RingKind::Packed});
  for (const HeldCase& heldCase : kHeldCases) {
    for (const std::uint32_t base : {0x8000'8000U, 0x800e'800eU, 0x000e'000eU}) {
      CAPTURE(std::string(heldCase.name));
      CAPTURE(base);
      runHeldCase(heldCase, *session, store, base);
    }
  }
}

} // namespace argon::hostile
