// SPDX-License-Identifier: Apache-2.0
#include "hostile/message_catalog.h"

#include "base/unique_fd.h"
#include "hostile/attacker.h"
#include "memory/memory_region.h"
#include "support/deadline.h"
#include "support/memfd.h"
#include "support/message_shape.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
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

std::vector<std::byte> zeros(std::size_t count) { return std::vector<std::byte>(count); }

// The shape of request 1 + `variant`.
test::MessageShape shapeOf(std::uint32_t variant) {
  const std::optional<test::MessageShape> shape = test::messageShapeOf(variant + 1);
  REQUIRE(shape.has_value());
  return *shape;
}

// The header of GET_FEATURES, which takes nothing and is always answered.
spec::Header plainHeader() { return Attacker::headerOf(Request::GET_FEATURES, 0); }

Told playWithFds(Attacker& attacker, std::size_t count) {
  const std::vector<int> fds(count, attacker.peer().kick());
  return attacker.sendAndProbe(plainHeader(), {}, fds);
}

// SET_OWNER in two pieces.
Told playSplit(Attacker& attacker, std::uint32_t cut) {
  const spec::Header header = Attacker::headerOf(Request::SET_OWNER, 0);
  attacker.sendBytes(bytesOf(header).first(cut));
  // What has come so far is no message, so nothing answers it; the rest makes it one.
  attacker.sendBytes(bytesOf(header).subspan(cut));
  return attacker.probe();
}

constexpr auto kHeaderCases = std::to_array<MessageCase>({
    {"a request number that no specification has, and no payload", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       // 0, and those behind the last.
       const std::uint32_t request = variant == 0 ? 0 : spec::kRequestMax + variant;
       return attacker.sendAndProbe({.request = request, .flags = spec::kVersion, .size = 0});
     },
     256 - spec::kRequestMax},
    {"a request number that no specification has, with a payload", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const std::uint32_t request = variant == 0 ? 0 : spec::kRequestMax + variant;
       return attacker.sendAndProbe({.request = request, .flags = spec::kVersion, .size = 8},
                                    zeros(8));
     },
     256 - spec::kRequestMax},
    {"a request number that is a known one modulo 2^8, 2^16 or 2^24", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.sendAndProbe(
           {.request = 1 + (1U << (8 * (variant + 1))), .flags = spec::kVersion, .size = 0});
     },
     3},
    {"another protocol version", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<std::uint32_t, 3> kVersions = {0, 2, 3};
       return attacker.sendAndProbe({.request = 1, .flags = kVersions[variant], .size = 0});
     },
     3},
    {"a reply where a request belongs", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.sendAndProbe({.request = variant + 1,
                                     .flags = spec::kVersion | spec::REPLY,
                                     .size = shapeOf(variant).bytesMin},
                                    zeros(shapeOf(variant).bytesMin));
     },
     spec::kRequestMax},
    {"flags that no specification has", kAccepted, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       attacker.send({.request = static_cast<std::uint32_t>(Request::SET_OWNER),
                      .flags = 0xffff'fff0 | spec::kVersion,
                      .size = 0});
       return attacker.probe();
     }},
    {"every request without its payload, or with one it does not have", kHungUp,
     Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const test::MessageShape shape = shapeOf(variant);
       const std::uint32_t bytes = shape.bytesMin == 0 ? shape.bytesMax + 1 : 0;
       return attacker.sendAndProbe(
           {.request = variant + 1, .flags = spec::kVersion, .size = bytes}, zeros(bytes));
     },
     spec::kRequestMax},
    {"every request with a byte too little or too much", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const test::MessageShape shape = shapeOf(variant);
       const std::uint32_t bytes = shape.bytesMin > 1 ? shape.bytesMin - 1 : shape.bytesMax + 1;
       return attacker.sendAndProbe(
           {.request = variant + 1, .flags = spec::kVersion, .size = bytes}, zeros(bytes));
     },
     spec::kRequestMax},
    {"every request with a byte too much", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       const std::uint32_t bytes = shapeOf(variant).bytesMax + 1;
       return attacker.sendAndProbe(
           {.request = variant + 1, .flags = spec::kVersion, .size = bytes}, zeros(bytes));
     },
     spec::kRequestMax},
    {"every request with a size of 4 GiB less one byte", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.sendAndProbe(
           {.request = variant + 1, .flags = spec::kVersion, .size = UINT32_MAX});
     },
     spec::kRequestMax},
    {"every request with a size of 2 GiB", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       return attacker.sendAndProbe(
           {.request = variant + 1, .flags = spec::kVersion, .size = 1U << 31});
     },
     spec::kRequestMax},
    {"a message cut in two at every byte", kAccepted, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) { return playSplit(attacker, variant + 1); },
     sizeof(spec::Header) - 1},
    {"a message a byte at a time, the descriptor with the last one", kAccepted, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const spec::Header header = Attacker::headerOf(Request::SET_VRING_CALL, 8);
       std::vector<std::byte> bytes(sizeof header + 8);
       std::memcpy(bytes.data(), &header, sizeof header);
       const int fd = attacker.peer().call();
       for (std::size_t index = 0; index < bytes.size(); ++index) {
         const bool isLast = index + 1 == bytes.size();
         attacker.sendBytes(std::span(bytes).subspan(index, 1),
                            isLast ? std::span(&fd, 1) : std::span<const int>());
       }
       return attacker.probe();
     }},
    {"two messages in one piece", kAccepted, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const spec::Header header = Attacker::headerOf(Request::SET_OWNER, 0);
       std::vector<std::byte> bytes(2 * sizeof header);
       std::memcpy(bytes.data(), &header, sizeof header);
       std::memcpy(bytes.data() + sizeof header, &header, sizeof header);
       attacker.sendBytes(bytes);
       return attacker.probe();
     }},
    {"a message and plain nonsense in one piece", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) {
       const spec::Header header = Attacker::headerOf(Request::SET_OWNER, 0);
       std::vector<std::byte> bytes(64, static_cast<std::byte>(0xa0 + variant));
       std::memcpy(bytes.data(), &header, sizeof header);
       attacker.sendBytes(bytes);
       return attacker.probe();
     },
     8},
    {"answers that nobody reads", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       // Until nothing more goes in, or the back end has had enough.
       std::vector<std::byte> bytes;
       for (int count = 0; count < 1000; ++count) {
         const spec::Header header = plainHeader();
         const std::span<const std::byte> one = bytesOf(header);
         bytes.insert(bytes.end(), one.begin(), one.end());
       }
       const test::Deadline deadline;
       while (!deadline.isOver()) {
         const ssize_t sent = ::send(attacker.channel().fd(), bytes.data(), bytes.size(),
                                     MSG_NOSIGNAL | MSG_DONTWAIT);
         if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
           return Told::HungUp;
         }
       }
       return Told::Failed;
     }},
});

