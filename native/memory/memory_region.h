// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/sigbus_guard.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace argon {

/// What a front end may give us as guest memory.
enum class RegionPolicy : std::uint8_t {
  /// For guests we launch: a memfd that can no longer shrink (F_SEAL_SHRINK).
  RequireSealed,
  /// For any front end: a regular file or memfd; should it shrink, the session ends.
  AllowUnsealed,
};

/// A region as a vhost-user memory table describes it. Every field is the front end's word.
struct RegionDescription {
  GuestAddress guestStart;
  std::uint64_t sizeBytes = 0;
  FrontendAddress frontendStart;
  std::uint64_t fileOffsetBytes = 0;

  friend bool operator==(const RegionDescription&, const RegionDescription&) = default;
};

/// Which file a descriptor is of, whatever number it came under.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
[[nodiscard]] Result<FileIdentity> identifyFile(int fd);

/// A piece of guest memory, mapped. Immutable after creation; shared by the memory tables it is
/// part of, and through them by the rings that still work on an older table.
class MemoryRegion {
public:
  /// Checks size, seals and kind of file, then maps. The descriptor is closed either way.
  static Result<std::shared_ptr<const MemoryRegion>> map(const RegionDescription& description,
                                                         UniqueFd fd, RegionPolicy policy);

  [[nodiscard]] const RegionDescription& description() const { return description_; }
  /// Whose bytes these are.
  [[nodiscard]] const FileIdentity& file() const { return file_; }
  [[nodiscard]] std::span<std::byte> bytes() const { return mapping_.bytes(); }
  /// True once a page was gone when it was touched.
  [[nodiscard]] bool isBroken() const { return guard_.isBroken(); }

private:
  MemoryRegion(const RegionDescription& description, const FileIdentity& file, MappedRegion mapping,
               SigbusGuard guard)
      : description_(description), file_(file), mapping_(std::move(mapping)),
        guard_(std::move(guard)) {}

  RegionDescription description_;
  FileIdentity file_;
  // Order matters: the guard goes before the mapping it watches.
  MappedRegion mapping_;
  SigbusGuard guard_;
};

} // namespace argon
