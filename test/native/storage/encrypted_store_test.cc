// SPDX-License-Identifier: Apache-2.0
#include "storage/encrypted_store.h"

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/crypt_scene.h"
#include "storage/file_store.h"
#include "storage/map_file.h"
#include "storage/memory_store.h"
#include "storage/null_store.h"
#include "support/death.h"
#include "support/random.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/volume_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <ios>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon {

namespace {

using test::Bytes;
using test::CryptScene;

constexpr std::uint64_t kUnit = CryptScene::kUnit;

std::unique_ptr<BlockStore> makeMemory(std::uint64_t sizeBytes) {
  Result<std::unique_ptr<MemoryStore>> store = MemoryStore::create(sizeBytes);
  REQUIRE_OK(store);
  return *std::move(store);
}

Bytes zeros(std::size_t count) { return Bytes(count); }

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

bool contains(std::span<const std::byte> text, std::span<const std::byte> part) {
  return !std::ranges::search(text, part).empty();
}

// A store of what another one's bytes have become, and the map as it was stored.
std::unique_ptr<EncryptedStore> reopen(CryptScene& scene, const test::VolumeKey& key) {
  const std::uint64_t unitCount = scene.store().map().unitCount();
  auto map = test::makeMap(unitCount);
  const Bytes stored = scene.mapStore().bytes();
  map->load(std::span(stored).subspan(kMapHeaderBytes));
  auto data = makeMemory(scene.store().sizeBytes());
  const Bytes disk = scene.data().bytes();
  std::ranges::copy(disk, data->mappedBytes().begin());
  return test::makeCrypted({.data = std::move(data), .map = std::move(map), .mapStore = nullptr},
                           key);
}

Bytes readAll(EncryptedStore& store) {
  test::StoreWorker worker;
  const auto channel = worker.open(store);
  Bytes content(store.sizeBytes());
  REQUIRE(worker.read(*channel, 0, content) == StoreStatus::Ok);
  return content;
}

std::unique_ptr<BlockStore> openNewFile(const std::string& path, std::uint64_t sizeBytes) {
  {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) == 0);
  }
  Result<std::unique_ptr<FileStore>> store = FileStore::open(path, {}, Log(silentLogSink(), "vol"));
  REQUIRE_OK(store);
  return *std::move(store);
}

} // namespace

TEST_CASE("an encrypted store is as large as the one below, in blocks of 512, and shows no bytes") {
  const test::VolumeKey key;
  const auto store = test::makeCrypted(
      {.data = makeMemory(8 * kUnit), .map = test::makeMap(8), .mapStore = nullptr}, key);

  CHECK(store->sizeBytes() == 8 * kUnit);
  CHECK(store->blockBytes() == 512);
  CHECK(store->mappedBytes().empty());
  CHECK(store->description() == "aes-256-xts over memory");
}

TEST_CASE("a store below that is not whole units is refused") {
  const test::VolumeKey key;
  for (const std::uint64_t size : {kUnit - 512, kUnit + 512, std::uint64_t{512}}) {
    CAPTURE(size);
    const auto store = EncryptedStore::create(
        {.data = makeMemory(size), .map = test::makeMap(1), .mapStore = nullptr}, key.open());
    REQUIRE_FALSE(store);
    CHECK(store.error().kind() == ErrorKind::InvalidArgument);
  }
}

TEST_CASE("a map's store of another size is refused") {
  const test::VolumeKey key;
  for (const std::uint64_t size : {mapFileBytes(8) - 512, mapFileBytes(8) + 512}) {
    const auto store = EncryptedStore::create(
        {.data = makeMemory(8 * kUnit), .map = test::makeMap(8), .mapStore = makeMemory(size)},
        key.open());
    REQUIRE_FALSE(store);
    CHECK(store.error().kind() == ErrorKind::Corrupt);
  }
}

TEST_CASE("a map of another number of units is a bug of ours") {
  test::checkDies("parts.map->unitCount()", [] {
    // Made here: a child does not have its parent's secrets.
    const test::VolumeKey key;
    static_cast<void>(EncryptedStore::create(
        {.data = makeMemory(8 * kUnit), .map = test::makeMap(7), .mapStore = nullptr}, key.open()));
  });
}

