// SPDX-License-Identifier: Apache-2.0

// What a guest writes for the device to decide by is read once: descriptors, entries of the
// available ring and of indirect tables, headers. What is read twice may be checked the first time
// and used the second (CVE-2026-86562 and those like it). Every chain of the catalog is worked off
// by a card whose guest memory is watched by the instruction.

#include "base/alignment.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/chain_cases.h"
#include "frontend/chain_scene.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "hostile/fetch_watch.h"
#include "memory/guest_address.h"
#include "memory/shared_copy.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/spec/ring.h"

#include <poll.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#if !defined(__SANITIZE_THREAD__)

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;

constexpr std::size_t kArenaBytes = std::size_t{256} * 1024;
constexpr std::uint16_t kQueueSize = 128;
constexpr std::size_t kHeaderBytes = 16;

// How often each byte of the arena may be fetched, from what the guest wrote: a chain that goes
// around in a circle meets its descriptors more than once.
class Allowance {
public:
  Allowance(frontend::Session& session, std::span<const std::byte> memory)
      : queue_(session.queue(0)), start_(session.arena().startAddress().get()), memory_(memory),
        counts_(memory.size()) {
    const auto first = static_cast<std::uint16_t>(0);
    const auto pending = static_cast<std::uint16_t>(
        read<std::uint16_t>(queue_.availableAddress().get() + spec::kAvailIdxOffset) - first);
    if (pending > queue_.size()) {
      return; // Nothing may be taken.
    }
    for (std::uint16_t count = 0; count < pending; ++count) {
      const std::uint64_t entry = queue_.availableAddress().get() + spec::kAvailRingOffset +
                                  spec::kAvailElementBytes * (count % queue_.size());
      allow(entry, spec::kAvailElementBytes);
      walk(read<std::uint16_t>(entry));
    }
  }

  /// Descriptors by their offset, and how often each is met.
  [[nodiscard]] const std::map<std::size_t, std::uint32_t>& descriptors() const {
    return descriptors_;
  }

  /// The fetches that are allowed to start at this byte; nullopt if it is no metadata, or data too.
  [[nodiscard]] std::optional<std::uint32_t> at(std::size_t offset) const {
    return counts_[offset] == 0 || counts_[offset] >= kData ? std::nullopt
                                                            : std::optional(counts_[offset]);
  }

private:
  static constexpr std::uint32_t kData = 1U << 30;

  [[nodiscard]] bool isMemory(std::uint64_t address, std::uint64_t length) const {
    return address >= start_ && length <= memory_.size() &&
           address - start_ <= memory_.size() - length;
  }
  template <typename Struct>
  [[nodiscard]] Struct read(std::uint64_t address) const {
    Struct value{};
    std::memcpy(&value, memory_.data() + (address - start_), sizeof value);
    return value;
  }
  void allow(std::uint64_t address, std::uint64_t length, std::uint32_t count = 1) {
    for (std::uint64_t offset = 0; offset < length && isMemory(address + offset, 1); ++offset) {
      counts_[address + offset - start_] += count;
    }
  }

  // One table's part of a chain; true if the walk goes into an indirect table, which is returned.
  std::optional<spec::Descriptor> walkTable(std::uint64_t table, std::uint32_t entryCount,
                                            std::uint32_t index) {
    for (std::uint32_t step = 0; step < entryCount && index < entryCount; ++step) {
      const std::uint64_t place = table + index * sizeof(spec::Descriptor);
      const auto entry = read<spec::Descriptor>(place);
      allow(place, sizeof entry);
      ++descriptors_[place - start_];
      const unsigned flags = entry.flags.get();
      if ((flags & spec::DESC_F_INDIRECT) != 0) {
        return entry;
      }
      if ((flags & spec::DESC_F_WRITE) == 0) {
        addReadable(entry.addr.get(), entry.len.get());
      }
      if ((flags & spec::DESC_F_NEXT) == 0) {
        return std::nullopt;
      }
      index = entry.next.get();
    }
    return std::nullopt;
  }
  // The first bytes are the header, once; the others are data.
  void addReadable(std::uint64_t address, std::uint64_t length) {
    const std::uint64_t header = std::min<std::uint64_t>(length, headerLeft_);
    allow(address, header);
    headerLeft_ -= header;
    allow(address + header, std::min<std::uint64_t>(length - header, memory_.size()), kData);
  }
  void walk(std::uint16_t head) {
    headerLeft_ = kHeaderBytes;
    const auto table = walkTable(queue_.descriptorsAddress().get(), queue_.size(), head);
    if (!table || table->len.get() % sizeof(spec::Descriptor) != 0 ||
        !isMemory(table->addr.get(), table->len.get())) {
      return;
    }
    const auto entryCount = static_cast<std::uint32_t>(table->len.get() / sizeof(spec::Descriptor));
    if (entryCount <= virtio::kIndirectEntryCountMax) {
      static_cast<void>(walkTable(table->addr.get(), entryCount, 0));
    }
  }

  frontend::DriverQueue& queue_;
  std::uint64_t start_;
  std::span<const std::byte> memory_;
  std::vector<std::uint32_t> counts_;
  std::map<std::size_t, std::uint32_t> descriptors_;
  std::uint64_t headerLeft_ = 0;
};

std::uint32_t sumOf(std::span<const std::uint32_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint32_t{0});
}

std::vector<std::uint32_t> countsOf(std::span<std::byte> pages,
                                    const std::function<void(const std::byte*)>& reader) {
  FetchWatch watch(pages);
  reader(pages.data());
  return watch.finish();
}

