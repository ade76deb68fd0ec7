// SPDX-License-Identifier: Apache-2.0
#include "support/message_player.h"

#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/fd_socket.h"
#include "base/log.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "memory/memory_region.h"
#include "memory/shared_copy.h"
#include "support/byte_source.h"
#include "support/fake_device.h"
#include "support/memfd.h"
#include "support/message_maker.h"
#include "support/session_model.h"
#include "support/socket_pair.h"
#include "vhost_user/device.h"
#include "vhost_user/ring_queue.h"
#include "vhost_user/session.h"
#include "vhost_user/spec/messages.h"
#include "virtio/chain.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::test {

namespace spec = vhost_user::spec;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{64} * 1024;
// So that an input of nothing but broken messages ends soon.
constexpr unsigned kSessionCountMax = 8;
// Enough to set both rings up and turn them over a few times; what takes more takes its time too.
constexpr unsigned kMessageCountMax = 48;
// Turns of the loop that a session may take at the end for what was sent before. A socket holds a
// few hundred messages, of which it handles several in a turn.
constexpr unsigned kPatienceTurns = 1000;

// True if the other end has read all that was sent.
bool isAllRead(int socket) {
  int unreadBytes = 0;
  ARGON_CHECK(::ioctl(socket, SIOCOUTQ, &unreadBytes) == 0);
  return unreadBytes == 0;
}

// Reads it, though nobody needs what it says.
template <typename Struct>
void readOnce(const std::byte* address) {
  const auto value = fetchOnce<Struct>(address);
  asm volatile("" : : "r"(&value) : "memory");
}

// Reads both ends of what the ring's memory is made of: a mapping that is too short ends the
// process here.
void touch(const vhost_user::RingStart& start) {
  for (const auto& region : start.memory->regions()) {
    readOnce<std::byte>(&region->bytes().front());
    readOnce<std::byte>(&region->bytes().back());
  }
  vhost_user::RingQueue queue = start.queue;
  std::array<iovec, 4> segments{};
  virtio::Chain chain;
  [[maybe_unused]] const auto taken = queue.take({.allowsIndirect = true}, segments, chain);
  [[maybe_unused]] const bool isWaiting = queue.enableKicks();
}

// One conversation, driven by a task on the loop that posts itself.
class Play final : public vhost_user::SessionOwner {
public:
  Play(std::span<const std::byte> input, const frontend::Arena& arena,
       std::span<const MessagePlayer::PoolFd> pool)
      : source_(input), pool_(pool), maker_(arena, pool.size()), loop_(makeLoop()),
        device_(*loop_) {}

  MessagePlayer::Totals run() {
    loop_->post([this] { step(); });
    loop_->run();
    ARGON_CHECK(session_ == nullptr && device_.heldStopCount() == 0);
    for (std::uint16_t ring = 0; ring < device_.queueCount(); ++ring) {
      totals_.ringStartCount += device_.ring(ring).startCount;
    }
    return totals_;
  }

  void onSessionEnded(const Error* reason) override {
    ARGON_CHECK(session_ != nullptr);
    session_ = nullptr;
    for (std::uint16_t ring = 0; ring < device_.queueCount(); ++ring) {
      ARGON_CHECK(!device_.isStarted(ring));
    }
    if (isModelGood_ && !isOurEnd_) {
      // It may only give up a session for a reason, after all it owes from before.
      takeAnswers();
      ARGON_CHECK(reason != nullptr && model_->hasEnded() && isAllAnswered());
    }
    frontend_.reset();
    if (isOver()) {
      loop_->stop();
    }
  }

private:
  static std::unique_ptr<EventLoop> makeLoop() {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::create();
    ARGON_CHECK(loop.has_value());
    return *std::move(loop);
  }

  void connect() {
    SocketPair sockets = makeSocketPair();
    frontend_ = std::move(sockets.frontend);
    answers_.clear();
    answeredBytes_ = 0;
    const RegionPolicy policy =
        source_.u8() % 4 == 0 ? RegionPolicy::AllowUnsealed : RegionPolicy::RequireSealed;
    const std::uint16_t takenCount = source_.u8();
    device_.setTakenCount(takenCount);
    std::ranges::fill(pool_[MessageMaker::kInflightFd].mapping.bytes(), std::byte{0});
    model_.emplace(policy, takenCount);
    isModelGood_ = true;
    isOurEnd_ = false;
    for (std::uint16_t ring = 0; ring < device_.queueCount(); ++ring) {
      startCounts_[ring] = device_.ring(ring).startCount;
    }
    session_ = std::make_unique<vhost_user::Session>(
        std::move(sockets.backend), *loop_, device_, *this, Log(silentLogSink(), "play"),
        vhost_user::Session::Options{.regionPolicy = policy});
    ARGON_CHECK(session_->start().has_value());
    ++totals_.sessionCount;
  }

