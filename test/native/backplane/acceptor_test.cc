// SPDX-License-Identifier: Apache-2.0
#include "backplane/acceptor.h"

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/loop_thread.h"
#include "support/recording_log.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace {

// Takes one connection after another, and pauses after each if it is told to.
class Taker final : public AcceptorOwner {
public:
  explicit Taker(const std::string& path, bool pausesAfterEach = false)
      : pausesAfterEach_(pausesAfterEach) {
    thread_.run([&] {
      Result<std::unique_ptr<Acceptor>> acceptor =
          Acceptor::open(path, thread_.loop(), *this, Log(log_, "test"));
      REQUIRE_OK(acceptor);
      acceptor_ = *std::move(acceptor);
    });
  }
  Taker(const Taker&) = delete;
  Taker& operator=(const Taker&) = delete;
  ~Taker() {
    thread_.run([this] { acceptor_ = nullptr; });
  }

  void onAccepted(UniqueFd socket) override {
    const std::scoped_lock lock(mutex_);
    taken_.push_back(std::move(socket));
    if (pausesAfterEach_) {
      acceptor_->pause();
    }
  }

  void resume() {
    thread_.run([this] { REQUIRE_OK(acceptor_->resume()); });
  }
  [[nodiscard]] std::size_t takenCount() {
    const std::scoped_lock lock(mutex_);
    return taken_.size();
  }
  [[nodiscard]] test::RecordingLog& log() { return log_; }

private:
  bool pausesAfterEach_;
  test::RecordingLog log_;
  std::mutex mutex_;
  std::vector<UniqueFd> taken_;
  test::LoopThread thread_;
  std::unique_ptr<Acceptor> acceptor_;
};

} // namespace

TEST_CASE("an acceptor listens for its own user alone, and its file goes with it") {
  const test::TempDir dir;
  const std::string path = dir.path("s");
  {
    Taker taker(path);
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const Result<frontend::Channel> first = frontend::Channel::connectTo(path);
    const Result<frontend::Channel> second = frontend::Channel::connectTo(path);
    REQUIRE_OK(first);
    REQUIRE_OK(second);
    CHECK(test::waitUntil([&] { return taker.takenCount() == 2; }));
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("an acceptor that pauses leaves the next one waiting, and takes it later") {
  const test::TempDir dir;
  Taker taker(dir.path("s"), true);
  const Result<frontend::Channel> first = frontend::Channel::connectTo(dir.path("s"));
  REQUIRE_OK(first);
  REQUIRE(test::waitUntil([&] { return taker.takenCount() == 1; }));
  const Result<frontend::Channel> second = frontend::Channel::connectTo(dir.path("s"));
  REQUIRE_OK(second);
  taker.resume();
  CHECK(test::waitUntil([&] { return taker.takenCount() == 2; }));
}

TEST_CASE("an acceptor takes the place of one that is gone, not of one that is there") {
  const test::TempDir dir;
  Taker taker(dir.path("s"));
  test::LoopThread thread;
  thread.run([&] {
    const Result<std::unique_ptr<Acceptor>> other =
        Acceptor::open(dir.path("s"), thread.loop(), taker, Log(silentLogSink(), "other"));
    REQUIRE(!other.has_value());
    CHECK(other.error().kind() == ErrorKind::AlreadyExists);
  });
}

TEST_CASE("a process without descriptors accepts again when it has some") {
  const test::TempDir dir;
  Taker taker(dir.path("s"));
  const Result<frontend::Channel> channel = frontend::Channel::connectTo(dir.path("s"));
  REQUIRE_OK(channel);
  REQUIRE(test::waitUntil([&] { return taker.takenCount() == 1; }));

  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  Result<UniqueFd> probe = createEventFd();
  REQUIRE_OK(probe);
  rlimit none = limit;
  // The front end's socket is the last descriptor that there is.
  none.rlim_cur = static_cast<rlim_t>(probe->get()) + 1;
  probe->reset();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const Result<frontend::Channel> waiting = frontend::Channel::connectTo(dir.path("s"));
  const bool isNoticed = test::waitUntil([&] { return taker.log().contains("accept"); });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);

  CHECK_OK(waiting);
  CHECK(isNoticed);
  CHECK(test::waitUntil([&] { return taker.takenCount() == 2; }));
}

} // namespace argon::backplane
