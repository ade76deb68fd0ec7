// SPDX-License-Identifier: Apache-2.0
#include "frontend/image_writer.h"

#include "base/error.h"
#include "base/result.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/random.h"
#include "support/scripted_store.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <ios>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

using test::ScriptedStore;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kDeviceBytes = 4 << 20;

struct Rig {
  Rig() : Rig(std::make_unique<ScriptedStore>(kDeviceBytes)) {}
  explicit Rig(std::unique_ptr<ScriptedStore> made)
      : store(*made), backend(std::move(made)), session(backend.connect()) {}

  std::string writeFile(const Bytes& bytes) {
    std::string path = dir.path("image");
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    for (const std::byte byte : bytes) {
      file.put(static_cast<char>(byte));
    }
    return path;
  }
  Bytes readDevice(std::uint64_t size) {
    Bytes bytes(size);
    BlockDriver driver(*session);
    REQUIRE_OK(driver.read(0, bytes));
    return bytes;
  }
  Result<ImageWriter::Totals> write(const Bytes& image) {
    ImageWriter writer;
    return writer.write(*session, writeFile(image));
  }

  test::TempDir dir;
  ScriptedStore& store;
  test::Backend backend;
  std::unique_ptr<Session> session;
};

ErrorKind kindOf(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind();
}

Bytes randomBytes(std::size_t count) { return test::Random(1).bytes(count); }

} // namespace

TEST_CASE("an image is copied byte for byte and flushed") {
  Rig rig;
  const Bytes image = randomBytes((1 << 20) + 8192);

  const Result<ImageWriter::Totals> totals = rig.write(image);

  REQUIRE_OK(totals);
  CHECK(totals->imageBytes == image.size());
  CHECK(totals->writtenBytes == image.size());
  CHECK(rig.readDevice(image.size()) == image);
  CHECK(rig.store.countOf(StoreOperation::Flush) == 1);
}

TEST_CASE("blocks of zeros are left out, the rest lies where it belongs") {
  Rig rig;
  Bytes image(1 << 20);
  image[0] = std::byte{1};
  image[3 * 4096 - 1] = std::byte{2};
  image[100 * 4096] = std::byte{3};
  image[101 * 4096 + 5] = std::byte{4};
  image.back() = std::byte{5};

  const Result<ImageWriter::Totals> totals = rig.write(image);

  REQUIRE_OK(totals);
  CHECK(totals->writtenBytes == 5 * 4096);
  // Neighbors go together.
  CHECK(rig.store.countOf(StoreOperation::Write) == 4);
  CHECK(rig.readDevice(image.size()) == image);
}