// The instructions that one fetch of a descriptor takes, as this build has it: one or two.
std::uint32_t readsOfOneFetch() {
  Result<MappedRegion> page = MappedRegion::allocate(pageBytes());
  REQUIRE_OK(page);
  return sumOf(countsOf(page->pages(), [](const std::byte* place) {
    CHECK(fetchOnce<spec::Descriptor>(place).len.get() == 0);
  }));
}

// The offset in the arena of the first byte or descriptor that was fetched more often than it may
// be.
std::optional<std::size_t> findSecondFetch(const Allowance& allowance,
                                           std::span<const std::uint32_t> counts) {
  for (std::size_t offset = 0; offset < counts.size(); ++offset) {
    const std::optional<std::uint32_t> allowed = allowance.at(offset);
    if (allowed && counts[offset] > *allowed) {
      return offset;
    }
  }
  // A part of it may be fetched again where no fetch of the whole starts.
  const std::uint32_t readCount = readsOfOneFetch();
  for (const auto& [offset, visitCount] : allowance.descriptors()) {
    if (allowance.at(offset) == visitCount &&
        sumOf(counts.subspan(offset, sizeof(spec::Descriptor))) > visitCount * readCount) {
      return offset;
    }
  }
  return std::nullopt;
}

// The card's mapping of the arena, which is not the front end's own.
std::span<std::byte> findCardMapping(const frontend::Arena& arena) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("argon-frontend") == std::string::npos) {
      continue;
    }
    std::size_t dash = 0;
    const std::uintptr_t start = std::stoull(line, &dash, 16);
    if (start != addressOf(arena.bytes().data())) {
      return {std::bit_cast<std::byte*>(start), arena.bytes().size()};
    }
  }
  FAIL("the card has not mapped the arena");
  return {};
}

void restart(frontend::Session& session) {
  session.queue(0).reset(0);
  REQUIRE_OK(session.startQueue(0, 0));
}

bool isReadable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

// Offers one case of the catalog under watch. Nothing is said of its outcome here.
void checkCase(frontend::Session& session, const frontend::ChainCase& chainCase) {
  REQUIRE_OK(session.stopQueue(0));
  restart(session);
  Result<frontend::ChainScene> scene = frontend::ChainScene::create(session, 0);
  REQUIRE_OK(scene);
  chainCase.arrange(*scene);
  const std::span<std::byte> mapping = findCardMapping(session.arena());
  FetchWatch watch(
      mapping.first((session.arena().mark() + pageBytes() - 1) / pageBytes() * pageBytes()));
  scene->publish();
  const std::span<const std::byte> memory = session.arena().bytes();
  const std::vector<std::byte> published(memory.begin(), memory.end());
  CHECK(test::waitUntil([&] {
    return (scene->offeredCount() > 0 && session.queue(0).usedIndex() == scene->offeredCount()) ||
           isReadable(session.errFd(0));
  }));
  // The ring lets go of the memory before the watch does.
  CHECK(session.stopQueue(0).has_value());
  const std::vector<std::uint32_t> counts = watch.finish();
  const Allowance allowance(session, published);
  const std::optional<std::size_t> second = findSecondFetch(allowance, counts);
  CHECK_FALSE_MESSAGE(second.has_value(), "offset ", second.value_or(0));
  restart(session);
}

// Readers as they used to be: they check the length where it is, and go back for it, or for all.
[[gnu::noinline]] std::uint32_t readTwice(const std::byte* descriptor) {
  const auto entry = fetchOnce<spec::Descriptor>(descriptor);
  return entry.len.get() > kHeaderBytes ? 0 : fetchOnce<spec::Descriptor>(descriptor).len.get();
}

[[gnu::noinline]] std::uint32_t readLengthTwice(const std::byte* descriptor) {
  const auto entry = fetchOnce<spec::Descriptor>(descriptor);
  return entry.len.get() > kHeaderBytes
             ? 0
             : fetchOnce<std::uint32_t>(descriptor + offsetof(spec::Descriptor, len));
}

} // namespace

TEST_CASE("what a guest writes for the device to decide by is fetched once") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session =
      backend.connect({.queueSize = kQueueSize, .arenaBytes = kArenaBytes});
  for (const frontend::ChainCase& chainCase : frontend::chainCases()) {
    // What the device writes over itself is not what it read; and indexes start at 0 here.
    if (chainCase.expected == frontend::ChainOutcome::Any || chainCase.base != 0) {
      continue;
    }
    CAPTURE(chainCase.name);
    checkCase(*session, chainCase);
  }
}

TEST_CASE("a second fetch of a descriptor is found") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session =
      backend.connect({.queueSize = kQueueSize, .arenaBytes = kArenaBytes});
  REQUIRE_OK(session->stopQueue(0));
  session->queue(0).reset(0);
  Result<frontend::ChainScene> scene = frontend::ChainScene::create(*session, 0);
  REQUIRE_OK(scene);
  scene->put(0, scene->header(), 0);
  scene->offer(0);
  scene->publish();
  const std::span<const std::byte> memory = session->arena().bytes();
  const Allowance allowance(*session, memory);
  const std::span<std::byte> mapping = findCardMapping(session->arena());
  const auto secondOf = [&](std::uint32_t (*reader)(const std::byte*)) {
    return findSecondFetch(allowance,
                           countsOf(mapping.first(pageBytes()), [reader](const std::byte* place) {
                             CHECK(reader(place) == kHeaderBytes);
                           }));
  };

  CHECK(secondOf([](const std::byte* place) {
          return fetchOnce<spec::Descriptor>(place).len.get();
        }) == std::nullopt);
  CHECK(secondOf(readTwice) == 0);
  CHECK(secondOf(readLengthTwice).has_value());
}

} // namespace argon::hostile

#endif
