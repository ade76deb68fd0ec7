// SPDX-License-Identifier: Apache-2.0
#include "block/device.h"

#include "base/error.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/config.h"
#include "block/worker.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "storage/block_store.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/death.h"
#include "support/loop_thread.h"
#include "support/recording_log.h"
#include "support/scripted_store.h"
#include "support/second_device.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/blk.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;
using test::ScriptedStore;

constexpr std::uint64_t kDeviceBytes = 1 << 20;

// A device with its loop and workers, but no socket.
class Rig {
public:
  explicit Rig(std::unique_ptr<ScriptedStore> store, std::size_t workerCount = 1) : store_(*store) {
    for (std::size_t count = 0; count < workerCount; ++count) {
      Result<std::unique_ptr<Worker>> worker = Worker::start({.pollMode = PollMode::Off});
      REQUIRE_OK(worker);
      workers_.push_back(*std::move(worker));
    }
    device_ =
        std::make_unique<BlockDevice>(BlockDevice::Options{.id = "vol", .queueCount = 2},
                                      std::move(store), loop_.loop(), workers_, Log(log_, "vol"));
  }
  Rig() : Rig(std::make_unique<ScriptedStore>(kDeviceBytes)) {}
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig() {
    if (device_ != nullptr) {
      close();
    }
    for (const std::unique_ptr<Worker>& worker : workers_) {
      worker->stop();
    }
  }

  void close() {
    std::promise<void> closed;
    loop_.run([this, &closed] { device_->close([&closed] { closed.set_value(); }); });
    REQUIRE(closed.get_future().wait_for(std::chrono::milliseconds(test::kDeadlineMs)) ==
            std::future_status::ready);
    loop_.run([this] { device_ = nullptr; });
  }

  BlockDevice& device() { return *device_; }
  ScriptedStore& store() { return store_; }
  test::RecordingLog& log() { return log_; }

private:
  test::LoopThread loop_;
  test::RecordingLog log_;
  std::vector<std::unique_ptr<Worker>> workers_;
  ScriptedStore& store_;
  std::unique_ptr<BlockDevice> device_;
};

// Counts flushes of a store that goes with its device.
std::unique_ptr<ScriptedStore> makeCounting(std::atomic<int>& flushCount,
                                            ScriptedStore::Action action) {
  auto store = std::make_unique<ScriptedStore>(kDeviceBytes);
  store->setScript([&flushCount, action](const StoreRequest& request) {
    if (request.operation != StoreOperation::Flush) {
      return ScriptedStore::Action::Perform;
    }
    ++flushCount;
    return action;
  });
  return store;
}

} // namespace

TEST_CASE("a device offers what its geometry says") {
  Rig rig;

  CHECK(rig.device().offeredFeatures() ==
        offeredFeatures({.sizeBytes = kDeviceBytes, .queueCount = 2}));
  CHECK(rig.device().queueCount() == 2);
}

TEST_CASE("the configuration fills what there is room for") {
  Rig rig;
  const blk::Config expected = makeConfig({.sizeBytes = kDeviceBytes, .queueCount = 2}, true);
  const std::span<const std::byte> bytes = test::bytesOf(expected);
  for (const std::size_t size : {0U, 1U, 8U, 60U, 72U, 256U}) {
    CAPTURE(size);
    std::vector<std::byte> into(size, std::byte{0xee});
    rig.device().readConfig(into);
    const std::size_t filled = std::min(size, bytes.size());
    CHECK(std::ranges::equal(std::span(into).first(filled), bytes.first(filled)));
    CHECK(std::ranges::all_of(std::span(into).subspan(filled),
                              [](std::byte byte) { return byte == std::byte{0xee}; }));
  }
}

TEST_CASE("one field of the configuration can be written: 0 and 1 into writeback") {
  Rig rig;
  const auto write = [&rig](std::size_t offset, const std::vector<std::byte>& bytes) {
    const Result<void> written = rig.device().writeConfig(offset, bytes);
    if (!written) {
      CHECK(written.error().kind() == ErrorKind::Unsupported);
    }
    return written.has_value();
  };
  const auto writeback = [&rig] {
    std::vector<std::byte> config(60);
    rig.device().readConfig(config);
    return std::to_integer<int>(config[32]);
  };
  CHECK(writeback() == 1);
  for (const std::size_t offset : {0U, 31U, 33U, 71U, 255U}) {
    CAPTURE(offset);
    CHECK_FALSE(write(offset, {std::byte{0}}));
  }
  CHECK_FALSE(write(32, {std::byte{0}, std::byte{0}}));
  CHECK_FALSE(write(32, {std::byte{2}}));
  CHECK(writeback() == 1);

  CHECK(write(32, {std::byte{0}}));
  CHECK(writeback() == 0);
  CHECK(write(32, {std::byte{1}}));
  CHECK(writeback() == 1);
  CHECK(write(32, {std::byte{0}}));
  rig.device().reset();
  CHECK(writeback() == 1);
}

TEST_CASE("a device that closes flushes its store once, used or not") {
  std::atomic<int> flushCount = 0;
  {
    Rig unused(makeCounting(flushCount, ScriptedStore::Action::Perform), 2);
    unused.close();
    CHECK(flushCount == 1);
    CHECK_FALSE(unused.log().contains("flush"));
  }
  {
    const test::Backend used(makeCounting(flushCount, ScriptedStore::Action::Perform),
                             {.workerCount = 2});
    const std::unique_ptr<frontend::Session> session = used.connect();
    frontend::BlockDriver driver(*session);
    REQUIRE_OK(driver.write(0, std::vector<std::byte>(512)));
    CHECK(flushCount == 1);
  }
  CHECK(flushCount == 2);
}

