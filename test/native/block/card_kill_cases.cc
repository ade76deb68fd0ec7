// SPDX-License-Identifier: Apache-2.0

// Cards as processes that are killed while a driver writes all over an encrypted volume. Each next
// one gets what a backplane keeps: the in-flight region, through the front end, and the memory of
// the allocation map. The driver must see every write answered once, and read back each.

#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/card.h"
#include "crypto/data_key.h"
#include "crypto/master_key.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/file_store.h"
#include "storage/map_file.h"
#include "storage/map_memory.h"
#include "support/deadline.h"
#include "support/memfd.h"
#include "support/random.h"
#include "support/slot_backplane.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/blk.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <future>
#include <map>
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
using frontend::BlockDriver;
using frontend::Session;

constexpr std::string_view kVolume = "vol0123456789abcdef0";
constexpr std::uint32_t kSlot = 2;
constexpr std::uint64_t kUnitBytes = 4096;
constexpr std::uint64_t kUnitCount = 1024;
constexpr std::uint64_t kSectorCount = kUnitCount * kUnitBytes / blk::SECTOR_BYTES;
constexpr std::size_t kWritesUnderWay = 16;

enum class Memory : std::uint8_t { Kept, Forgotten };

// The files of a volume, and what the backplane keeps of it.
class Volume {
public:
  explicit Volume(Memory memory) : hasMemory_(memory == Memory::Kept) {
    const UniqueFd data(::open(dataPath().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::ftruncate(data.get(), static_cast<off_t>(kUnitCount * kUnitBytes)) == 0);
    REQUIRE_OK(createMapFile(mapPath(), kUnitCount, kVolume));
    REQUIRE_OK(MasterKey::createFile(masterKeyPath()));
    const Result<MasterKey> masterKey = MasterKey::load(masterKeyPath());
    const Result<DataKey> key = DataKey::generate();
    REQUIRE_OK(masterKey);
    REQUIRE_OK(key);
    const Result<WrappedKey> wrapped = key->wrap(*masterKey, kVolume);
    REQUIRE_OK(wrapped);
    wrappedKey_ = *wrapped;
  }

  // As a card opens it, with no key in memory before, because a child does not get that.
  [[nodiscard]] Result<std::unique_ptr<BlockStore>> open(UniqueFd mapMemory) const {
    const FileStore::Options options{.lockTimeoutNs = 20'000'000'000};
    const Log log(silentLogSink(), "volume");
    EncryptedStore::Parts parts;
    ARGON_TRY_ASSIGN(parts.data, FileStore::open(dataPath(), options, log));
    ARGON_TRY_ASSIGN(parts.mapStore, FileStore::open(mapPath(), options, log));
    std::unique_ptr<MapMemory> memory;
    if (mapMemory) {
      ARGON_TRY_ASSIGN(memory, MapMemory::open(std::move(mapMemory)));
    }
    ARGON_TRY_ASSIGN(parts.map, openMapFile(mapPath(), kUnitCount, kVolume, std::move(memory)));
    ARGON_TRY_ASSIGN(const MasterKey masterKey, MasterKey::load(masterKeyPath()));
    ARGON_TRY_ASSIGN(DataKey key, DataKey::unwrap(wrappedKey_, masterKey, kVolume));
    ARGON_TRY_ASSIGN(std::unique_ptr<EncryptedStore> store,
                     EncryptedStore::create(std::move(parts), std::move(key)));
    return std::unique_ptr<BlockStore>(std::move(store));
  }
  // What an offer of the slot brings.
  [[nodiscard]] const UniqueFd& mapMemory() const { return hasMemory_ ? memory_ : none_; }

private:
  [[nodiscard]] std::string dataPath() const { return dir_.path("data"); }
  [[nodiscard]] std::string mapPath() const { return dir_.path("map"); }
  [[nodiscard]] std::string masterKeyPath() const { return dir_.path("key"); }

  bool hasMemory_;
  test::TempDir dir_;
  WrappedKey wrappedKey_{};
  UniqueFd memory_ = test::makeMemfd(0, test::Sealed::Yes);
  UniqueFd none_;
};

// The life of a card process. Never returns.
[[noreturn]] void beCard(const Volume& volume, UniqueFd backplane) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto card =
      BlockCard::start({.workerCount = 2, .pollMode = PollMode::Off, .cpus = {}}, silentLogSink(),
                       {.backplane = std::move(backplane), .counterMemory = {}});
  if (!card) {
    ::_exit(1);
  }
  const auto promise = (*card)->requestSlotMap(kSlot);
  Result<UniqueFd> memory = promise->get_future().get();
  if (!memory) {
    ::_exit(2);
  }
  Result<std::unique_ptr<BlockStore>> store = volume.open(*std::move(memory));
  if (!store) {
    ::_exit(3);
  }
  const Result<DeviceId> id = (*card)->addSlotDevice({.id = std::string(kVolume), .queueCount = 2},
                                                     *std::move(store), kSlot, {});
  if (!id) {
    ::_exit(4);
  }
  for (;;) {
    ::pause();
  }
}

// A card in a process of its own, with a backplane that is this test.
class CardProcess {
public:
  explicit CardProcess(const Volume& volume) {
    UniqueFd cardEnd = backplane_.takeCardEnd();
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      beCard(volume, std::move(cardEnd));
    }
  }
  CardProcess(const CardProcess&) = delete;
  CardProcess& operator=(const CardProcess&) = delete;
  ~CardProcess() { kill(); }

