// SPDX-License-Identifier: Apache-2.0
#include "storage/mapped_file_store.h"

#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/sigbus_guard.h"
#include "base/text.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "storage/file_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace argon {

namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kBitsPerWord = 64;

// Gives the file's own channel what a copy cannot do.
class MappedFileChannel final : public StoreChannel {
public:
  MappedFileChannel(MappedFileStore& store, std::unique_ptr<StoreChannel> file)
      : store_(store), file_(std::move(file)) {}

  void submit(StoreRequest& request) override {
    switch (request.operation) {
    case StoreOperation::Read:
      if (!store_.hasPages(request.offsetBytes, request.lengthBytes)) {
        file_->submit(request);
        return;
      }
      scatter(placeOf(request), request.buffers, 0);
      break;
    case StoreOperation::Write:
      if (!store_.hasPages(request.offsetBytes, request.lengthBytes)) {
        if (const StoreStatus status = store_.makeRoom(request.offsetBytes, request.lengthBytes);
            status != StoreStatus::Ok) {
          request.done(status);
          return;
        }
      }
      gather(request.buffers, 0, placeOf(request));
      break;
    case StoreOperation::Flush:
      break;
    case StoreOperation::Discard:
    case StoreOperation::WriteZeroes:
      store_.forgetPages(request.offsetBytes, request.lengthBytes);
      file_->submit(request);
      return;
    }
    request.done(store_.isMappingGood() ? StoreStatus::Ok : StoreStatus::IoError);
  }

private:
  [[nodiscard]] std::span<std::byte> placeOf(const StoreRequest& request) {
    return store_.mappedBytes().subspan(request.offsetBytes, request.lengthBytes);
  }

  MappedFileStore& store_;
  std::unique_ptr<StoreChannel> file_;
};

} // namespace

Result<std::unique_ptr<MappedFileStore>> MappedFileStore::create(std::unique_ptr<FileStore> file) {
  if (file->sizeBytes() > kSizeBytesMax) {
    return Error(ErrorKind::Exhausted, concat(file->description(), " of ", file->sizeBytes(),
                                              " bytes is too large to be mapped"));
  }
  const std::uint64_t room = file->sizeBytes() * kGrowthFactor;
  ARGON_TRY_ASSIGN(MappedRegion mapping,
                   MappedRegion::mapShared(file->fd(), 0, room, MappedRegion::Access::ReadWrite));
  // What is stored is not for core files.
  ::madvise(mapping.pages().data(), mapping.pages().size(), MADV_DONTDUMP);
  ARGON_TRY_ASSIGN(SigbusGuard guard, SigbusGuard::create(mapping.pages(), pageBytes()));
  ARGON_TRY_ASSIGN(
      MappedRegion known,
      MappedRegion::allocate((room / kPageBytes / kBitsPerWord + 2) * sizeof(std::uint64_t)));
  return std::unique_ptr<MappedFileStore>(
      new MappedFileStore(std::move(file), std::move(mapping), std::move(guard), std::move(known)));
}

MappedFileStore::MappedFileStore(std::unique_ptr<FileStore> file, MappedRegion mapping,
                                 SigbusGuard guard, MappedRegion known)
    : file_(std::move(file)), mapping_(std::move(mapping)), guard_(std::move(guard)),
      known_(std::move(known)), sizeBytes_(file_->sizeBytes()),
      description_(concat(file_->description(), ", mapped")) {}

Result<std::unique_ptr<StoreChannel>> MappedFileStore::openChannel(const ChannelContext& context) {
  ARGON_TRY_ASSIGN(std::unique_ptr<StoreChannel> file, file_->openChannel(context));
  return std::unique_ptr<StoreChannel>(std::make_unique<MappedFileChannel>(*this, std::move(file)));
}

Result<void> MappedFileStore::grow(std::uint64_t newSizeBytes) {
  if (newSizeBytes > mapping_.bytes().size()) {
    return Error(ErrorKind::Exhausted, concat(description_, " of ", sizeBytes(),
                                              " bytes has no room for ", newSizeBytes));
  }
  ARGON_TRY(file_->grow(newSizeBytes));
  // Release: who sees the size may touch the bytes.
  sizeBytes_.store(newSizeBytes, std::memory_order_release);
  return {};
}

StoreStatus MappedFileStore::makeRoom(std::uint64_t offsetBytes, std::uint64_t lengthBytes) {
  while (::fallocate(file_->fd(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offsetBytes),
                     static_cast<off_t>(lengthBytes)) != 0) {
    if (errno != EINTR) {
      return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? StoreStatus::NoSpace
                                                                  : StoreStatus::IoError;
    }
  }
  setKnown(pagesOf(offsetBytes, lengthBytes));
  return StoreStatus::Ok;
}

bool MappedFileStore::hasPages(std::uint64_t offsetBytes, std::uint64_t lengthBytes) {
  const Pages pages = pagesOf(offsetBytes, lengthBytes);
  if (isKnown(pages)) [[likely]] {
    return true;
  }
  // The file's offset, which this moves, is nobody's.
  const off_t hole = ::lseek(file_->fd(), static_cast<off_t>(pages.first * kPageBytes), SEEK_HOLE);
  if (hole < 0 || static_cast<std::uint64_t>(hole) < offsetBytes + lengthBytes) {
    return false;
  }
  setKnown(pages);
  return true;
}

void MappedFileStore::forgetPages(std::uint64_t offsetBytes, std::uint64_t lengthBytes) {
  const Pages pages = pagesOf(offsetBytes, lengthBytes);
  for (std::uint64_t page = pages.first; page < pages.end; ++page) {
    wordOf(page).fetch_and(~(std::uint64_t{1} << page % kBitsPerWord), std::memory_order_relaxed);
  }
}

MappedFileStore::Pages MappedFileStore::pagesOf(std::uint64_t offsetBytes,
                                                std::uint64_t lengthBytes) {
  return {.first = offsetBytes / kPageBytes,
          .end = (offsetBytes + lengthBytes + kPageBytes - 1) / kPageBytes};
}

std::atomic_ref<std::uint64_t> MappedFileStore::wordOf(std::uint64_t page) const {
  // The region starts on a page, so every word is aligned.
  void* place = known_.bytes().data() + page / kBitsPerWord * sizeof(std::uint64_t);
  return std::atomic_ref<std::uint64_t>(*static_cast<std::uint64_t*>(place));
}

bool MappedFileStore::isKnown(const Pages& pages) const {
  for (std::uint64_t page = pages.first; page < pages.end; ++page) {
    if ((wordOf(page).load(std::memory_order_relaxed) >> page % kBitsPerWord & 1U) == 0) {
      return false;
    }
  }
  return true;
}

void MappedFileStore::setKnown(const Pages& pages) {
  for (std::uint64_t page = pages.first; page < pages.end; ++page) {
    wordOf(page).fetch_or(std::uint64_t{1} << page % kBitsPerWord, std::memory_order_relaxed);
  }
}

} // namespace argon
