// SPDX-License-Identifier: Apache-2.0
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "frontend/packed_driver_queue.h"
#include "hostile/attacker.h"
#include "hostile/message_catalog.h"
#include "support/memfd.h"
#include "support/random.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/inflight.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon::hostile {

namespace {

namespace spec = vhost_user::spec;
using spec::Request;
using test::bytesOf;
using test::Told;

constexpr auto kAccepted = Told::Accepted;
constexpr auto kRefused = Told::Refused;
constexpr auto kHungUp = Told::HungUp;

constexpr std::uint64_t kModern = Attacker::kModernFeatures;
constexpr std::uint64_t kPacked = Attacker::kPackedFeatures;
constexpr std::uint64_t kLogging = kModern | std::uint64_t{1} << spec::F_LOG_ALL;
constexpr std::uint32_t kFirstBase = frontend::PackedDriverQueue::kFirstBase;
constexpr std::uint64_t kFileBytes = 64 * 1024;

// Those that are no shared memory beside makeOddFd()'s: an eventfd, what is not sealed, what is too
// small.
constexpr std::uint32_t kNoMemoryCount = Attacker::kOddFdCount + 3;
UniqueFd makeNoMemory(std::uint32_t variant) {
  switch (variant) {
  case Attacker::kOddFdCount: {
    Result<UniqueFd> event = createEventFd();
    REQUIRE_OK(event);
    return *std::move(event);
  }
  case Attacker::kOddFdCount + 1:
    return test::makeMemfd(kFileBytes, test::Sealed::No);
  case Attacker::kOddFdCount + 2:
    return test::makeMemfd(kFileBytes - 1, test::Sealed::Yes);
  default:
    return Attacker::makeOddFd(variant);
  }
}

UniqueFd makeSocket(int domain, int type) {
  UniqueFd socket(::socket(domain, type | SOCK_CLOEXEC, 0));
  REQUIRE(socket.isOpen());
  return socket;
}

Told tellWithFd(Attacker& attacker, Request request, std::span<const std::byte> payload, int fd) {
  return attacker.peer().tell(request, payload, std::span(&fd, 1));
}

constexpr spec::InflightDescription kGoodInflight = {
    .mmapSize = kFileBytes, .mmapOffset = 0, .queueCount = 1, .queueSize = 128};
Told giveInflight(Attacker& attacker, const spec::InflightDescription& description, int fd) {
  return tellWithFd(attacker, Request::SET_INFLIGHT_FD, bytesOf(description), fd);
}

Told giveLog(Attacker& attacker, const spec::LogDescription& description, int fd) {
  return tellWithFd(attacker, Request::SET_LOG_BASE, bytesOf(description), fd);
}

Told repeat(unsigned count, Attacker& attacker, Told (*play)(Attacker& attacker)) {
  for (unsigned round = 0; round < count; ++round) {
    if (const Told told = play(attacker); told != Told::Accepted) {
      return told;
    }
  }
  return attacker.probe();
}

// What no region can be described as.
constexpr auto kBadInflights = std::to_array<spec::InflightDescription>({
    {.mmapSize = 0, .mmapOffset = 0, .queueCount = 1, .queueSize = 128},
    // A byte less than a split ring of 128 entries takes.
    {.mmapSize = 2111 - 64, .mmapOffset = 0, .queueCount = 1, .queueSize = 128},
    {.mmapSize = kFileBytes, .mmapOffset = 0, .queueCount = 0, .queueSize = 128},
    {.mmapSize = kFileBytes, .mmapOffset = 0, .queueCount = 1, .queueSize = 0},
    {.mmapSize = kFileBytes, .mmapOffset = 0, .queueCount = UINT16_MAX, .queueSize = UINT16_MAX},
    {.mmapSize = kFileBytes, .mmapOffset = 0, .queueCount = 32, .queueSize = 128},
    {.mmapSize = kFileBytes + 1, .mmapOffset = 0, .queueCount = 1, .queueSize = 128},
    {.mmapSize = kFileBytes, .mmapOffset = 8, .queueCount = 1, .queueSize = 128},
    {.mmapSize = 4096, .mmapOffset = 1, .queueCount = 1, .queueSize = 128},
    {.mmapSize = 4096, .mmapOffset = kFileBytes, .queueCount = 1, .queueSize = 128},
    {.mmapSize = 4096, .mmapOffset = UINT64_MAX - 7, .queueCount = 1, .queueSize = 128},
    {.mmapSize = 4096, .mmapOffset = UINT64_MAX - 4095, .queueCount = 1, .queueSize = 128},
    {.mmapSize = 4096, .mmapOffset = std::uint64_t{1} << 63, .queueCount = 1, .queueSize = 128},
    {.mmapSize = UINT64_MAX, .mmapOffset = 0, .queueCount = 1, .queueSize = 128},
    {.mmapSize = UINT64_MAX - 4095, .mmapOffset = 4096, .queueCount = 1, .queueSize = 128},
    {.mmapSize = std::uint64_t{1} << 40, .mmapOffset = 0, .queueCount = 1, .queueSize = 128},
});

// Queues and entries that no tracking is for.
constexpr auto kBadQueues = std::to_array<std::array<std::uint16_t, 2>>({{0, 0},
                                                                         {0, 128},
                                                                         {1, 0},
                                                                         {2, 128},
                                                                         {UINT16_MAX, 1},
                                                                         {1, 32769},
                                                                         {1, UINT16_MAX},
                                                                         {UINT16_MAX, UINT16_MAX}});

constexpr auto kInflightCases = std::to_array<MessageCase>({
    {"tracking for no queues, more than there are, or no entries", kAccepted, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const spec::InflightDescription wanted{.mmapSize = UINT64_MAX,
                                              .mmapOffset = UINT64_MAX,
                                              .queueCount = kBadQueues[variant][0],
                                              .queueSize = kBadQueues[variant][1]};
       const Result<frontend::Answer> answer =
           attacker.channel().ask(Request::GET_INFLIGHT_FD, bytesOf(wanted));
       spec::InflightDescription given{.mmapSize = 1};
       if (!answer || answer->payload.size() != sizeof given || !answer->fds.empty()) {
         return Told::Failed;
       }
       std::memcpy(&given, answer->payload.data(), sizeof given);
       return given.mmapSize == 0 ? Told::Accepted : Told::Failed;
     },
     kBadQueues.size()},
    {"tracking asked for over and over, of the largest rings", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return repeat(64, attacker, [](Attacker& each) {
         const spec::InflightDescription wanted{
             .mmapSize = 0, .mmapOffset = 0, .queueCount = 1, .queueSize = 32768};
         const Result<frontend::Answer> answer =
             each.channel().ask(Request::GET_INFLIGHT_FD, bytesOf(wanted));
         return answer && answer->fds.size() == 1 ? Told::Accepted : Told::Failed;
       });
     }},
    {"an in-flight region that no description can be", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd file = test::makeMemfd(kFileBytes, test::Sealed::Yes);
       return giveInflight(attacker, kBadInflights[variant], file.get());
     },
     kBadInflights.size()},
    {"an in-flight region that is no memory", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd fd = makeNoMemory(variant);
       return giveInflight(attacker, kGoodInflight, fd.get());
     },
     kNoMemoryCount},
    {"an in-flight region of garbage, under a split or packed ring that starts", kAccepted,
     Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       const bool isPacked = variant % 2 == 1;
       const UniqueFd file = test::makeMemfd(kFileBytes, test::Sealed::Yes);
       std::vector<std::byte> garbage(kFileBytes);
       test::Random random(variant);
       for (std::byte& byte : garbage) {
         // Small numbers mostly, that look like indexes.
         byte = static_cast<std::byte>(variant < 8 || random.chance(50) ? random.below(8)
                                                                        : random.next());
       }
       // The version behind the features, without which nothing is looked at.
       const std::uint16_t version = spec::kInflightVersion;
       const std::uint16_t size = test::VhostPeer::kRingSize;
       std::memcpy(garbage.data() + offsetof(spec::QueueRegionSplit, version), &version, 2);
       std::memcpy(garbage.data() + offsetof(spec::QueueRegionSplit, desc_num), &size, 2);
       REQUIRE(::pwrite(file.get(), garbage.data(), garbage.size(), 0) == ssize_t{kFileBytes});
       for (const Told told :
            {attacker.peer().tellU64(Request::SET_FEATURES, isPacked ? kPacked : kModern),
             attacker.peer().tellState(Request::SET_VRING_BASE, 0, isPacked ? kFirstBase : 0),
             giveInflight(attacker,
                          {.mmapSize = kFileBytes,
                           .mmapOffset = 0,
                           .queueCount = 1,
                           .queueSize = test::VhostPeer::kRingSize},
                          file.get())}) {
         if (told != Told::Accepted) {
           return told;
         }
       }
       return attacker.startAt(attacker.peer().addressOf(0));
     },
     32},
    {"an in-flight region that is the guest's memory, rings and all", kAccepted,
     Prelude::Configured,
     [](Attacker& attacker, std::uint32_t variant) {
       const bool isPacked = variant == 1;
       for (const Told told :
            {attacker.peer().tellU64(Request::SET_FEATURES, isPacked ? kPacked : kModern),
             attacker.peer().tellState(Request::SET_VRING_BASE, 0, isPacked ? kFirstBase : 0),
             giveInflight(attacker, kGoodInflight, attacker.peer().arena().fd())}) {
         if (told != Told::Accepted) {
           return told;
         }
       }
       return attacker.startAt(attacker.peer().addressOf(0));
     },
     2},
    {"an in-flight region too small for the ring that starts", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const UniqueFd file = test::makeMemfd(kFileBytes, test::Sealed::Yes);
       const Told told = giveInflight(attacker,
                                      {.mmapSize = kFileBytes,
                                       .mmapOffset = 0,
                                       .queueCount = 1,
                                       .queueSize = test::VhostPeer::kRingSize - 1},
                                      file.get());
       return told == Told::Accepted ? attacker.startBroken(0, attacker.peer().addressOf(0)) : told;
     }},
    {"in-flight regions over and over, under a ring that runs", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return repeat(50, attacker, [](Attacker& each) {
         const UniqueFd file = test::makeMemfd(kFileBytes, test::Sealed::Yes);
         return giveInflight(each, kGoodInflight, file.get());
       });
     }},
});