  [[nodiscard]] test::SlotBackplane& backplane() { return backplane_; }
  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }
  }

private:
  test::SlotBackplane backplane_;
  int pid_ = -1;
};

// A driver that writes at random, knows what it wrote, and what was answered.
class Writer {
public:
  explicit Writer(Session& session)
      : driver_(session), written_(kSectorCount), isBusy_(kSectorCount) {
    driver_.setTimeoutMs(test::kDeadlineMs);
  }

  void offer(test::Random& random) {
    const std::uint64_t sector = random.below(kSectorCount);
    const std::uint64_t limit =
        std::min<std::uint64_t>(random.between(1, 24), kSectorCount - sector);
    std::uint64_t count = 0;
    while (count < limit && !isBusy_[sector + count]) {
      ++count;
    }
    if (count == 0) {
      return;
    }
    const std::uint64_t number = ++writeCount_;
    const std::vector<std::byte> data = contentOf(number, sector, count);
    const Result<std::uint16_t> chain =
        driver_.submit({.type = blk::T_OUT, .sector = sector, .output = data});
    REQUIRE_OK(chain);
    REQUIRE(underWay_.emplace(*chain, Write{.sector = sector, .count = count, .number = number})
                .second);
    std::fill_n(isBusy_.begin() + static_cast<std::ptrdiff_t>(sector), count, true);
    driver_.publish();
  }

  // An answer must be OK and must be owed.
  void take() {
    const Result<BlockDriver::Completion> done = driver_.waitAny();
    REQUIRE_OK(done);
    note(*done);
  }
  void takeAllThere() {
    for (;;) {
      const Result<std::optional<BlockDriver::Completion>> done = driver_.takeAny();
      REQUIRE_OK(done);
      if (!*done) {
        return;
      }
      note(**done);
    }
  }
  void takeAllOwed() {
    while (!underWay_.empty()) {
      take();
    }
  }
  [[nodiscard]] std::size_t owedCount() const { return underWay_.size(); }
  [[nodiscard]] BlockDriver& driver() { return driver_; }

