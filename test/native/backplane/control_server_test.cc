// SPDX-License-Identifier: Apache-2.0
#include "backplane/control_server.h"

#include "backplane/control_client.h"
#include "backplane/plane.h"
#include "backplane/plane_scene.h"
#include "backplane/spec/control.h"
#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/loop_thread.h"
#include "support/process.h"
#include "support/recording_log.h"
#include "support/socket_pair.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/vhost_peer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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

namespace argon::backplane {

using spec::Method;
using test::bytesOf;

namespace {

class ServerScene {
public:
  ServerScene() {
    thread_.run([this] {
      plane_ = std::make_unique<Plane>(thread_.loop(), Log(log_, "plane"));
      Result<std::unique_ptr<ControlServer>> server = ControlServer::open(
          path(), thread_.loop(), *plane_, Log(log_, "control"), [this] { isShutDown_ = true; });
      REQUIRE_OK(server);
      server_ = *std::move(server);
    });
  }
  ServerScene(const ServerScene&) = delete;
  ServerScene& operator=(const ServerScene&) = delete;
  ~ServerScene() {
    thread_.run([this] {
      server_ = nullptr;
      plane_ = nullptr;
    });
  }

  [[nodiscard]] std::string path(const std::string& name = "backplane.sock") const {
    return dir_.path(name);
  }
  [[nodiscard]] UniqueFd dial() const {
    const Result<frontend::Channel> channel = frontend::Channel::connectTo(path());
    REQUIRE_OK(channel);
    UniqueFd copy(::fcntl(channel->fd(), F_DUPFD_CLOEXEC, 3));
    REQUIRE(copy.isOpen());
    return copy;
  }
  [[nodiscard]] bool isShutDown() const { return isShutDown_; }
  [[nodiscard]] test::RecordingLog& log() { return log_; }

private:
  test::TempDir dir_;
  test::RecordingLog log_;
  std::atomic<bool> isShutDown_ = false;
  test::LoopThread thread_;
  std::unique_ptr<Plane> plane_;
  std::unique_ptr<ControlServer> server_;
};

std::string number(std::uint32_t value) {
  std::string text(sizeof value, '\0');
  std::memcpy(text.data(), &value, sizeof value);
  return text;
}

struct Answered {
  std::uint16_t status = 0;
  std::string payload;
  std::vector<UniqueFd> fds;
};

class Controller {
public:
  explicit Controller(const ServerScene& scene) : client_(scene.dial()) {}

