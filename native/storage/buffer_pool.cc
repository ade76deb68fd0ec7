// SPDX-License-Identifier: Apache-2.0
#include "storage/buffer_pool.h"

#include "base/check.h"
#include "base/mapped_region.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace argon {

namespace {

struct SizeClassPlan {
  std::size_t bufferBytes;
  std::size_t count;
};

// 4 KiB for the usual random request at any depth a ring allows, 128 KiB for sequential ones: 64 of
// these are 8 MiB under way, more than any disk here needs to be busy. 32 KiB is between.
constexpr std::array<SizeClassPlan, 3> kPlans = {{
    {.bufferBytes = 4096, .count = 1024},
    {.bufferBytes = std::size_t{32} * 1024, .count = 128},
    {.bufferBytes = BufferPool::kBufferBytesMax, .count = 64},
}};

} // namespace

Result<std::unique_ptr<BufferPool>> BufferPool::create() {
  std::unique_ptr<BufferPool> pool(new BufferPool());
  for (std::size_t index = 0; index < kPlans.size(); ++index) {
    const SizeClassPlan& plan = kPlans[index];
    SizeClass& sizeClass = pool->classes_[index];
    sizeClass.bufferBytes = plan.bufferBytes;
    ARGON_TRY_ASSIGN(sizeClass.memory, MappedRegion::allocate(plan.bufferBytes * plan.count));
    sizeClass.free.reserve(plan.count);
    for (std::size_t number = plan.count; number > 0; --number) {
      sizeClass.free.push_back(sizeClass.memory.bytes().data() + (number - 1) * plan.bufferBytes);
    }
  }
  return pool;
}

std::span<std::byte> BufferPool::take(std::size_t sizeBytes) {
  ARGON_DCHECK(sizeBytes <= kBufferBytesMax);
  for (SizeClass& sizeClass : classes_) {
    if (sizeBytes <= sizeClass.bufferBytes && !sizeClass.free.empty()) {
      std::byte* buffer = sizeClass.free.back();
      sizeClass.free.pop_back();
      return {buffer, sizeClass.bufferBytes};
    }
  }
  return {};
}

void BufferPool::giveBack(std::span<std::byte> buffer) {
  for (SizeClass& sizeClass : classes_) {
    if (buffer.size() == sizeClass.bufferBytes) {
      sizeClass.free.push_back(buffer.data());
      return;
    }
  }
  ARGON_UNREACHABLE();
}

} // namespace argon