TEST_CASE("a last flush that fails is logged, and the device closes all the same") {
  std::atomic<int> flushCount = 0;
  Rig rig(makeCounting(flushCount, ScriptedStore::Action::FailIo));

  rig.close();

  CHECK(flushCount == 1);
  CHECK(rig.log().contains("the last flush failed; writes since the one before may be lost"));
}

TEST_CASE("a device whose store cannot be opened closes all the same") {
  auto store = std::make_unique<ScriptedStore>(kDeviceBytes);
  store->refuseChannels();
  Rig rig(std::move(store));

  rig.close();

  CHECK(rig.log().contains("no channel, as the script says"));
}

TEST_CASE("an id of more than 20 bytes is a mistake of ours") {
  test::checkDies("options.id.size() <= blk::ID_BYTES", [] {
    test::LoopThread loop;
    std::vector<std::unique_ptr<Worker>> workers;
    workers.push_back(*Worker::start({.pollMode = PollMode::Off}));
    const BlockDevice device({.id = std::string(21, 'x')},
                             std::make_unique<ScriptedStore>(kDeviceBytes), loop.loop(), workers,
                             Log(silentLogSink(), "vol"));
  });
}

TEST_CASE("a device that goes without having been closed is a mistake of ours") {
  test::checkDies("isClosed_", [] {
    test::LoopThread loop;
    std::vector<std::unique_ptr<Worker>> workers;
    workers.push_back(*Worker::start({.pollMode = PollMode::Off}));
    const BlockDevice device({.id = "vol"}, std::make_unique<ScriptedStore>(kDeviceBytes),
                             loop.loop(), workers, Log(silentLogSink(), "vol"));
  });
}

TEST_CASE("a new call descriptor is signalled once, and has all calls from then on") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  frontend::BlockDriver driver(*session);
  REQUIRE_OK(driver.flush());
  const Result<UniqueFd> call = createEventFd();
  REQUIRE_OK(call);
  const std::uint64_t ring = 0;
  REQUIRE_OK(session->channel().tell(spec::Request::SET_VRING_CALL, test::bytesOf(ring),
                                     std::array{call->get()}));

  CHECK(frontend::waitForEvent(call->get(), test::kDeadlineMs));
  test::AsyncDriver async(*session, {.slotCount = 1});
  static_cast<void>(async.queue().enableCalls());
  REQUIRE(async.offer(0, {.type = blk::T_FLUSH}));
  async.publish();
  CHECK(frontend::waitForEvent(call->get(), test::kDeadlineMs));
}

// A worker that is held up for a while must not cost the process.
TEST_CASE("call descriptors may change faster than a worker takes them") {
  auto made = std::make_unique<ScriptedStore>(kDeviceBytes);
  ScriptedStore& store = *made;
  const test::Backend backend(std::move(made));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  std::promise<void> goOn;
  std::promise<void> isHeld;
  // Holds the worker itself up, at its first request.
  store.setScript([&goOn, &isHeld, isFirst = true](const StoreRequest&) mutable {
    if (std::exchange(isFirst, false)) {
      isHeld.set_value();
      goOn.get_future().wait();
    }
    return ScriptedStore::Action::Perform;
  });
  test::AsyncDriver driver(*session, {.slotCount = 1});
  REQUIRE(driver.offer(0, {.type = blk::T_FLUSH}));
  driver.publish();
  isHeld.get_future().wait();

  // More than fit a worker's mailbox; every 200th is acknowledged.
  constexpr int kBatchCount = 400;
  constexpr int kBatchSize = 200;
  const std::uint64_t noFd = spec::VRING_NOFD_MASK;
  std::vector<std::byte> batch;
  for (int number = 0; number + 1 < kBatchSize; ++number) {
    const spec::Header header{.request = 13, .flags = spec::kVersion, .size = sizeof noFd};
    const auto append = [&batch](std::span<const std::byte> bytes) {
      batch.insert(batch.end(), bytes.begin(), bytes.end());
    };
    append(test::bytesOf(header));
    append(test::bytesOf(noFd));
  }
  for (int number = 0; number < kBatchCount; ++number) {
    REQUIRE_OK(session->channel().sendRaw(batch));
    REQUIRE_OK(session->channel().tell(spec::Request::SET_VRING_CALL, test::bytesOf(noFd)));
  }
  const std::uint64_t ring = 0;
  REQUIRE_OK(session->channel().tell(spec::Request::SET_VRING_CALL, test::bytesOf(ring),
                                     std::array{session->callFd(0)}));
  goOn.set_value();

  // The last one that came is the one that is called.
  CHECK_OK(driver.waitAllOk());
}

TEST_CASE("a call descriptor that would block holds up neither its worker nor its neighbors") {
  test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  const std::unique_ptr<frontend::Session> other = neighbor.connect();
  // Full, and made to block.
  const UniqueFd call(::eventfd(0, EFD_CLOEXEC));
  const std::uint64_t full = UINT64_MAX - 1;
  REQUIRE(::write(call.get(), &full, sizeof full) == ssize_t{sizeof full});
  const std::uint64_t ring = 0;

  REQUIRE_OK(session->channel().tell(spec::Request::SET_VRING_CALL, test::bytesOf(ring),
                                     std::array{call.get()}));

  frontend::BlockDriver driver(*other);
  driver.setTimeoutMs(test::kDeadlineMs);
  const bool isWorking = driver.flush().has_value();
  CHECK(isWorking);
  if (!isWorking) {
    // Lets the worker go, so that this test ends.
    std::uint64_t count = 0;
    REQUIRE(::read(call.get(), &count, sizeof count) == ssize_t{sizeof count});
  }
}

} // namespace argon::block
