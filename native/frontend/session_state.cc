// SPDX-License-Identifier: Apache-2.0

// What a monitor reads and changes while the rings run: configuration, memory, the dirty page log,
// the device's status, and messages that come from the back end.

#include "base/check.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/blk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::frontend {

namespace spec = vhost_user::spec;
namespace blk = virtio::spec::blk;

namespace {

// What QEMU 7.2 asks for: its struct ends before the secure-erase fields.
constexpr std::uint32_t kConfigBytesAsked = 60;

// vhost-user, "Migration": one bit for each page of this size.
constexpr std::uint64_t kLogPageBytes = 4096;
constexpr std::uint64_t kPagesPerByte = 8;

spec::MemoryRegion wireOf(const RegionDescription& region) {
  return {.guestAddress = region.guestStart.get(),
          .size = region.sizeBytes,
          .userAddress = region.frontendStart.get(),
          .mmapOffset = region.fileOffsetBytes};
}

} // namespace

Result<blk::Config> Session::readConfig() {
  ARGON_TRY_ASSIGN(const std::vector<std::byte> bytes, readConfigBytes(0, kConfigBytesAsked));
  blk::Config config{};
  std::memcpy(&config, bytes.data(), bytes.size());
  return config;
}

Result<std::vector<std::byte>> Session::readConfigBytes(std::uint32_t offset,
                                                        std::uint32_t byteCount) {
  const spec::ConfigHeader header{.offset = offset, .size = byteCount, .flags = 0};
  std::vector<std::byte> request(sizeof header + byteCount);
  std::memcpy(request.data(), &header, sizeof header);
  ARGON_TRY_ASSIGN(const Answer answer, channel_.ask(spec::Request::GET_CONFIG, request));
  if (answer.payload.size() != request.size()) {
    return Error(ErrorKind::Protocol,
                 concat("a configuration of ", answer.payload.size(), " bytes"));
  }
  return std::vector(answer.payload.begin() + sizeof header, answer.payload.end());
}

Result<void> Session::writeConfig(std::uint32_t offset, std::span<const std::byte> bytes) {
  const spec::ConfigHeader header{
      .offset = offset, .size = static_cast<std::uint32_t>(bytes.size()), .flags = 0};
  std::vector<std::byte> request(sizeof header + bytes.size());
  std::memcpy(request.data(), &header, sizeof header);
  std::ranges::copy(bytes, request.begin() + sizeof header);
  return tell(spec::Request::SET_CONFIG, request);
}

Result<void> Session::sendMemory() {
  const std::vector<RegionDescription>& regions = arena_->regions();
  std::vector<std::byte> payload(sizeof(spec::MemoryTableHeader));
  const spec::MemoryTableHeader header{.regionCount = static_cast<std::uint32_t>(regions.size()),
                                       .padding = 0};
  std::memcpy(payload.data(), &header, sizeof header);
  std::vector<int> fds;
  for (const RegionDescription& region : regions) {
    const spec::MemoryRegion wire = wireOf(region);
    const std::span<const std::byte> bytes = payloadOf(wire);
    payload.insert(payload.end(), bytes.begin(), bytes.end());
    fds.push_back(arena_->fd());
  }
  return tell(spec::Request::SET_MEM_TABLE, payload, fds);
}

Result<void> Session::addMemory(const Arena& arena) {
  for (const RegionDescription& region : arena.regions()) {
    const spec::SingleMemoryRegion wire{.padding = 0, .region = wireOf(region)};
    ARGON_TRY(tell(spec::Request::ADD_MEM_REG, payloadOf(wire), std::array{arena.fd()}));
  }
  return {};
}

Result<void> Session::removeMemory(const Arena& arena) {
  for (const RegionDescription& region : arena.regions()) {
    const spec::SingleMemoryRegion wire{.padding = 0, .region = wireOf(region)};
    ARGON_TRY(tell(spec::Request::REM_MEM_REG, payloadOf(wire)));
  }
  return {};
}

