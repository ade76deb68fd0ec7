// SPDX-License-Identifier: Apache-2.0

// What a ring answers to each kind of request, good and bad, through a whole card.

#include "base/result.h"
#include "block/card.h"
#include "block/config.h"
#include "block/snapshot.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/backend.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
using frontend::Buffer;
using test::ScriptedStore;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::uint64_t kSectorCount = kDeviceBytes / 512;

struct Rig {
  explicit Rig(const frontend::Session::Options& options = {}, const std::string& id = "vol-test")
      : Rig(std::make_unique<ScriptedStore>(kDeviceBytes), options, id) {}
  Rig(std::unique_ptr<ScriptedStore> made, const frontend::Session::Options& options,
      const std::string& id)
      : store(*made), backend(std::move(made), {.id = id}), session(backend.connect(options)),
        driver(*session) {}

  BlockDriver::Answer execute(const BlockDriver::Request& request) {
    const Result<BlockDriver::Answer> answer = driver.execute(request);
    REQUIRE_OK(answer);
    return *answer;
  }
  block::QueueSnapshot counters() {
    return backend.card().snapshot(backend.device()).queues.front();
  }

  ScriptedStore& store;
  test::Backend backend;
  std::unique_ptr<frontend::Session> session;
  BlockDriver driver;
};

// A chain with any buffers, in a rig's arena, and what became of it.
struct RawOutcome {
  std::uint32_t usedBytes = 0;
  std::byte status{};
};

RawOutcome executeRaw(Rig& rig, const blk::RequestHeader& header, std::size_t readableBytes,
                      std::size_t writableBytes) {
  frontend::Arena& arena = rig.session->arena();
  const std::size_t mark = arena.mark();
  Result<frontend::ArenaBlock> readable = arena.allocate(readableBytes, 1);
  Result<frontend::ArenaBlock> writable = arena.allocate(writableBytes, 1);
  REQUIRE_OK(readable);
  REQUIRE_OK(writable);
  std::memcpy(readable->bytes.data(), &header, std::min(sizeof header, readableBytes));
  std::ranges::fill(writable->bytes, std::byte{0xee});
  std::vector<Buffer> buffers;
  if (readableBytes > 0) {
    buffers.push_back(
        {.address = readable->address, .lengthBytes = static_cast<std::uint32_t>(readableBytes)});
  }
  if (writableBytes > 0) {
    buffers.push_back({.address = writable->address,
                       .lengthBytes = static_cast<std::uint32_t>(writableBytes),
                       .isWritable = true});
  }
  REQUIRE(rig.session->queue(0).add(buffers).has_value());
  if (rig.session->queue(0).publish()) {
    rig.session->kick(0);
  }
  const Result<frontend::UsedChain> used = rig.driver.waitUsed();
  REQUIRE_OK(used);
  const RawOutcome outcome = {.usedBytes = used->lengthBytes,
                              .status =
                                  writableBytes > 0 ? writable->bytes.back() : std::byte{0xee}};
  arena.releaseTo(mark);
  return outcome;
}

} // namespace

TEST_CASE("each kind of request says how many bytes it wrote, the status among them") {
  Rig rig;
  const Bytes output(1024, std::byte{5});
  Bytes input(1024);

  CHECK(rig.execute({.type = blk::T_OUT, .sector = 1, .output = output}).usedBytes == 1);
  CHECK(rig.execute({.type = blk::T_IN, .sector = 1, .input = input}).usedBytes == 1025);
  CHECK(input == output);
  CHECK(rig.execute({.type = blk::T_FLUSH}).usedBytes == 1);
  CHECK(rig.store.countOf(StoreOperation::Flush) == 1);
}

// virtio 1.2, 2.7.8.2: the device writes at least `len` bytes from the first writable one on, so
// the status counts only if there is nothing unwritten before it.
TEST_CASE("bytes before the status that were not written are not claimed") {
  Rig rig;
  const Bytes output(512);
  Bytes input(64, std::byte{0xaa});

  CHECK(rig.execute({.type = blk::T_OUT, .output = output, .input = input}).usedBytes == 0);
  CHECK(rig.execute({.type = blk::T_FLUSH, .input = input}).usedBytes == 0);
  CHECK(rig.execute({.type = 99, .input = input}).usedBytes == 0);
  CHECK(rig.execute({.type = blk::T_OUT, .sector = kSectorCount, .output = output, .input = input})
            .usedBytes == 0);
  CHECK(rig.execute({.type = blk::T_IN, .input = input}).usedBytes == 0);
}

TEST_CASE("the first and the last sector can be read and written, not the one behind it") {
  Rig rig;
  Bytes sector(512, std::byte{9});
  for (const std::uint64_t number : {std::uint64_t{0}, kSectorCount - 1}) {
    CHECK(rig.execute({.type = blk::T_OUT, .sector = number, .output = sector}).status ==
          blk::S_OK);
    CHECK(rig.execute({.type = blk::T_IN, .sector = number, .input = sector}).status == blk::S_OK);
  }
  CHECK(rig.execute({.type = blk::T_OUT, .sector = kSectorCount, .output = sector}).status ==
        blk::S_IOERR);
  CHECK(rig.execute({.type = blk::T_IN, .sector = kSectorCount, .input = sector}).status ==
        blk::S_IOERR);
}