  [[nodiscard]] bool isOver() const {
    return isPlayed() || totals_.sessionCount >= kSessionCountMax;
  }

  // There is nothing more to send.
  [[nodiscard]] bool isPlayed() const {
    return source_.isEmpty() || totals_.messageCount >= kMessageCountMax;
  }

  // Sends some things, or lets them happen, then comes back after the session had its turn.
  void step() {
    if (session_ == nullptr) {
      if (isOver()) {
        loop_->stop();
        return;
      }
      connect();
    }
    // Answers that nobody expects are found at the end.
    if (!isModelGood_ || !isAllAnswered() || isPlayed()) {
      takeAnswers();
    }
    if (isPlayed()) {
      finish();
      return;
    }
    const std::uint8_t choice = source_.u8();
    act(choice);
    for (unsigned more = choice / 32; more > 0 && session_ != nullptr; --more) {
      act(source_.u8());
    }
    loop_->post([this] { step(); });
  }

  void act(std::uint8_t action) {
    switch (action % 64) {
    case 0:
      device_.holdStops();
      break;
    case 1:
      device_.releaseStops();
      break;
    case 2:
      sendGlued(maker_.make(source_));
      break;
    case 3:
      isOurEnd_ = true;
      session_->end();
      break;
    case 4:
      isOurEnd_ = true;
      frontend_.reset();
      break;
    case 5:
      send(source_.bytes(source_.u8()), {});
      break;
    case 6:
      sendMessage(maker_.makeRaw(source_));
      break;
    case 7:
      sendSplit(maker_.make(source_));
      break;
    case 8:
    case 9:
    case 10:
    case 11:
      sendAll(maker_.makeSetUp(source_));
      break;
    case 12:
      sendAll(maker_.makeRegions(source_));
      break;
    case 13:
      session_->notifyConfigChanged();
      break;
    default:
      sendMessage(maker_.make(source_));
    }
  }

  void sendMessage(const MadeMessage& message) { send(message.bytes, message.fdIndexes); }

  // In two pieces, with descriptors beside the first or beside both.
  void sendSplit(const MadeMessage& message) {
    const std::uint8_t choice = source_.u8();
    const std::size_t cut = std::clamp<std::size_t>(choice, 1, message.bytes.size());
    send(std::span(message.bytes).first(cut), message.fdIndexes);
    loop_->post([this,
                 rest = std::vector(message.bytes.begin() + static_cast<std::ptrdiff_t>(cut),
                                    message.bytes.end()),
                 fds = choice % 4 == 0 ? message.fdIndexes : std::vector<std::size_t>()] {
      send(rest, fds);
    });
  }

  // Two messages in one piece, and all descriptors beside the first.
  void sendGlued(MadeMessage first) {
    const MadeMessage second = maker_.make(source_);
    first.bytes.insert(first.bytes.end(), second.bytes.begin(), second.bytes.end());
    if (first.fdIndexes.size() + second.fdIndexes.size() <= kReceivedFdCountMax) {
      first.fdIndexes.insert(first.fdIndexes.end(), second.fdIndexes.begin(),
                             second.fdIndexes.end());
    }
    sendMessage(first);
  }

  void sendAll(const std::vector<MadeMessage>& messages) {
    for (const MadeMessage& message : messages) {
      sendMessage(message);
    }
  }

  void send(std::span<const std::byte> bytes, const std::vector<std::size_t>& fdIndexes) {
    if (bytes.empty() || !frontend_.isOpen()) {
      return;
    }
    std::vector<int> fds;
    std::vector<FdFacts> facts;
    for (const std::size_t index : fdIndexes) {
      fds.push_back(pool_[index].fd.get());
      facts.push_back(pool_[index].facts);
    }
    // The session may have gone, or its socket be full: that is the front end's bad luck. What has
    // become of a part of the bytes is then not known.
    if (sendWithFds(frontend_.get(), bytes, fds)) {
      model_->feed(bytes, facts);
      isModelGood_ = isModelGood_ && !model_->isUncertain();
    } else {
      isModelGood_ = isModelGood_ && model_->hasEnded();
    }
    ++totals_.messageCount;
  }