TEST_CASE("what was never written reads as zeros, whatever lies on the disk") {
  CryptScene scene(4);

  CHECK(scene.read(0, 4 * kUnit) == zeros(4 * kUnit));
  CHECK(scene.read(512, 512) == zeros(512));
  CHECK(scene.journal().empty());
}

TEST_CASE("what was written reads back, with zeros around it in its unit") {
  CryptScene scene(4);
  const Bytes text = test::Random(1).bytes(512);

  scene.write(kUnit + 1024, text);

  CHECK(scene.read(0, 4 * kUnit) ==
        joined({zeros(kUnit + 1024), text, zeros(3 * kUnit - 1024 - 512)}));
}

TEST_CASE("a unit on the disk is AES-256-XTS of its plaintext under its number") {
  CryptScene scene(4);
  const Bytes before = scene.data().bytes();
  const Bytes text = test::Random(2).bytes(2 * kUnit);
  scene.write(kUnit, text);
  scene.write(3 * kUnit + 512, std::span(text).first(512));

  const Bytes disk = scene.data().bytes();
  const auto unitOf = [](const Bytes& bytes, std::uint64_t unit) {
    return std::span(bytes).subspan(unit * kUnit, kUnit);
  };
  CHECK(std::ranges::equal(unitOf(disk, 0), unitOf(before, 0)));
  CHECK(std::ranges::equal(unitOf(disk, 1),
                           test::encryptUnit(scene.key(), 1, std::span(text).first(kUnit))));
  CHECK(std::ranges::equal(unitOf(disk, 2),
                           test::encryptUnit(scene.key(), 2, std::span(text).last(kUnit))));
  const Bytes last = joined({zeros(512), {text.begin(), text.begin() + 512}, zeros(kUnit - 1024)});
  CHECK(std::ranges::equal(unitOf(disk, 3), test::encryptUnit(scene.key(), 3, last)));
}

TEST_CASE("plaintext does not appear on the disk, and the same plaintext never looks the same") {
  CryptScene scene(8);
  const Bytes text(kUnit, std::byte{0x41});
  for (std::uint64_t unit = 0; unit < 8; ++unit) {
    scene.write(unit * kUnit, text);
  }

  const Bytes disk = scene.data().bytes();
  CHECK_FALSE(contains(disk, std::span(text).first(16)));
  for (std::uint64_t left = 0; left < 8; ++left) {
    for (std::uint64_t right = left + 1; right < 8; ++right) {
      CHECK_FALSE(std::ranges::equal(std::span(disk).subspan(left * kUnit, kUnit),
                                     std::span(disk).subspan(right * kUnit, kUnit)));
    }
  }
}

TEST_CASE("the zeros around a first write are not on the disk as zeros") {
  CryptScene scene(1);
  scene.write(0, Bytes(512, std::byte{1}));

  CHECK_FALSE(contains(scene.data().bytes(), zeros(16)));
}

TEST_CASE("a flushed volume reads back after a restart") {
  CryptScene scene(16);
  const Bytes text = test::Random(3).bytes(5 * kUnit);
  scene.write(3 * kUnit, text);
  REQUIRE(scene.flush() == StoreStatus::Ok);

  const auto again = reopen(scene, scene.key());

  CHECK(readAll(*again) == joined({zeros(3 * kUnit), text, zeros(8 * kUnit)}));
}

TEST_CASE("what no flush covers reads as before after a restart, not as noise") {
  CryptScene scene(16);
  const Bytes text = test::Random(4).bytes(kUnit);
  scene.write(0, text);
  REQUIRE(scene.flush() == StoreStatus::Ok);
  scene.write(5 * kUnit, text);

  const auto again = reopen(scene, scene.key());

  CHECK(readAll(*again) == joined({text, zeros(15 * kUnit)}));
}

TEST_CASE("another key reads noise, and no plaintext") {
  CryptScene scene(2);
  const Bytes text(2 * kUnit, std::byte{0x42});
  scene.write(0, text);
  REQUIRE(scene.flush() == StoreStatus::Ok);

  const test::VolumeKey other;
  const Bytes noise = readAll(*reopen(scene, other));

  CHECK_FALSE(contains(noise, std::span(text).first(16)));
}

TEST_CASE("a volume whose map is not stored flushes its data and nothing else") {
  CryptScene scene(4, CryptScene::Map::InMemoryOnly);
  scene.write(0, test::Random(5).bytes(kUnit));
  static_cast<void>(scene.journal());

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() == std::vector<std::string>{"data flush"});
}

