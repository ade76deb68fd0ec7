// SPDX-License-Identifier: Apache-2.0
#include "frontend/image_writer.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "virtio/spec/blk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace argon::frontend {

namespace blk = virtio::spec::blk;

namespace {

// A request of this size costs little more than its bytes; arbitrary beyond that.
constexpr std::size_t kChunkBytes = std::size_t{1024} * 1024;
// Zeros are looked for in pieces of the file systems' usual block.
constexpr std::size_t kZeroBytes = 4096;

bool isZero(std::span<const std::byte> bytes) {
  static constexpr std::array<std::byte, kZeroBytes> kZeros{};
  return std::memcmp(bytes.data(), kZeros.data(), bytes.size()) == 0;
}

Result<std::size_t> readChunk(int fd, std::uint64_t offset, std::span<std::byte> into) {
  std::size_t count = 0;
  while (count < into.size()) {
    const ssize_t got =
        ::pread(fd, into.data() + count, into.size() - count, static_cast<off_t>(offset + count));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return Error::fromErrno(errno, "read the image");
    }
    if (got == 0) {
      break;
    }
    count += static_cast<std::size_t>(got);
  }
  return count;
}

// Writes the runs of `chunk` that are not zeros.
Result<std::uint64_t> writeRuns(BlockDriver& driver, std::uint64_t offset,
                                std::span<const std::byte> chunk) {
  std::uint64_t writtenBytes = 0;
  std::size_t position = 0;
  while (position < chunk.size()) {
    const auto blockAt = [&chunk](std::size_t start) {
      return chunk.subspan(start, std::min(kZeroBytes, chunk.size() - start));
    };
    if (isZero(blockAt(position))) {
      position += kZeroBytes;
      continue;
    }
    std::size_t end = position;
    while (end < chunk.size() && !isZero(blockAt(end))) {
      end = std::min(end + kZeroBytes, chunk.size());
    }
    ARGON_TRY(driver.write(offset + position, chunk.subspan(position, end - position)));
    writtenBytes += end - position;
    position = end;
  }
  return writtenBytes;
}

} // namespace

Result<ImageWriter::Totals> ImageWriter::write(Session& session, const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return Error::fromErrno(errno, concat("open the image ", path));
  }
  const auto imageBytes = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t deviceBytes = session.config().capacity.get() * blk::SECTOR_BYTES;
  if (imageBytes > deviceBytes) {
    return Error(ErrorKind::InvalidArgument, concat("the image ", path, " has ", imageBytes,
                                                    " bytes and the volume ", deviceBytes));
  }
  BlockDriver driver(session);
  Totals totals{.imageBytes = imageBytes};
  std::vector<std::byte> chunk(kChunkBytes);
  for (std::uint64_t offset = 0; offset < imageBytes; offset += kChunkBytes) {
    if (isCancelled_.load(std::memory_order_relaxed)) {
      return Error(ErrorKind::Closed, concat("copying ", path, " was cancelled"));
    }
    ARGON_TRY_ASSIGN(const std::size_t count, readChunk(file.get(), offset, chunk));
    if (count < std::min<std::uint64_t>(kChunkBytes, imageBytes - offset)) {
      return Error(ErrorKind::HostIo, concat("the image ", path, " was cut short meanwhile"));
    }
    const std::size_t padded =
        (count + blk::SECTOR_BYTES - 1) / blk::SECTOR_BYTES * blk::SECTOR_BYTES;
    std::fill(chunk.begin() + static_cast<std::ptrdiff_t>(count),
              chunk.begin() + static_cast<std::ptrdiff_t>(padded), std::byte{0});
    ARGON_TRY_ASSIGN(const std::uint64_t written,
                     writeRuns(driver, offset, std::span(chunk).first(padded)));
    totals.writtenBytes += written;
    doneBytes_.store(std::min(offset + count, imageBytes), std::memory_order_relaxed);
  }
  ARGON_TRY(driver.flush());
  return totals;
}

} // namespace argon::frontend