  // Sectors that do not hold what was last written and answered.
  [[nodiscard]] std::uint64_t countWrong() {
    std::uint64_t wrongCount = 0;
    std::vector<std::byte> unit(kUnitBytes);
    for (std::uint64_t at = 0; at < kUnitCount; ++at) {
      REQUIRE_OK(driver_.read(at * kUnitBytes, unit));
      for (std::uint64_t part = 0; part < kUnitBytes / blk::SECTOR_BYTES; ++part) {
        const std::uint64_t sector = at * (kUnitBytes / blk::SECTOR_BYTES) + part;
        const auto found = std::span(unit).subspan(part * blk::SECTOR_BYTES, blk::SECTOR_BYTES);
        wrongCount += std::ranges::equal(found, contentOf(written_[sector], sector, 1)) ? 0U : 1U;
      }
    }
    return wrongCount;
  }

private:
  struct Write {
    std::uint64_t sector = 0;
    std::uint64_t count = 0;
    std::uint64_t number = 0;
  };

  // Zeros for a sector that was never written.
  static std::vector<std::byte> contentOf(std::uint64_t number, std::uint64_t sector,
                                          std::uint64_t count) {
    std::vector<std::byte> bytes(count * blk::SECTOR_BYTES);
    for (std::uint64_t index = 0; number != 0 && index < count; ++index) {
      test::Random(number * kSectorCount + sector + index)
          .fill(std::span(bytes).subspan(index * blk::SECTOR_BYTES, blk::SECTOR_BYTES));
    }
    return bytes;
  }

  void note(const BlockDriver::Completion& done) {
    CHECK(done.answer.status == blk::S_OK);
    const auto found = underWay_.find(done.chain);
    REQUIRE(found != underWay_.end());
    const Write& write = found->second;
    for (std::uint64_t index = 0; index < write.count; ++index) {
      written_[write.sector + index] = write.number;
      isBusy_[write.sector + index] = false;
    }
    underWay_.erase(found);
  }

  BlockDriver driver_;
  // By sector: the number of the last write that was answered, and whether one is under way.
  std::vector<std::uint64_t> written_;
  std::vector<bool> isBusy_;
  std::map<std::uint16_t, Write> underWay_;
  std::uint64_t writeCount_ = 0;
};

// Cards, each killed in the middle of writes; how many sectors were wrong in the end.
std::uint64_t killCards(Memory memory, Session::RingKind kind, int killCount) {
  const Volume volume(memory);
  test::Random random(static_cast<std::uint64_t>(killCount));
  auto card = std::make_unique<CardProcess>(volume);
  Result<std::unique_ptr<Session>> opened =
      Session::open(card->backplane().offer(kSlot, 1, volume.mapMemory()),
                    {.ringKind = kind,
                     .wantedProtocolFeatures = Session::kUsualProtocolFeatures.with(
                         vhost_user::spec::PROTOCOL_F_INFLIGHT_SHMFD)});
  REQUIRE_OK(opened);
  Session& session = **opened;
  Writer writer(session);
  std::uint64_t wrongCount = 0;
  for (int kill = 0; kill < killCount; ++kill) {
    CAPTURE(kill);
    for (std::uint64_t count = random.between(1, 60); count > 0; --count) {
      while (writer.owedCount() < kWritesUnderWay) {
        writer.offer(random);
      }
      writer.take();
    }
    card->kill();
    session.disconnect();
    card = std::make_unique<CardProcess>(volume);
    const auto session2 = static_cast<std::uint64_t>(kill) + 2;
    REQUIRE_OK(session.reconnect(card->backplane().offer(kSlot, session2, volume.mapMemory())));
    writer.takeAllThere();
    REQUIRE_OK(session.resumeQueues());
    writer.takeAllOwed();
    wrongCount += writer.countWrong();
    if (kill % 4 == 3) {
      REQUIRE_OK(writer.driver().flush());
    }
  }
  return wrongCount;
}

} // namespace

TEST_CASE("cards that are killed under writes lose none that was answered, and answer the rest") {
  CHECK(killCards(Memory::Kept, Session::RingKind::Split, 12) == 0);
  CHECK(killCards(Memory::Kept, Session::RingKind::Packed, 8) == 0);
}

TEST_CASE("without the memory of the map the driver finds what was lost") {
  CHECK(killCards(Memory::Forgotten, Session::RingKind::Split, 3) > 0);
}

} // namespace argon::block
