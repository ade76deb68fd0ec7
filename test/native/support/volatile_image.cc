// SPDX-License-Identifier: Apache-2.0
#include "support/volatile_image.h"

#include "base/check.h"
#include "support/random.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

namespace argon::test {

void VolatileImage::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  ARGON_CHECK(offset % kSectorBytes == 0 && bytes.size() % kSectorBytes == 0 &&
              offset + bytes.size() <= visible_.size());
  ++writeCount_;
  std::ranges::copy(bytes, visible_.begin() + static_cast<std::ptrdiff_t>(offset));
  for (std::size_t done = 0; done < bytes.size(); done += kSectorBytes) {
    const std::span<const std::byte> sector = bytes.subspan(done, kSectorBytes);
    unflushed_[(offset + done) / kSectorBytes].push_back(
        {.write = writeCount_, .bytes = {sector.begin(), sector.end()}});
  }
}

void VolatileImage::keep(std::uint64_t sector, std::span<const std::byte> bytes) {
  std::ranges::copy(bytes, durable_.begin() + static_cast<std::ptrdiff_t>(sector * kSectorBytes));
}

void VolatileImage::flush(std::uint64_t writeCount) {
  for (auto at = unflushed_.begin(); at != unflushed_.end();) {
    auto& [sector, versions] = *at;
    std::size_t coveredCount = 0;
    while (coveredCount < versions.size() && versions[coveredCount].write <= writeCount) {
      ++coveredCount;
    }
    if (coveredCount > 0) {
      keep(sector, versions[coveredCount - 1].bytes);
      versions.erase(versions.begin(),
                     versions.begin() + static_cast<std::ptrdiff_t>(coveredCount));
    }
    at = versions.empty() ? unflushed_.erase(at) : std::next(at);
  }
}

void VolatileImage::cutPower(Random& random) {
  for (const auto& [sector, versions] : unflushed_) {
    const std::uint64_t which = random.below(versions.size() + 1);
    if (which < versions.size()) {
      keep(sector, versions[which].bytes);
    }
  }
  unflushed_.clear();
  visible_ = durable_;
}

} // namespace argon::test