  // Says hello before anything else.
  Answered ask(Method method, std::string_view payload, std::span<const int> fds = {}) {
    if (number_ == 0 && method != Method::HELLO) {
      CHECK(exchange(Method::HELLO, number(spec::kVersion), {}).status == 0);
    }
    return exchange(method, payload, fds);
  }
  Answered exchange(Method method, std::string_view payload, std::span<const int> fds) {
    const spec::FrameHeader header{.magic = spec::kMagic,
                                   .payloadBytes = static_cast<std::uint32_t>(payload.size()),
                                   .number = ++number_,
                                   .method = static_cast<std::uint16_t>(method),
                                   .status = 0};
    std::vector<std::byte> frame(sizeof header + payload.size());
    std::memcpy(frame.data(), &header, sizeof header);
    std::ranges::copy(std::as_bytes(std::span(payload)), frame.begin() + sizeof header);
    Result<ControlClient::Frame> answer = client_.exchange(frame, fds, test::kDeadlineMs);
    REQUIRE_OK(answer);
    spec::FrameHeader got{};
    std::memcpy(&got, answer->bytes.data(), sizeof got);
    CHECK(got.number == header.number);
    CHECK(got.method == header.method);
    std::string text(answer->bytes.size() - sizeof got, '\0');
    std::memcpy(text.data(), answer->bytes.data() + sizeof got, text.size());
    return {.status = got.status, .payload = text, .fds = std::move(answer->fds)};
  }
  // True if the method was refused for this.
  bool isRefused(Method method, std::string_view payload, ErrorKind kind,
                 std::span<const int> fds = {}) {
    const Answered answer = ask(method, payload, fds);
    return answer.status == 1 + static_cast<std::uint16_t>(kind) && !answer.payload.empty();
  }
  void tell(Method method, std::string_view payload, std::span<const int> fds = {}) {
    const Answered answer = ask(method, payload, fds);
    INFO(answer.payload);
    CHECK(answer.status == 0);
    CHECK(answer.payload.empty());
    CHECK(answer.fds.empty());
  }

private:
  ControlClient client_;
  std::uint32_t number_ = 0;
};

std::string slotRequest(std::uint32_t slot, std::uint64_t mapBytes, const std::string& path) {
  const spec::SlotRequest request{.slot = slot, .padding = 0, .mapBytes = mapBytes};
  std::string text(sizeof request, '\0');
  std::memcpy(text.data(), &request, sizeof request);
  return text + path;
}

} // namespace

TEST_CASE("a controller and its backplane agree on a version first") {
  const ServerScene scene;
  Controller controller(scene);
  const Answered answer = controller.ask(Method::HELLO, number(spec::kVersion));
  CHECK(answer.status == 0);
  CHECK(answer.payload == number(spec::kVersion) + number(static_cast<std::uint32_t>(::getpid())));
}

TEST_CASE("a controller that does not say hello first is hung up on, and nothing is done for it") {
  ServerScene scene;
  for (const Method method : {Method::OPEN_SLOT, Method::DROP_FD, Method::LIST_FDS,
                              Method::SHUT_DOWN, static_cast<Method>(0)}) {
    ControlClient client(scene.dial());
    const spec::FrameHeader header{.magic = spec::kMagic,
                                   .payloadBytes = 0,
                                   .number = 1,
                                   .method = static_cast<std::uint16_t>(method),
                                   .status = 0};
    const Result<ControlClient::Frame> answer =
        client.exchange(bytesOf(header), {}, test::kDeadlineMs);
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind() == ErrorKind::Closed);
  }
  {
    // A hello that is none does not count as one.
    ControlClient client(scene.dial());
    spec::FrameHeader header{
        .magic = spec::kMagic, .payloadBytes = 0, .number = 1, .method = 1, .status = 0};
    CHECK(client.exchange(bytesOf(header), {}, test::kDeadlineMs).has_value());
    header.method = static_cast<std::uint16_t>(Method::LIST_FDS);
    CHECK_FALSE(client.exchange(bytesOf(header), {}, test::kDeadlineMs).has_value());
  }
  // Nor does the one of the controller before.
  Controller controller(scene);
  controller.tell(Method::DROP_FD, "x");
  CHECK_FALSE(scene.isShutDown());
  CHECK(scene.log().countOf("before HELLO") == 6);
}

TEST_CASE("slots are opened, assigned, described and closed") {
  const ServerScene scene;
  Controller controller(scene);
  controller.tell(Method::OPEN_SLOT, slotRequest(2, 4096, scene.path("2.sock")));
  const ChannelPair channel = makeChannel();
  const int end = channel.backplane.get();
  controller.tell(Method::ATTACH_CARD, "volume", std::span(&end, 1));
  CHECK(controller.ask(Method::LIST_CARDS, "").payload == "volume\n");
  controller.tell(Method::ASSIGN, number(2) + "volume");

  const Answered slots = controller.ask(Method::LIST_SLOTS, "");
  spec::SlotRecord record{};
  REQUIRE(slots.payload.size() == sizeof record);
  std::memcpy(&record, slots.payload.data(), sizeof record);
  CHECK(record.slot == 2);
  CHECK(record.mapBytes == 4096);
  CHECK(record.flags == spec::SERVED);
  CHECK(std::string(record.card) == "volume");

  controller.tell(Method::ASSIGN, number(2));
  controller.tell(Method::DETACH_CARD, "volume");
  controller.tell(Method::CLOSE_SLOT, number(2));
  CHECK(controller.ask(Method::LIST_SLOTS, "").payload.empty());
}

TEST_CASE("descriptors are kept, listed, taken and dropped, also by the next controller") {
  const ServerScene scene;
  test::SocketPair sockets = test::makeSocketPair();
  const int end = sockets.backend.get();
  {
    Controller controller(scene);
    controller.tell(Method::KEEP_FD, "qmp/i-1", std::span(&end, 1));
    controller.tell(Method::KEEP_FD, "bus/volume", std::span(&end, 1));
  }
  sockets.backend.reset();
  Controller controller(scene);
  CHECK(controller.ask(Method::LIST_FDS, "").payload == "bus/volume\nqmp/i-1\n");
  const Answered taken = controller.ask(Method::TAKE_FD, "qmp/i-1");
  REQUIRE(taken.fds.size() == 1);
  CHECK(::write(taken.fds.front().get(), "x", 1) == 1);
  char byte = 0;
  CHECK(::read(sockets.frontend.get(), &byte, 1) == 1);
  controller.tell(Method::DROP_FD, "qmp/i-1");
  CHECK(controller.isRefused(Method::TAKE_FD, "qmp/i-1", ErrorKind::NotFound));
}