TEST_CASE("a request that goes beyond the end fails as a whole, wherever it starts") {
  Rig rig;
  const Bytes two(1024);
  // 2^55 sectors are 2^64 bytes; 2^64 - 1 plus two sectors wraps.
  for (const std::uint64_t sector :
       {kSectorCount - 1, kSectorCount, kSectorCount + 1, std::uint64_t{1} << 55,
        (std::uint64_t{1} << 55) - 1, (std::uint64_t{1} << 55) + 1, UINT64_MAX - 1, UINT64_MAX}) {
    CAPTURE(sector);
    CHECK(rig.execute({.type = blk::T_OUT, .sector = sector, .output = two}).status ==
          blk::S_IOERR);
    Bytes input(1024, std::byte{0xaa});
    const BlockDriver::Answer answer =
        rig.execute({.type = blk::T_IN, .sector = sector, .input = input});
    CHECK(answer.status == blk::S_IOERR);
    CHECK(answer.usedBytes == 0);
  }
  CHECK(rig.store.countOf(StoreOperation::Write) == 0);
  CHECK(rig.store.countOf(StoreOperation::Read) == 0);
}

TEST_CASE("data that is not whole sectors, or none, is refused") {
  Rig rig;
  for (const std::size_t size : {0U, 1U, 511U, 513U, 1023U}) {
    CAPTURE(size);
    Bytes data(size);
    CHECK(rig.execute({.type = blk::T_OUT, .output = data}).status == blk::S_IOERR);
    CHECK(rig.execute({.type = blk::T_IN, .input = data}).status == blk::S_IOERR);
  }
  CHECK(rig.counters().failures == 10);
  CHECK(rig.counters().malformedChains == 0);
}