constexpr auto kBadLogs = std::to_array<spec::LogDescription>({
    {.size = 0, .offset = 0},
    {.size = 0, .offset = kFileBytes},
    {.size = kFileBytes + 1, .offset = 0},
    {.size = 1, .offset = kFileBytes},
    {.size = kFileBytes, .offset = 1},
    {.size = UINT64_MAX, .offset = 0},
    {.size = UINT64_MAX, .offset = 1},
    {.size = UINT64_MAX - 4095, .offset = 4096},
    {.size = 4096, .offset = UINT64_MAX - 4095},
    {.size = 4096, .offset = UINT64_MAX},
    {.size = std::uint64_t{1} << 63, .offset = std::uint64_t{1} << 63},
    {.size = std::uint64_t{1} << 49, .offset = 0},
});

constexpr auto kLogCases = std::to_array<MessageCase>({
    // The message has an answer of its own, which has no place for an error.
    {"a dirty log that is empty, or not all in its file", kHungUp, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd file = test::makeMemfd(kFileBytes, test::Sealed::Yes);
       return giveLog(attacker, kBadLogs[variant], file.get());
     },
     kBadLogs.size()},
    {"a dirty log that is no memory", kHungUp, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd fd = makeNoMemory(variant);
       return giveLog(attacker, {.size = kFileBytes, .offset = 0}, fd.get());
     },
     kNoMemoryCount},
    {"a dirty log of a byte, at an odd place, or in the guest's memory", kAccepted,
     Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd file = test::makeMemfd(kFileBytes, test::Sealed::Yes);
       const int fd = variant == 2 ? attacker.peer().arena().fd() : file.get();
       const spec::LogDescription log{.size = variant == 2 ? kFileBytes : 1,
                                      .offset = variant == 1 ? kFileBytes - 1 : 0};
       if (const Told told = giveLog(attacker, log, fd); told != Told::Accepted) {
         return told;
       }
       const Told told = attacker.peer().tellU64(Request::SET_FEATURES, kLogging);
       return told == Told::Accepted ? attacker.probe() : told;
     },
     3},
    {"dirty logs over and over, under a ring that runs", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return repeat(50, attacker, [](Attacker& each) {
         const UniqueFd file = test::makeMemfd(kFileBytes, test::Sealed::Yes);
         return giveLog(each, {.size = kFileBytes, .offset = 0}, file.get());
       });
     }},
    {"logging on and off under a ring that runs, without a log", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return repeat(50, attacker, [](Attacker& each) {
         const Told told = each.peer().tellU64(Request::SET_FEATURES, kLogging);
         return told == Told::Accepted ? each.peer().tellU64(Request::SET_FEATURES, kModern) : told;
       });
     }},
});