Result<std::uint64_t> Session::readSlotCountMax() {
  return askU64(spec::Request::GET_MAX_MEM_SLOTS);
}

Result<void> Session::startLog() {
  const std::uint64_t pageCount = arena_->endAddress().get() / kLogPageBytes + 1;
  const std::uint64_t logBytes = (pageCount / kPagesPerByte / pageBytes() + 1) * pageBytes();
  logFd_ = UniqueFd(::memfd_create("argon-frontend-log", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!logFd_ || ::ftruncate(logFd_.get(), static_cast<off_t>(logBytes)) != 0 ||
      ::fcntl(logFd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Error::fromErrno(errno, concat("create a log of ", logBytes, " bytes"));
  }
  ARGON_TRY_ASSIGN(
      log_, MappedRegion::mapShared(logFd_.get(), 0, logBytes, MappedRegion::Access::ReadWrite));
  const spec::LogDescription description{.size = logBytes, .offset = 0};
  ARGON_TRY(
      channel_.ask(spec::Request::SET_LOG_BASE, payloadOf(description), std::array{logFd_.get()}));
  features_ = features_.with(spec::F_LOG_ALL);
  ARGON_TRY(sendFeatures());
  for (std::uint16_t index = 0; index < queueCount(); ++index) {
    ARGON_TRY(sendAddress(index));
  }
  return {};
}

Result<void> Session::stopLog() {
  features_ = features_.without(spec::F_LOG_ALL);
  ARGON_TRY(sendFeatures());
  for (std::uint16_t index = 0; index < queueCount(); ++index) {
    ARGON_TRY(sendAddress(index));
  }
  return {};
}

bool Session::isLogged(GuestAddress address) const {
  const std::uint64_t page = address.get() / kLogPageBytes;
  const auto bits = std::to_integer<unsigned>(log_.bytes()[page / kPagesPerByte]);
  return (bits >> page % kPagesPerByte & 1U) != 0;
}

std::size_t Session::loggedPageCount() const {
  std::size_t count = 0;
  for (const std::byte bits : log_.bytes()) {
    count += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(bits)));
  }
  return count;
}

void Session::clearLog() { std::ranges::fill(log_.bytes(), std::byte{0}); }

Result<void> Session::setMtu(std::uint64_t mtuBytes) {
  return tellU64(spec::Request::NET_SET_MTU, mtuBytes);
}

Result<void> Session::setStatus(std::uint8_t status) {
  return tellU64(spec::Request::SET_STATUS, status);
}

Result<std::uint8_t> Session::readStatus() {
  ARGON_TRY_ASSIGN(const std::uint64_t status, askU64(spec::Request::GET_STATUS));
  if (status > UINT8_MAX) {
    return Error(ErrorKind::Protocol, concat("a device status of ", status));
  }
  return static_cast<std::uint8_t>(status);
}

Result<void> Session::resetDevice() { return tell(spec::Request::RESET_DEVICE, {}); }

Result<void> Session::sendFeatures() {
  return tellU64(spec::Request::SET_FEATURES, features_.bits());
}

Result<void> Session::openBackendChannel() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error::fromErrno(errno, "create a back-end channel");
  }
  backendChannel_.emplace(UniqueFd(ends[0]));
  const UniqueFd theirs(ends[1]);
  return tell(spec::Request::SET_BACKEND_REQ_FD, {}, std::array{theirs.get()});
}

Result<Answer> Session::receiveFromBackend(int timeoutMs) {
  ARGON_CHECK(backendChannel_.has_value());
  backendChannel_->setTimeoutMs(timeoutMs);
  ARGON_TRY_ASSIGN(Answer message, backendChannel_->receive());
  if ((message.header.flags & spec::NEED_REPLY) != 0) {
    const std::uint64_t done = 0;
    ARGON_TRY(backendChannel_->send(static_cast<spec::Request>(message.header.request),
                                    payloadOf(done), {}, spec::REPLY));
  }
  return message;
}

} // namespace argon::frontend