TEST_CASE("a type that is not supported is answered so, with data or without") {
  Rig rig({.wantedFeatures = virtio::FeatureSet().with(virtio::spec::F_VERSION_1)});
  const Bytes output(512);
  // SCSI commands, lifetime, secure erase, what nobody knows, and, as long as the driver did not
  // accept them, discard and write zeroes.
  for (const std::uint32_t type : {2U, 3U, 10U, 11U, 13U, 14U, 99U, 0x8000'0000U, UINT32_MAX}) {
    CAPTURE(type);
    CHECK(rig.execute({.type = type}).status == blk::S_UNSUPP);
    CHECK(rig.execute({.type = type, .output = output}).status == blk::S_UNSUPP);
    Bytes input(512);
    CHECK(rig.execute({.type = type, .input = input}).status == blk::S_UNSUPP);
  }
}

TEST_CASE("the id fills its 20 bytes with zeros behind it") {
  Rig rig({}, "vol0123456789");
  Bytes id(20, std::byte{0xaa});

  const BlockDriver::Answer answer = rig.execute({.type = blk::T_GET_ID, .input = id});

  CHECK(answer.status == blk::S_OK);
  CHECK(answer.usedBytes == 21);
  const std::string_view expected("vol0123456789\0\0\0\0\0\0\0", 20);
  CHECK(std::memcmp(id.data(), expected.data(), 20) == 0);
}

TEST_CASE("a shorter buffer gets the start of the id, a longer one nothing behind it") {
  const std::string id = "vol0123456789abcdef0";
  Rig rig({}, id);
  for (const std::size_t size : {0U, 1U, 19U, 20U, 21U, 512U}) {
    CAPTURE(size);
    Bytes input(size);
    const BlockDriver::Answer answer = rig.execute({.type = blk::T_GET_ID, .input = input});
    CHECK(answer.status == blk::S_OK);
    CHECK(answer.usedBytes == (size <= 20 ? size + 1 : 20));
    const std::size_t count = std::min<std::size_t>(size, 20);
    CHECK(std::ranges::equal(std::span(input).first(count),
                             std::as_bytes(std::span(id)).first(count)));
    CHECK(std::ranges::all_of(std::span(input).subspan(count),
                              [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TEST_CASE("a flush with a sector or with data is a flush") {
  Rig rig;
  const Bytes output(512);

  CHECK(rig.execute({.type = blk::T_FLUSH, .sector = 12345}).status == blk::S_OK);
  CHECK(rig.execute({.type = blk::T_FLUSH, .output = output}).status == blk::S_OK);

  CHECK(rig.store.countOf(StoreOperation::Flush) == 2);
  CHECK(rig.store.countOf(StoreOperation::Write) == 0);
}

TEST_CASE("a header that is too short is answered with an error") {
  Rig rig;
  const blk::RequestHeader header{
      .type = blk::T_FLUSH, .reserved = std::uint32_t{0}, .sector = std::uint64_t{0}};
  for (const std::size_t size : {0U, 1U, 8U, 15U}) {
    CAPTURE(size);
    const RawOutcome outcome = executeRaw(rig, header, size, 10);
    CHECK(outcome.status == std::byte{blk::S_IOERR});
    CHECK(outcome.usedBytes == 0);
  }
  CHECK(executeRaw(rig, header, 16, 1).status == std::byte{blk::S_OK});
  CHECK(rig.counters().malformedChains == 4);
}

TEST_CASE("a chain without a status byte is given back all the same") {
  Rig rig;
  const blk::RequestHeader header{
      .type = blk::T_OUT, .reserved = std::uint32_t{0}, .sector = std::uint64_t{0}};

  CHECK(executeRaw(rig, header, 16 + 512, 0).usedBytes == 0);

  CHECK(rig.store.countOf(StoreOperation::Write) == 0);
  CHECK_OK(rig.driver.flush());
}

TEST_CASE("a request may move 32 MiB and not a sector more") {
  const test::Backend backend(test::makeMemoryStore(std::uint64_t{64} << 20));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  BlockDriver driver(*session);
  frontend::Arena& arena = session->arena();
  const Result<frontend::ArenaBlock> piece = arena.allocate(1 << 20, 4096);
  const Result<frontend::ArenaBlock> header = arena.allocate(16, 16);
  const Result<frontend::ArenaBlock> status = arena.allocate(1, 1);
  REQUIRE_OK(piece);
  REQUIRE_OK(header);
  REQUIRE_OK(status);
  for (const std::uint32_t extraBytes : {0U, 512U}) {
    CAPTURE(extraBytes);
    // The same MiB over and over.
    std::vector<Buffer> buffers = {{.address = header->address, .lengthBytes = 16}};
    for (std::uint64_t done = 0; done < kRequestBytesMax; done += 1 << 20) {
      buffers.push_back({.address = piece->address, .lengthBytes = 1 << 20});
    }
    if (extraBytes > 0) {
      buffers.push_back({.address = piece->address, .lengthBytes = extraBytes});
    }
    buffers.push_back({.address = status->address, .lengthBytes = 1, .isWritable = true});
    const blk::RequestHeader wire{
        .type = blk::T_OUT, .reserved = std::uint32_t{0}, .sector = std::uint64_t{0}};
    std::memcpy(header->bytes.data(), &wire, sizeof wire);
    REQUIRE(session->queue(0).add(buffers).has_value());
    if (session->queue(0).publish()) {
      session->kick(0);
    }
    REQUIRE_OK(driver.waitUsed());
    CHECK(status->bytes.front() == std::byte{extraBytes == 0 ? blk::S_OK : blk::S_IOERR});
  }
}

TEST_CASE("a store's error is an I/O error, and what a read did not bring reads as zeros") {
  for (const ScriptedStore::Action action :
       {ScriptedStore::Action::FailIo, ScriptedStore::Action::FailNoSpace}) {
    CAPTURE(static_cast<int>(action));
    Rig rig;
    rig.store.setScript([action](const StoreRequest&) { return action; });
    const Bytes output(512);
    Bytes input(512, std::byte{0xaa});

    CHECK(rig.execute({.type = blk::T_OUT, .output = output}).status == blk::S_IOERR);
    CHECK(rig.execute({.type = blk::T_FLUSH}).status == blk::S_IOERR);
    const BlockDriver::Answer read = rig.execute({.type = blk::T_IN, .input = input});
    CHECK(read.status == blk::S_IOERR);
    CHECK(read.usedBytes == 513);
    CHECK(input == Bytes(512));
    CHECK(rig.counters().failures == 3);
    CHECK(rig.counters().reads == 0);
  }
}

TEST_CASE("an indirect table is refused by a ring that did not negotiate it") {
  Rig rig({.wantedFeatures = virtio::FeatureSet().with(virtio::spec::F_VERSION_1)});

  const Result<BlockDriver::Answer> answer =
      rig.driver.execute({.type = blk::T_FLUSH, .isIndirect = true});

  REQUIRE_OK(answer);
  // Nothing of the table is known, the status neither.
  CHECK(answer->status == 0xff);
  CHECK(answer->usedBytes == 0);
  CHECK_OK(rig.driver.flush());
}

TEST_CASE("counters say what was done, ring by ring") {
  Rig rig;
  Bytes data(1024);
  REQUIRE_OK(rig.driver.write(0, data));
  REQUIRE_OK(rig.driver.read(0, data));
  REQUIRE_OK(rig.driver.read(512, std::span(data).first(512)));
  REQUIRE_OK(rig.driver.flush());

  const QueueSnapshot counters = rig.counters();

  CHECK(counters.writes == 1);
  CHECK(counters.writtenBytes == 1024);
  CHECK(counters.reads == 2);
  CHECK(counters.readBytes == 1536);
  CHECK(counters.flushes == 1);
  CHECK(counters.failures == 0);
  CHECK(counters.malformedChains == 0);
  CHECK(counters.calls > 0);
}

} // namespace argon::block