  void takeAnswers() {
    std::array<std::byte, 4096> bytes{};
    while (frontend_.isOpen()) {
      const ssize_t count = ::recv(frontend_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (count <= 0) {
        return;
      }
      checkAnswers(std::span(bytes).first(static_cast<std::size_t>(count)));
    }
  }

  // What comes is what the model said would come, from the first byte on.
  void checkAnswers(std::span<const std::byte> bytes) {
    if (isModelGood_) {
      const std::span<const std::byte> owed = model_->answers().subspan(answeredBytes_);
      ARGON_CHECK(bytes.size() <= owed.size());
      ARGON_CHECK(std::ranges::equal(bytes, owed.first(bytes.size())));
    }
    answeredBytes_ += bytes.size();
    answers_.insert(answers_.end(), bytes.begin(), bytes.end());
    spec::Header header{};
    while (answers_.size() >= sizeof header) {
      std::memcpy(&header, answers_.data(), sizeof header);
      ARGON_CHECK(header.request >= 1 && header.request <= spec::kRequestMax);
      ARGON_CHECK_EQ(header.flags, spec::kVersion | spec::REPLY);
      ARGON_CHECK(header.size <= sizeof(spec::ConfigHeader) + spec::kConfigBytesMax);
      if (answers_.size() < sizeof header + header.size) {
        return;
      }
      answers_.erase(answers_.begin(),
                     answers_.begin() + static_cast<std::ptrdiff_t>(sizeof header + header.size));
      ++totals_.answerCount;
    }
  }

  [[nodiscard]] bool isAllAnswered() const { return answeredBytes_ == model_->answers().size(); }

  // True if the session has come to where the model is; it may need some turns.
  [[nodiscard]] bool hasCaughtUp() const {
    if (model_->hasEnded() || !isAllAnswered() || !isAllRead(frontend_.get())) {
      return false;
    }
    for (std::uint16_t index = 0; index < device_.queueCount(); ++index) {
      const FakeDevice::Ring ring = device_.ring(index);
      if (ring.start.has_value() != model_->ring(index).isStarted ||
          ring.startCount - startCounts_[index] != model_->ring(index).startCount) {
        return false;
      }
    }
    return true;
  }

  void checkRing(std::uint16_t index) const {
    const FakeDevice::Ring actual = device_.ring(index);
    const SessionModel::Ring& expected = model_->ring(index);
    ARGON_CHECK_EQ(actual.start.has_value(), expected.isStarted);
    ARGON_CHECK_EQ(actual.startCount - startCounts_[index], expected.startCount);
    if (!actual.start) {
      return;
    }
    const vhost_user::RingStart& start = *actual.start;
    ARGON_CHECK_EQ(start.index, index);
    ARGON_CHECK_EQ(start.features.bits(), model_->features().bits());
    ARGON_CHECK_EQ(start.queue.size(), expected.size);
    ARGON_CHECK_EQ(start.queue.base(), expected.base);
    ARGON_CHECK_EQ(start.kick != nullptr, expected.hasKickFd);
    ARGON_CHECK_EQ(start.call != nullptr, expected.hasCallFd);
    ARGON_CHECK(std::ranges::equal(
        start.memory->regions(), model_->regions(), {},
        [](const auto& region) -> const RegionDescription& { return region->description(); }));
    touch(start);
  }

  void finish() {
    device_.releaseStops();
    if (isModelGood_ && !isOurEnd_) {
      if (!hasCaughtUp() && ++waitedTurns_ < kPatienceTurns) {
        loop_->post([this] { step(); });
        return;
      }
      ARGON_CHECK(!model_->hasEnded());
      ARGON_CHECK_EQ(answeredBytes_, model_->answers().size());
      for (std::uint16_t ring = 0; ring < device_.queueCount(); ++ring) {
        checkRing(ring);
      }
    }
    isOurEnd_ = true;
    // Half of the time the front end leaves, else the owner ends the session.
    if (totals_.messageCount % 2 == 0) {
      frontend_.reset();
    } else {
      session_->end();
    }
  }

  ByteSource source_;
  std::span<const MessagePlayer::PoolFd> pool_;
  MessageMaker maker_;
  std::unique_ptr<EventLoop> loop_;
  FakeDevice device_;
  UniqueFd frontend_;
  std::unique_ptr<vhost_user::Session> session_;
  // Of the session at hand.
  std::optional<SessionModel> model_;
  // The model knows all that was sent.
  bool isModelGood_ = true;
  // The session ends because this play wants it to.
  bool isOurEnd_ = false;
  std::array<unsigned, SessionModel::kRingCount> startCounts_{};
  std::size_t answeredBytes_ = 0;
  // What has come of the next answer.
  std::vector<std::byte> answers_;
  unsigned waitedTurns_ = 0;
  MessagePlayer::Totals totals_;
};

// The number that the next descriptor would get.
int findFreeFd() {
  const UniqueFd probe(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  return probe.get();
}

} // namespace

MessagePlayer::MessagePlayer() {
  Result<std::unique_ptr<frontend::Arena>> arena =
      frontend::Arena::create({.sizeBytes = kArenaBytes});
  ARGON_CHECK(arena.has_value());
  arena_ = *std::move(arena);
  addMemory(UniqueFd(::fcntl(arena_->fd(), F_DUPFD_CLOEXEC, 3)), kArenaBytes, Sealed::Yes);
  for (int count = 0; count < 2; ++count) {
    Result<UniqueFd> fd = createEventFd();
    ARGON_CHECK(fd.has_value());
    pool_.push_back({.fd = *std::move(fd), .facts = {.kind = FdFacts::Kind::Event}});
  }
  SocketPair sockets = makeSocketPair();
  backendSocket_ = std::move(sockets.frontend);
  pool_.push_back({.fd = std::move(sockets.backend), .facts = {.kind = FdFacts::Kind::Socket}});
  addMemory(makeMemfd(MessageMaker::kFileBytes, Sealed::Yes), MessageMaker::kFileBytes,
            Sealed::Yes);
  pool_.back().facts.isForInflight = true;
  addMemory(makeMemfd(MessageMaker::kFileBytes, Sealed::Yes), MessageMaker::kFileBytes,
            Sealed::Yes);
  addMemory(makeMemfd(kArenaBytes, Sealed::No), kArenaBytes, Sealed::No);
  for (const std::uint64_t sizeBytes : {std::uint64_t{4096}, std::uint64_t{0}}) {
    addMemory(makeMemfd(sizeBytes, Sealed::Yes), sizeBytes, Sealed::Yes);
  }
  addOther(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  // A regular file, but none that can be written.
  addOther(UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)));
  std::array<int, 2> ends{};
  ARGON_CHECK(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  addOther(UniqueFd(ends[0]));
  addOther(UniqueFd(ends[1]));
}

void MessagePlayer::addMemory(UniqueFd fd, std::uint64_t sizeBytes, Sealed sealed) {
  MappedRegion mapping;
  if (sizeBytes > 0) {
    Result<MappedRegion> mapped =
        MappedRegion::mapShared(fd.get(), 0, sizeBytes, MappedRegion::Access::ReadWrite);
    ARGON_CHECK(mapped.has_value());
    mapping = *std::move(mapped);
  }
  pool_.push_back({.fd = std::move(fd),
                   .facts = {.kind = FdFacts::Kind::Memory,
                             .sizeBytes = sizeBytes,
                             .isSealed = sealed == Sealed::Yes},
                   .mapping = std::move(mapping)});
}

void MessagePlayer::addOther(UniqueFd fd) {
  ARGON_CHECK(fd.isOpen());
  pool_.push_back({.fd = std::move(fd), .facts = {}});
}

MessagePlayer::Totals MessagePlayer::play(std::span<const std::byte> input) {
  if (freeFd_ < 0) {
    freeFd_ = findFreeFd();
  }
  // What rings and in-flight regions left behind in memory, and messages in the socket.
  for (const PoolFd& memory : pool_) {
    if (!memory.mapping.bytes().empty()) {
      std::memset(memory.mapping.bytes().data(), 0, memory.mapping.bytes().size());
    }
  }
  std::array<std::byte, 4096> unread{};
  while (::recv(backendSocket_.get(), unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
  }
  const Totals totals = Play(input, *arena_, pool_).run();
  ARGON_CHECK_EQ(findFreeFd(), freeFd_);
  return totals;
}

} // namespace argon::test