// Requests that take no descriptor at all.
std::vector<Request> requestsWithoutFds() {
  std::vector<Request> requests;
  for (std::uint32_t request = 1; request <= spec::kRequestMax; ++request) {
    if (test::messageShapeOf(request)->fdsMax == 0) {
      requests.push_back(static_cast<Request>(request));
    }
  }
  return requests;
}

constexpr auto kFdCases = std::to_array<MessageCase>({
    {"1 to 8 descriptors with a message that takes none", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t variant) { return playWithFds(attacker, variant + 1); },
     8},
    {"9 descriptors, more than any message has", kHungUp, Prelude::Fresh,
     [](Attacker& attacker, std::uint32_t /*variant*/) { return playWithFds(attacker, 9); }},
    {"253 descriptors, as many as the kernel takes", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) { return playWithFds(attacker, 253); }},
    {"a descriptor with every request that takes none", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const std::vector<Request> requests = requestsWithoutFds();
       const Request request = requests[variant % requests.size()];
       const std::uint32_t bytes =
           test::messageShapeOf(static_cast<std::uint32_t>(request))->bytesMin;
       const int fd = attacker.peer().kick();
       return attacker.sendAndProbe(Attacker::headerOf(request, bytes), zeros(bytes),
                                    std::span(&fd, 1));
     },
     32},
    {"two descriptors with the messages that take one", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 5> kRequests = {
           Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR,
           Request::ADD_MEM_REG, Request::REM_MEM_REG};
       const std::array<int, 2> fds = {attacker.peer().kick(), attacker.peer().call()};
       const std::uint32_t bytes = variant < 3 ? 8 : 40;
       return attacker.sendAndProbe(Attacker::headerOf(kRequests[variant], bytes), zeros(bytes),
                                    fds);
     },
     5},
    {"a descriptor with the rest of a message, and one with its start", kHungUp,
     Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const spec::Header header = Attacker::headerOf(Request::SET_VRING_CALL, 8);
       const int fd = attacker.peer().call();
       attacker.sendBytes(bytesOf(header), std::span(&fd, 1));
       attacker.sendBytes(zeros(8), std::span(&fd, 1));
       return attacker.probe();
     }},
    {"a memory region without its descriptor", kHungUp, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       return attacker.sendAndProbe(Attacker::headerOf(Request::ADD_MEM_REG, 40), zeros(40));
     }},
    {"a memory table with fewer descriptors than regions", kRefused, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       const std::vector<RegionDescription> regions(variant + 1, attacker.region());
       const std::vector<int> fds(variant, attacker.peer().arena().fd());
       return attacker.peer().tell(Request::SET_MEM_TABLE, test::memoryTablePayload(regions), fds);
     },
     8},
    {"a memory table with more descriptors than regions", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const std::vector<RegionDescription> regions(variant, attacker.region());
       const std::vector<int> fds(variant + 1, attacker.peer().arena().fd());
       return attacker.peer().tell(Request::SET_MEM_TABLE, test::memoryTablePayload(regions), fds);
     },
     8},
    {"a kick, call or error descriptor that is missing", kRefused, Prelude::Negotiated,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 3> kRequests = {
           Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR};
       return attacker.peer().tellU64(kRequests[variant], 0);
     },
     3},
    {"a kick, call or error descriptor beside the flag that there is none", kRefused,
     Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 3> kRequests = {
           Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR};
       return attacker.peer().tellFd(kRequests[variant], spec::VRING_NOFD_MASK,
                                     attacker.peer().kick());
     },
     3},
    {"the same eventfd as kick, call and error", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const int fd = attacker.peer().kick();
       for (const Request request :
            {Request::SET_VRING_ERR, Request::SET_VRING_CALL, Request::SET_VRING_KICK}) {
         if (attacker.peer().tellFd(request, 0, fd) != Told::Accepted) {
           return Told::Failed;
         }
       }
       // The device calls itself, and hears it. It must come to rest all the same.
       const Told told = attacker.peer().tellState(Request::SET_VRING_ENABLE, 0, 1);
       return told == Told::Accepted ? attacker.probe() : told;
     }},
    {"a kick, call or error descriptor that is no eventfd", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 3> kRequests = {
           Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR};
       const UniqueFd fd = Attacker::makeOddFd(variant / 3);
       return attacker.peer().tellFd(kRequests[variant % 3], 0, fd.get());
     },
     3 * Attacker::kOddFdCount},
    {"a kick, call or error descriptor that is the guest's memory", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 3> kRequests = {
           Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR};
       return attacker.peer().tellFd(kRequests[variant], 0, attacker.peer().arena().fd());
     },
     3},
    {"the connection itself as a kick, call or error descriptor", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       constexpr std::array<Request, 3> kRequests = {
           Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR};
       return attacker.peer().tellFd(kRequests[variant], 0, attacker.channel().fd());
     },
     3},
    {"a kick descriptor whose counter is full", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const std::uint64_t most = UINT64_MAX - 1;
       REQUIRE(::write(attacker.peer().kick(), &most, sizeof most) == ssize_t{sizeof most});
       const Told told = attacker.peer().tellState(Request::SET_VRING_ENABLE, 0, 1);
       return told == Told::Accepted ? attacker.probe() : told;
     }},
    {"a call descriptor whose counter is full", kAccepted, Prelude::Configured,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const std::uint64_t most = UINT64_MAX - 1;
       REQUIRE(::write(attacker.peer().call(), &most, sizeof most) == ssize_t{sizeof most});
       const Told told = attacker.peer().tellState(Request::SET_VRING_ENABLE, 0, 1);
       return told == Told::Accepted ? attacker.probe() : told;
     }},
    {"memory that is no memory", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t variant) {
       const UniqueFd fd = Attacker::makeOddFd(variant);
       const RegionDescription region = attacker.region();
       return attacker.tellTable(std::span(&region, 1), fd.get());
     },
     Attacker::kOddFdCount},
    {"memory that is an eventfd", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const RegionDescription region = attacker.region();
       return attacker.tellTable(std::span(&region, 1), attacker.peer().kick());
     }},
    {"memory that is not sealed against shrinking", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       const RegionDescription region = attacker.region();
       const UniqueFd fd = test::makeMemfd(region.sizeBytes, test::Sealed::No);
       return attacker.tellTable(std::span(&region, 1), fd.get());
     }},
    {"memory that is a file of a disk", kRefused, Prelude::Running,
     [](Attacker& attacker, std::uint32_t /*variant*/) {
       RegionDescription region = attacker.region();
       region.sizeBytes = 4096;
       const UniqueFd fd = Attacker::makeOddFd(Attacker::kFileFd);
       return attacker.tellTable(std::span(&region, 1), fd.get());
     }},
});

} // namespace

std::vector<MessageCase> messageCases() {
  std::vector<MessageCase> all = stateMessageCases();
  const std::vector<MessageCase> features = featureMessageCases();
  const std::vector<MessageCase> packed = packedMessageCases();
  for (const std::span<const MessageCase> group :
       {std::span<const MessageCase>(features), std::span<const MessageCase>(packed),
        std::span<const MessageCase>(kHeaderCases), std::span<const MessageCase>(kFdCases)}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

} // namespace argon::hostile