TEST_CASE("another controller waits until the first one has hung up") {
  const ServerScene scene;
  std::optional<Controller> first(std::in_place, scene);
  first->tell(Method::DROP_FD, "x");
  Controller second(scene);
  first.reset();
  second.tell(Method::DROP_FD, "x");
}

TEST_CASE("a request that makes no sense is refused, and the next one is not") {
  const ServerScene scene;
  Controller controller(scene);
  const UniqueFd fd = std::move(makeChannel().backplane);
  const int end = fd.get();
  const std::span<const int> one(&end, 1);
  controller.tell(Method::DROP_FD, "x");
  const std::size_t before = test::openFdCount();
  const auto refuses = [&](Method method, std::string_view payload, std::span<const int> fds = {}) {
    return controller.isRefused(method, payload, ErrorKind::InvalidArgument, fds);
  };
  CHECK(refuses(Method::HELLO, "abc"));
  CHECK(refuses(Method::HELLO, number(1), one));
  CHECK(refuses(Method::OPEN_SLOT, "short"));
  CHECK(refuses(Method::OPEN_SLOT, slotRequest(0, 0, "")));
  CHECK(refuses(Method::OPEN_SLOT, slotRequest(5000, 0, scene.path("x"))));
  CHECK(refuses(Method::CLOSE_SLOT, ""));
  CHECK(refuses(Method::ASSIGN, "ab"));
  CHECK(refuses(Method::ASSIGN, number(0) + "a card"));
  CHECK(refuses(Method::ATTACH_CARD, "volume"));
  CHECK(refuses(Method::KEEP_FD, ""));
  CHECK(refuses(Method::KEEP_FD, "", one));
  CHECK(refuses(Method::KEEP_FD, std::string(101, 'x'), one));
  CHECK(refuses(Method::KEEP_FD, "line\nfeed", one));
  CHECK(refuses(Method::DROP_FD, "x", one));
  CHECK(controller.isRefused(static_cast<Method>(99), "x", ErrorKind::Unsupported));
  CHECK(test::openFdCount() == before);
  controller.tell(Method::KEEP_FD, std::string(100, 'x'), one);
}

TEST_CASE("what is no frame ends the connection, and the next controller is served") {
  ServerScene scene;
  for (const spec::FrameHeader& header :
       {spec::FrameHeader{.magic = 1, .payloadBytes = 0, .number = 0, .method = 1, .status = 0},
        spec::FrameHeader{.magic = spec::kMagic,
                          .payloadBytes = spec::kRequestBytesMax + 1,
                          .number = 0,
                          .method = 1,
                          .status = 0}}) {
    ControlClient client(scene.dial());
    const Result<ControlClient::Frame> answer =
        client.exchange(bytesOf(header), {}, test::kDeadlineMs);
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind() == ErrorKind::Closed);
  }
  Controller controller(scene);
  controller.tell(Method::DROP_FD, "x");
  CHECK(scene.log().countOf("hung up on the controller") == 2);
}

TEST_CASE("a controller that goes in the middle of a frame leaves nothing of it") {
  const ServerScene scene;
  const std::size_t before = test::openFdCount();
  {
    frontend::Channel half(scene.dial());
    const spec::FrameHeader header{
        .magic = spec::kMagic, .payloadBytes = 8, .number = 1, .method = 1, .status = 0};
    const test::SocketPair others = test::makeSocketPair();
    const int fd = others.frontend.get();
    REQUIRE_OK(half.sendRaw(bytesOf(header), std::span(&fd, 1)));
  }
  {
    Controller controller(scene);
    controller.tell(Method::DROP_FD, "x");
  }
  CHECK(test::waitUntil([&] { return test::openFdCount() == before; }));
}

TEST_CASE("a controller that shuts the backplane down has its answer first") {
  const ServerScene scene;
  Controller controller(scene);
  controller.tell(Method::SHUT_DOWN, "");
  CHECK(test::waitUntil([&] { return scene.isShutDown(); }));
}

} // namespace argon::backplane