TEST_CASE("an encrypted store over memory works in that memory") {
  const test::VolumeKey key;
  auto memory = makeMemory(4 * kUnit);
  const std::span<std::byte> disk = memory->mappedBytes();
  const auto store = test::makeCrypted(
      {.data = std::move(memory), .map = test::makeMap(4), .mapStore = nullptr}, key);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);
  const Bytes text = test::Random(6).bytes(kUnit);

  REQUIRE(worker.write(*channel, 2 * kUnit, text) == StoreStatus::Ok);

  CHECK(std::ranges::equal(disk.subspan(2 * kUnit, kUnit), test::encryptUnit(key, 2, text)));
  CHECK(worker.flush(*channel) == StoreStatus::Ok);
}

TEST_CASE("an encrypted store grows under its channels, in memory and over files") {
  const test::TempDir dir;
  const test::VolumeKey key;
  for (const bool isMemory : {true, false}) {
    CAPTURE(isMemory);
    constexpr std::uint64_t kUnits = 4;
    constexpr std::uint64_t kNewUnits = 60;
    EncryptedStore::Parts parts{.data = nullptr, .map = test::makeMap(kUnits), .mapStore = nullptr};
    if (isMemory) {
      Result<std::unique_ptr<MemoryStore>> memory = MemoryStore::create(kUnits * 4096);
      REQUIRE_OK(memory);
      parts.data = *std::move(memory);
    } else {
      parts.data = openNewFile(dir.path("data"), kUnits * 4096);
      parts.mapStore = openNewFile(dir.path("map"), mapFileBytes(kUnits));
    }
    const auto store = test::makeCrypted(std::move(parts), key);
    test::StoreWorker worker;
    const auto channel = worker.open(*store);
    const test::Bytes content = test::Random(1).bytes(4096);
    REQUIRE(worker.write(*channel, 3 * 4096, content) == StoreStatus::Ok);

    REQUIRE_OK(store->grow(kNewUnits * 4096));

    CHECK(store->sizeBytes() == kNewUnits * 4096);
    REQUIRE(worker.write(*channel, (kNewUnits - 1) * 4096, content) == StoreStatus::Ok);
    REQUIRE(worker.flush(*channel) == StoreStatus::Ok);
    test::Bytes read(kNewUnits * 4096);
    REQUIRE(worker.read(*channel, 0, read) == StoreStatus::Ok);
    test::Bytes expected(kNewUnits * 4096);
    std::ranges::copy(content, expected.begin() + 3 * 4096);
    std::ranges::copy(content, expected.begin() + (kNewUnits - 1) * 4096);
    CHECK(read == expected);
    CHECK_FALSE(store->grow(kUnits * 4096));
    CHECK_FALSE(store->grow(kNewUnits * 4096 + 512));
  }
}

TEST_CASE("a map page that growth added is stored by the next flush") {
  const test::TempDir dir;
  const test::VolumeKey key;
  constexpr std::uint64_t kUnits = 32'768;
  const auto store =
      test::makeCrypted({.data = std::make_unique<NullStore>(kUnits * 4096),
                         .map = test::makeMap(kUnits),
                         .mapStore = openNewFile(dir.path("map"), mapFileBytes(kUnits))},
                        key);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);

  REQUIRE_OK(store->grow((kUnits + 1) * 4096));
  REQUIRE(worker.write(*channel, kUnits * 4096, test::Bytes(4096)) == StoreStatus::Ok);
  REQUIRE(worker.flush(*channel) == StoreStatus::Ok);

  std::ifstream file(dir.path("map"), std::ios::binary);
  file.seekg(static_cast<std::streamoff>(kMapHeaderBytes + 4096));
  CHECK(file.get() == 1);
}

TEST_CASE("a store that cannot grow below keeps the encrypted one as it is") {
  const test::VolumeKey key;
  const auto store = test::makeCrypted({.data = std::make_unique<test::SlowStore>(4096),
                                        .map = test::makeMap(1),
                                        .mapStore = nullptr},
                                       key);

  const Result<void> grown = store->grow(8192);

  REQUIRE_FALSE(grown);
  CHECK(grown.error().kind() == ErrorKind::Unsupported);
  CHECK(store->sizeBytes() == 4096);
}

} // namespace argon
