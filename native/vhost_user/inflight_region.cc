// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/inflight_region.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/inflight.h"
#include "vhost_user/spec/messages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace argon::vhost_user {

namespace {

// 256 packed queues of the largest size need 257 MiB, which GET_INFLIGHT_FD may have answered.
constexpr std::uint64_t kInflightBytesMax = std::uint64_t{512} * 1024 * 1024;

// Bytes of one queue's part. Both factors have 16 bits, so nothing here can wrap.
std::uint64_t queueBytes(RingLayout layout, std::uint16_t queueSize) {
  const std::uint64_t size = queueSize;
  const std::uint64_t bytes =
      layout == RingLayout::Split
          ? sizeof(spec::QueueRegionSplit) + size * sizeof(spec::DescStateSplit)
          : sizeof(spec::QueueRegionPacked) + size * sizeof(spec::DescStatePacked);
  return (bytes + spec::kInflightAlignment - 1) / spec::kInflightAlignment *
         spec::kInflightAlignment;
}

} // namespace

std::uint64_t InflightRegion::sizeBytes(RingLayout layout, std::uint16_t queueCount,
                                        std::uint16_t queueSize) {
  return queueBytes(layout, queueSize) * queueCount;
}

Result<UniqueFd> InflightRegion::createFile(std::uint64_t sizeBytes) {
  UniqueFd file(::memfd_create("argon-inflight", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Error::fromErrno(errno, "make the in-flight region");
  }
  return file;
}

Result<std::shared_ptr<const InflightRegion>>
InflightRegion::map(const spec::InflightDescription& description, UniqueFd fd,
                    RegionPolicy policy) {
  if (description.queueCount == 0 || description.queueSize == 0 ||
      description.mmapOffset % alignof(spec::DescStatePacked) != 0 ||
      description.mmapSize <
          sizeBytes(RingLayout::Split, description.queueCount, description.queueSize) ||
      description.mmapSize > kInflightBytesMax) {
    return Error(ErrorKind::Protocol,
                 concat("an in-flight region of ", description.mmapSize, " bytes at offset ",
                        description.mmapOffset, " for ", description.queueCount, " queues of ",
                        description.queueSize));
  }
  // Its addresses are nobody's; a memory region is only what checks and guards the mapping.
  ARGON_TRY_ASSIGN(std::shared_ptr<const MemoryRegion> memory,
                   MemoryRegion::map({.guestStart = GuestAddress(0),
                                      .sizeBytes = description.mmapSize,
                                      .frontendStart = FrontendAddress(0),
                                      .fileOffsetBytes = description.mmapOffset},
                                     std::move(fd), policy));
  return std::shared_ptr<const InflightRegion>(new InflightRegion(description, std::move(memory)));
}

std::optional<std::span<std::byte>> InflightRegion::queue(std::uint16_t index, RingLayout layout,
                                                          std::uint16_t queueSize) const {
  const std::uint64_t strideBytes = queueBytes(layout, queueSize_);
  if (index >= queueCount_ || queueSize > queueSize_ ||
      strideBytes * queueCount_ > memory_->bytes().size()) {
    return std::nullopt;
  }
  return memory_->bytes().subspan(strideBytes * index, strideBytes);
}

} // namespace argon::vhost_user
