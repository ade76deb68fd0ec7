// SPDX-License-Identifier: Apache-2.0

// Random requests on several rings and workers, held against an array of bytes: what a device says
// is stored is what it gives back, over every kind of store.

#include "base/check.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "crypto/data_key.h"
#include "frontend/session.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/file_store.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/random.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using test::AsyncDriver;
using RingKind = frontend::Session::RingKind;

constexpr std::array kRingKinds = {RingKind::Split, RingKind::Packed};
constexpr virtio::FeatureSet kTrackedProtocolFeatures =
    frontend::Session::kUsualProtocolFeatures.with(vhost_user::spec::PROTOCOL_F_INFLIGHT_SHMFD);
constexpr std::uint64_t kDeviceBytes = 2 << 20;
constexpr std::uint64_t kSectorBytes = 512;
constexpr std::size_t kSlotCount = 16;
constexpr std::size_t kDataBytesMax = 160 * 1024;

// Random requests on two rings of a device.
class Storm {
public:
  Storm(frontend::Session& session, test::Random& random)
      : session_(session), random_(random), oracle_(kDeviceBytes) {
    for (std::uint16_t queue = 0; queue < 2; ++queue) {
      drivers_.emplace_back(session, AsyncDriver::Options{.queueIndex = queue,
                                                          .slotCount = kSlotCount,
                                                          .dataBytesMax = kDataBytesMax});
      under_.emplace_back(kSlotCount);
    }
  }

  void run(int requestCount) {
    for (int count = 0; count < requestCount; ++count) {
      const std::size_t queue = random_.below(2);
      const std::size_t slot = random_.below(kSlotCount);
      while (under_[queue][slot].has_value()) {
        takeOne(queue);
      }
      offer(queue, slot);
      if (random_.chance(60)) {
        drivers_[queue].publish();
      }
      if (random_.chance(1)) {
        publishAll();
        REQUIRE_OK(session_.sendMemory());
      }
      if (random_.chance(1)) {
        publishAll();
        const Result<std::uint32_t> base = session_.stopQueue(0);
        REQUIRE_OK(base);
        REQUIRE_OK(session_.startQueue(0, *base));
      }
    }
    publishAll();
    for (std::size_t queue = 0; queue < 2; ++queue) {
      while (drivers_[queue].underWayCount() > 0) {
        takeOne(queue);
      }
    }
  }

private:
  struct Under {
    std::uint32_t type;
    std::uint64_t offset;
    std::uint64_t length;
  };

  void publishAll() {
    drivers_[0].publish();
    drivers_[1].publish();
  }

  // Two requests at once on one range have no order, unless both read.
  bool isFree(std::uint32_t type, std::uint64_t offset, std::uint64_t length) {
    return std::ranges::none_of(under_, [&](const auto& slots) {
      return std::ranges::any_of(slots, [&](const std::optional<Under>& other) {
        return other && (type != blk::T_IN || other->type != blk::T_IN) &&
               other->offset < offset + length && offset < other->offset + other->length;
      });
    });
  }

  std::uint32_t randomType() {
    constexpr std::array kRare = {blk::T_FLUSH, blk::T_DISCARD, blk::T_WRITE_ZEROES};
    if (random_.chance(12)) {
      return kRare[random_.below(kRare.size())];
    }
    return random_.chance(55) ? blk::T_OUT : blk::T_IN;
  }

  // Writes what the request sends, and into the oracle what it makes of the disk. Returns the
  // bytes of its data.
  std::size_t fillData(std::span<std::byte> data, std::uint32_t type, std::uint64_t offset,
                       std::uint64_t length) {
    const std::span<std::byte> place = std::span(oracle_).subspan(offset, length);
    if (type == blk::T_OUT) {
      random_.fill(data.first(length));
      std::ranges::copy(data.first(length), place.begin());
      return length;
    }
    if (type == blk::T_DISCARD || type == blk::T_WRITE_ZEROES) {
      const std::uint32_t flags =
          type == blk::T_WRITE_ZEROES && random_.chance(50) ? blk::WRITE_ZEROES_FLAG_UNMAP : 0;
      const blk::DiscardWriteZeroes segment{.sector = offset / kSectorBytes,
                                            .num_sectors =
                                                static_cast<std::uint32_t>(length / kSectorBytes),
                                            .flags = flags};
      std::memcpy(data.data(), &segment, sizeof segment);
      std::ranges::fill(place, std::byte{0});
      return sizeof segment;
    }
    std::ranges::fill(data.first(length), std::byte{0xee});
    return length;
  }

