// SPDX-License-Identifier: Apache-2.0
#pragma once

// Memory for large tables that are read all over, in huge pages if the kernel has them: with small
// ones most reads of such a table miss the TLB too. Debian's kernel gives them to who asks.

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace argon {

/// For std::vector and its kin. What is less than a huge page comes from the heap as ever.
template <typename Value>
class HugePageAllocator {
public:
  using value_type = Value;

  HugePageAllocator() = default;
  template <typename Other>
  explicit HugePageAllocator(const HugePageAllocator<Other>& /*other*/) {}

  [[nodiscard]] Value* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(Value);
    void* memory = ::operator new(bytes, alignmentFor(bytes));
    if (bytes >= kHugePageBytes) {
      // Advice: without huge pages it is slower, and no less right.
      static_cast<void>(::madvise(memory, bytes, MADV_HUGEPAGE));
    }
    return static_cast<Value*>(memory);
  }
  void deallocate(Value* memory, std::size_t count) {
    ::operator delete(memory, alignmentFor(count * sizeof(Value)));
  }
  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

private:
  static constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

  static std::align_val_t alignmentFor(std::size_t bytes) {
    return std::align_val_t{bytes >= kHugePageBytes ? kHugePageBytes : alignof(Value)};
  }
};

} // namespace argon
