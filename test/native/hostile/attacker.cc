// SPDX-License-Identifier: Apache-2.0
#include "hostile/attacker.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "frontend/wait.h"
#include "memory/memory_region.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon::hostile {

namespace spec = vhost_user::spec;
using test::bytesOf;

namespace {

// SCM_MAX_FD of the kernel.
constexpr std::size_t kFdCountMax = 253;

struct ControlBuffer {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * kFdCountMax)> bytes{};
};

UniqueFd openPath(const char* path, int flags) {
  UniqueFd fd(::open(path, flags | O_CLOEXEC));
  REQUIRE(fd.isOpen());
  return fd;
}

} // namespace

Attacker::Attacker(frontend::Channel channel, Prelude prelude)
    : channel_(std::move(channel)), peer_(channel_) {
  if (prelude == Prelude::Fresh) {
    return;
  }
  REQUIRE(peer_.negotiate() == Told::Accepted);
  if (prelude == Prelude::Negotiated) {
    return;
  }
  REQUIRE(peer_.setMemTable() == Told::Accepted);
  REQUIRE(peer_.configureRing(0) == Told::Accepted);
  if (prelude == Prelude::Running) {
    REQUIRE(peer_.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);
  }
}

void Attacker::sendBytes(std::span<const std::byte> bytes, std::span<const int> fds) {
  ControlBuffer control;
  // sendmsg does not write through iov_base.
  iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  const ssize_t count = ::sendmsg(channel_.fd(), &message, MSG_NOSIGNAL);
  // It may have hung up on what came before.
  REQUIRE((count == static_cast<ssize_t>(bytes.size()) || errno == EPIPE || errno == ECONNRESET));
}

void Attacker::send(const spec::Header& header, std::span<const std::byte> payload,
                    std::span<const int> fds) {
  std::vector<std::byte> bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  sendBytes(bytes, fds);
}

spec::Header Attacker::headerOf(Request request, std::size_t bytes) {
  return {.request = static_cast<std::uint32_t>(request),
          .flags = spec::kVersion,
          .size = static_cast<std::uint32_t>(bytes)};
}

Told Attacker::probe() {
  const Result<frontend::Answer> answer = channel_.ask(Request::GET_FEATURES, {});
  if (answer) {
    return Told::Accepted;
  }
  return answer.error().kind() == ErrorKind::TimedOut ? Told::Failed : Told::HungUp;
}

Told Attacker::sendAndProbe(const spec::Header& header, std::span<const std::byte> payload,
                            std::span<const int> fds) {
  send(header, payload, fds);
  return probe();
}

UniqueFd Attacker::makeOddFd(std::uint32_t variant) {
  switch (variant) {
  case 0:
    return openPath("/dev/null", O_RDWR);
  case 1:
    return openPath("/dev/zero", O_RDWR);
  case 2:
    return openPath("/", O_RDONLY | O_DIRECTORY);
  case kFileFd:
    return openPath("/proc/self/exe", O_RDONLY);
  case 4:
    return openPath("/proc/self/exe", O_PATH);
  case kSocketFd:
    return std::move(test::makeSocketPair().frontend);
  default: {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const UniqueFd unused(ends[variant % 2]);
    return UniqueFd(ends[1 - variant % 2]);
  }
  }
}

RegionDescription Attacker::region() { return peer_.arena().regions().front(); }

Told Attacker::tellTable(std::span<const RegionDescription> regions, int fd) {
  const std::vector<int> fds(regions.size(), fd);
  return peer_.tell(Request::SET_MEM_TABLE, test::memoryTablePayload(regions), fds);
}

Told Attacker::addRegion(const RegionDescription& region) {
  const int fd = peer_.arena().fd();
  return peer_.tell(Request::ADD_MEM_REG, bytesOf(test::singleRegionPayload(region)),
                    std::span(&fd, 1));
}

Told Attacker::removeRegion(const RegionDescription& region) {
  return peer_.tell(Request::REM_MEM_REG, bytesOf(test::singleRegionPayload(region)));
}

Told Attacker::startAt(const spec::VringAddress& address) {
  if (const Told told = peer_.tell(Request::SET_VRING_ADDR, bytesOf(address));
      told != Told::Accepted) {
    return told;
  }
  if (const Told told = peer_.tellState(Request::SET_VRING_ENABLE, 0, 1); told != Told::Accepted) {
    return told;
  }
  return probe();
}

Told Attacker::startBroken(std::uint32_t base, const spec::VringAddress& address) {
  const Result<UniqueFd> err = createEventFd();
  REQUIRE_OK(err);
  for (const Told told : {peer_.tellFd(Request::SET_VRING_ERR, 0, err->get()),
                          peer_.tellState(Request::SET_VRING_BASE, 0, base), startAt(address)}) {
    if (told != Told::Accepted) {
      return told;
    }
  }
  return frontend::waitForEvent(err->get(), 0) ? Told::Accepted : Told::Failed;
}

} // namespace argon::hostile