  void offer(std::size_t queue, std::size_t slot) {
    const std::uint32_t type = randomType();
    const bool isFlush = type == blk::T_FLUSH;
    const std::uint64_t limit = random_.chance(10) ? kDataBytesMax / kSectorBytes : 20;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    do {
      length = isFlush ? 0 : random_.between(1, limit) * kSectorBytes;
      offset = random_.below((kDeviceBytes - length) / kSectorBytes + 1) * kSectorBytes;
    } while (!isFlush && !isFree(type, offset, length));
    const std::size_t dataBytes = fillData(drivers_[queue].data(slot), type, offset, length);
    const auto least = static_cast<std::uint32_t>(dataBytes / 100 + 1);
    const AsyncDriver::Request request = {
        .type = type,
        .sector = offset / kSectorBytes,
        .dataBytes = dataBytes,
        .isIndirect = random_.chance(70),
        .pieceBytes = random_.chance(50)
                          ? 0U
                          : static_cast<std::uint32_t>(random_.between(least, least + 3000))};
    while (!drivers_[queue].offer(slot, request)) {
      drivers_[queue].publish();
      takeOne(queue);
    }
    under_[queue][slot] = Under{.type = type, .offset = offset, .length = length};
  }

  void takeOne(std::size_t queue) {
    drivers_[queue].publish();
    const Result<AsyncDriver::Answer> answer = drivers_[queue].wait();
    REQUIRE_OK(answer);
    REQUIRE(answer->status == blk::S_OK);
    const std::optional<Under> done = std::exchange(under_[queue][answer->slot], std::nullopt);
    ARGON_CHECK(done.has_value());
    if (done->type == blk::T_IN) {
      REQUIRE(answer->usedBytes == done->length + 1);
      REQUIRE(std::ranges::equal(drivers_[queue].data(answer->slot).first(done->length),
                                 std::span(oracle_).subspan(done->offset, done->length)));
    }
  }

  frontend::Session& session_;
  test::Random& random_;
  std::vector<std::byte> oracle_;
  std::vector<AsyncDriver> drivers_;
  std::vector<std::vector<std::optional<Under>>> under_;
};

// A store in memory whose requests follow those that were done before they began. They do so by the
// ring, but the driver and the device have it mapped at different addresses, so that
// ThreadSanitizer does not see it. Requests at the same time have no order here either.
class OrderedStore final : public BlockStore {
public:
  explicit OrderedStore(std::unique_ptr<BlockStore> store) : store_(std::move(store)) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return store_->sizeBytes(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return store_->blockBytes(); }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override {
    ARGON_TRY_ASSIGN(std::unique_ptr<StoreChannel> channel, store_->openChannel(context));
    return std::unique_ptr<StoreChannel>(std::make_unique<Channel>(std::move(channel), turnCount_));
  }
  [[nodiscard]] std::string_view description() const override { return store_->description(); }

private:
  // Memory is read and written within a call, and the used ring is published after it.
  class Channel final : public StoreChannel {
  public:
    Channel(std::unique_ptr<StoreChannel> channel, std::atomic<std::uint64_t>& turnCount)
        : channel_(std::move(channel)), turnCount_(turnCount) {}

    void submit(StoreRequest& request) override {
      begin();
      channel_->submit(request);
      end();
    }
    bool poll() override {
      begin();
      const bool didWork = channel_->poll();
      end();
      return didWork;
    }
    [[nodiscard]] bool isWaiting() const override { return channel_->isWaiting(); }