// Messages with one descriptor each.
constexpr std::array<Request, 3> kFdRequests = {Request::SET_INFLIGHT_FD, Request::SET_LOG_BASE,
                                                Request::SET_BACKEND_REQ_FD};
constexpr std::array<std::size_t, 3> kFdRequestBytes = {24, 16, 0};

constexpr auto kStatusCases = std::to_array<MessageCase>({
    {"a region, log or channel without its descriptor, or with two", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const std::vector<std::byte> payload(kFdRequestBytes[variant % 3]);
       const std::vector<int> fds(variant < 3 ? 0 : 2, attacker.peer().arena().fd());
       return attacker.sendAndProbe(Attacker::headerOf(kFdRequests[variant % 3], payload.size()),
                                    payload, fds);
     },
     6},
    {"a region, log, channel, status or reset before anything was agreed on", kHungUp,
     Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 7> kRequests = {
           Request::SET_INFLIGHT_FD, Request::SET_LOG_BASE, Request::SET_BACKEND_REQ_FD,
           Request::GET_INFLIGHT_FD, Request::SET_STATUS,   Request::GET_STATUS,
           Request::RESET_DEVICE};
       constexpr std::array<std::size_t, 7> kBytes = {24, 16, 0, 24, 8, 0, 0};
       const std::vector<std::byte> payload(kBytes[variant]);
       const std::vector<int> fds(variant < 3 ? 1 : 0, attacker.peer().arena().fd());
       return attacker.sendAndProbe(Attacker::headerOf(kRequests[variant], payload.size()), payload,
                                    fds);
     },
     7},
    {"a device status of more than eight bits", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.peer().tellU64(Request::SET_STATUS, std::uint64_t{1} << (8 + variant));
     },
     56},
    {"every device status that has eight bits", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       for (std::uint64_t status = UINT8_MAX; status < 256; --status) {
         if (attacker.peer().tellU64(Request::SET_STATUS, status) != Told::Accepted ||
             attacker.peer().askU64(Request::GET_STATUS) != status) {
           return Told::Failed;
         }
       }
       return attacker.probe();
     }},
    {"resets over and over, and a ring that has nothing left to start with", kAccepted,
     Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const Told told =
           variant == 0
               ? repeat(50, attacker,
                        [](Attacker& each) { return each.peer().tell(Request::RESET_DEVICE, {}); })
               : repeat(50, attacker,
                        [](Attacker& each) { return each.peer().tellU64(Request::SET_STATUS, 0); });
       return told == Told::Accepted ? attacker.startAt(attacker.peer().addressOf(0)) : told;
     },
     2},
    {"a channel for the back end's requests that is no stream socket", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd fd = variant == Attacker::kSocketFd   ? makeSocket(AF_UNIX, SOCK_DGRAM)
                           : variant == kNoMemoryCount      ? makeSocket(AF_INET, SOCK_DGRAM)
                           : variant == kNoMemoryCount + 1U ? makeSocket(AF_UNIX, SOCK_SEQPACKET)
                                                            : makeNoMemory(variant);
       return tellWithFd(attacker, Request::SET_BACKEND_REQ_FD, {}, fd.get());
     },
     kNoMemoryCount + 2},
    {"a channel for the back end's requests that is not connected, or listens", kRefused,
     Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd fd = makeSocket(variant == 0 ? AF_INET : AF_UNIX, SOCK_STREAM);
       if (variant == 2) {
         // Without a name of its own the kernel gives it one.
         const sockaddr nameless{.sa_family = AF_UNIX, .sa_data = {}};
         REQUIRE(::bind(fd.get(), &nameless, sizeof nameless.sa_family) == 0);
         REQUIRE(::listen(fd.get(), 1) == 0);
       }
       return tellWithFd(attacker, Request::SET_BACKEND_REQ_FD, {}, fd.get());
     },
     3},
    {"channels for the back end's requests over and over", kAccepted, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return repeat(50, attacker, [](Attacker& each) {
         const test::SocketPair pair = test::makeSocketPair();
         return tellWithFd(each, Request::SET_BACKEND_REQ_FD, {}, pair.backend.get());
       });
     }},
    // The device would hold the front end's end, and wait for ever for it to close.
    {"the connection itself as the channel for the back end's requests", kHungUp, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const int fd = attacker.channel().fd();
       return attacker.sendAndProbe(Attacker::headerOf(Request::SET_BACKEND_REQ_FD, 0), {},
                                    std::span(&fd, 1));
     }},
    {"a channel for the back end's requests with the connection in its queue", kAccepted,
     Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const test::SocketPair pair = test::makeSocketPair();
       const int fd = attacker.channel().fd();
       const std::array<std::byte, 1> byte{};
       REQUIRE_OK(sendWithFds(pair.frontend.get(), byte, std::span(&fd, 1)));
       return tellWithFd(attacker, Request::SET_BACKEND_REQ_FD, {}, pair.backend.get());
     }},
});

} // namespace

std::vector<MessageCase> featureMessageCases() {
  std::vector<MessageCase> all;
  for (const std::span<const MessageCase> group :
       {std::span<const MessageCase>(kInflightCases), std::span<const MessageCase>(kLogCases),
        std::span<const MessageCase>(kStatusCases)}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

} // namespace argon::hostile