TEST_CASE("an image of zeros writes nothing but flushes") {
  Rig rig;

  const Result<ImageWriter::Totals> totals = rig.write(Bytes(100'000));

  REQUIRE_OK(totals);
  CHECK(totals->writtenBytes == 0);
  CHECK(rig.store.countOf(StoreOperation::Write) == 0);
  CHECK(rig.store.countOf(StoreOperation::Flush) == 1);
}

TEST_CASE("an empty image is copied too") {
  Rig rig;

  const Result<ImageWriter::Totals> totals = rig.write({});

  REQUIRE_OK(totals);
  CHECK(totals->imageBytes == 0);
}

TEST_CASE("an image of any size is filled up to a sector with zeros") {
  for (const std::size_t size :
       {1U, 511U, 512U, 513U, 4095U, 4097U, (1U << 20) - 1, (1U << 20) + 1}) {
    CAPTURE(size);
    Rig rig;
    Bytes image = randomBytes(size);
    image.back() = std::byte{0x77};

    const Result<ImageWriter::Totals> totals = rig.write(image);

    REQUIRE_OK(totals);
    CHECK(totals->imageBytes == size);
    CHECK(totals->writtenBytes == (size + 511) / 512 * 512);
    image.resize((size + 511) / 512 * 512);
    CHECK(rig.readDevice(image.size()) == image);
  }
}

TEST_CASE("an image may be as large as the device and not a byte larger") {
  Rig rig;
  const std::string path = rig.dir.path("sparse");
  std::ofstream(path).flush();
  std::filesystem::resize_file(path, kDeviceBytes);
  ImageWriter writer;
  CHECK_OK(writer.write(*rig.session, path));

  std::filesystem::resize_file(path, kDeviceBytes + 1);
  CHECK(kindOf(writer.write(*rig.session, path)) == ErrorKind::InvalidArgument);
}

TEST_CASE("an image that is not there or is a folder is an error that names it") {
  Rig rig;
  ImageWriter writer;

  const Result<ImageWriter::Totals> missing = writer.write(*rig.session, rig.dir.path("none"));
  CHECK(kindOf(missing) == ErrorKind::NotFound);
  CHECK(missing.error().message().find(rig.dir.path("none")) != std::string::npos);
  CHECK_FALSE(writer.write(*rig.session, rig.dir.path(".")).has_value());
}

TEST_CASE("a device that cannot write ends the copy with an error") {
  Rig rig;
  rig.store.setScript([](const StoreRequest& request) {
    return request.operation == StoreOperation::Write && request.offsetBytes >= (1 << 20)
               ? ScriptedStore::Action::FailNoSpace
               : ScriptedStore::Action::Perform;
  });

  CHECK(kindOf(rig.write(randomBytes(3 << 20))) == ErrorKind::HostIo);
}

TEST_CASE("a device that cannot flush ends the copy with an error") {
  Rig rig;
  rig.store.setScript([](const StoreRequest& request) {
    return request.operation == StoreOperation::Flush ? ScriptedStore::Action::FailIo
                                                      : ScriptedStore::Action::Perform;
  });

  CHECK(kindOf(rig.write(randomBytes(4096))) == ErrorKind::HostIo);
}

TEST_CASE("progress goes up to the size of the image") {
  Rig rig;
  ImageWriter writer;
  CHECK(writer.doneBytes() == 0);

  REQUIRE_OK(writer.write(*rig.session, rig.writeFile(randomBytes((2 << 20) + 100))));

  CHECK(writer.doneBytes() == (2 << 20) + 100);
}

TEST_CASE("a copy that is cancelled stops soon, as closed, and without a flush") {
  Rig rig;
  const std::string path = rig.writeFile(randomBytes(3 << 20));
  rig.store.setScript([](const StoreRequest& request) {
    return request.offsetBytes >= (1 << 20) ? ScriptedStore::Action::Hold
                                            : ScriptedStore::Action::Perform;
  });
  ImageWriter writer;
  std::future<Result<ImageWriter::Totals>> copying = std::async(
      std::launch::async, [&writer, &rig, &path] { return writer.write(*rig.session, path); });
  REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 1; }));
  CHECK(writer.doneBytes() == 1 << 20);

  writer.cancel();
  rig.store.releaseAll();
  const Result<ImageWriter::Totals> outcome = copying.get();

  CHECK(kindOf(outcome) == ErrorKind::Closed);
  CHECK(writer.doneBytes() == 2 << 20);
  CHECK(rig.store.countOf(StoreOperation::Flush) == 0);
}

TEST_CASE("an image that is cut short while it is copied is an error, not a short volume") {
  Rig rig;
  const std::string path = rig.writeFile(randomBytes(3 << 20));
  rig.store.setScript([](const StoreRequest&) { return ScriptedStore::Action::Hold; });
  ImageWriter writer;
  std::future<Result<ImageWriter::Totals>> copying = std::async(
      std::launch::async, [&writer, &rig, &path] { return writer.write(*rig.session, path); });
  REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 1; }));

  std::filesystem::resize_file(path, (1 << 20) + 512);
  rig.store.releaseAll();

  CHECK(kindOf(copying.get()) == ErrorKind::HostIo);
}

} // namespace argon::frontend