  private:
    // Acquire: pairs with the release of every call that ended before.
    void begin() { static_cast<void>(turnCount_.load(std::memory_order_acquire)); }
    void end() { turnCount_.fetch_add(1, std::memory_order_release); }

    std::unique_ptr<StoreChannel> channel_;
    std::atomic<std::uint64_t>& turnCount_;
  };

  std::unique_ptr<BlockStore> store_;
  std::atomic<std::uint64_t> turnCount_ = 0;
};

std::unique_ptr<BlockStore> ordered(std::unique_ptr<BlockStore> store) {
  return std::make_unique<OrderedStore>(std::move(store));
}

std::unique_ptr<BlockStore> makeFileStore(const std::string& path, FileStore::Caching caching) {
  std::ofstream(path).flush();
  std::filesystem::resize_file(path, kDeviceBytes);
  Result<std::unique_ptr<FileStore>> store =
      FileStore::open(path, {.caching = caching}, Log(silentLogSink(), "file"));
  REQUIRE_OK(store);
  return *std::move(store);
}

std::unique_ptr<BlockStore> encrypt(std::unique_ptr<BlockStore> data) {
  Result<std::unique_ptr<AllocationMap>> map =
      AllocationMap::create(kDeviceBytes / AllocationMap::kUnitBytes);
  REQUIRE_OK(map);
  Result<DataKey> key = DataKey::generate();
  REQUIRE_OK(key);
  Result<std::unique_ptr<EncryptedStore>> store = EncryptedStore::create(
      {.data = std::move(data), .map = *std::move(map), .mapStore = nullptr}, *std::move(key));
  REQUIRE_OK(store);
  return *std::move(store);
}

void checkStore(std::unique_ptr<BlockStore> store, std::uint64_t seed, int requestCount,
                RingKind ringKind) {
  CAPTURE(seed);
  CAPTURE(static_cast<int>(ringKind));
  test::Random random(seed);
  constexpr std::array kModes = {PollMode::Off, PollMode::Adaptive, PollMode::Always};
  const test::Backend backend(std::move(store),
                              {.queueCount = 2,
                               .workerCount = static_cast<std::uint16_t>(random.between(1, 2)),
                               .pollMode = kModes[random.below(kModes.size())]});
  const std::unique_ptr<frontend::Session> session = backend.connect(
      {.queueCount = 2,
       .queueSize = 256,
       .ringKind = ringKind,
       .wantedProtocolFeatures =
           random.chance(50) ? frontend::Session::kUsualProtocolFeatures : kTrackedProtocolFeatures,
       .arenaBytes = std::size_t{16} << 20,
       .regionCount = random.between(1, 2)});
  Storm storm(*session, random);

  storm.run(requestCount);
}

} // namespace

TEST_CASE("random requests over memory agree with an array of bytes") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const RingKind kind : kRingKinds) {
      checkStore(ordered(test::makeMemoryStore(kDeviceBytes)), seed, 1500, kind);
    }
  }
}

TEST_CASE("random requests over an encrypted store in memory agree with an array of bytes") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const RingKind kind : kRingKinds) {
      checkStore(ordered(encrypt(test::makeMemoryStore(kDeviceBytes))), seed, 750, kind);
    }
  }
}

TEST_CASE("random requests over a file agree with an array of bytes, direct or cached") {
  for (const FileStore::Caching caching : {FileStore::Caching::Auto, FileStore::Caching::Cached}) {
    for (const RingKind kind : kRingKinds) {
      const test::TempDir dir;
      checkStore(makeFileStore(dir.path("disk"), caching), test::seeds().back(), 600, kind);
    }
  }
}

TEST_CASE("random requests over an encrypted file agree with an array of bytes") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const RingKind kind : kRingKinds) {
      const test::TempDir dir;
      checkStore(encrypt(makeFileStore(dir.path("disk"), FileStore::Caching::Auto)), seed, 300,
                 kind);
    }
  }
}

} // namespace argon::block
