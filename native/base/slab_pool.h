// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/check.h"
#include "base/mapped_region.h"
#include "base/result.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace argon {

/// A fixed number of objects that are taken and given back without allocation. Address space is
/// reserved at once, memory is taken as objects are first used, and the object given back last is
/// handed out first. Objects keep their state between uses; all are destroyed with the pool.
/// One thread.
template <typename Object>
class SlabPool {
public:
  static Result<std::unique_ptr<SlabPool>> create(std::size_t capacity) {
    ARGON_TRY_ASSIGN(MappedRegion memory, MappedRegion::allocate(capacity * sizeof(Object)));
    return std::unique_ptr<SlabPool>(new SlabPool(std::move(memory), capacity));
  }
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;
  ~SlabPool() {
    ARGON_CHECK_EQ(free_.size(), madeCount_);
    for (Object* object : free_) {
      std::destroy_at(object);
    }
  }

  /// Null if all are in use.
  [[nodiscard]] Object* take() {
    if (!free_.empty()) {
      Object* object = free_.back();
      free_.pop_back();
      return object;
    }
    if (madeCount_ == capacity_) {
      return nullptr;
    }
    void* place = memory_.bytes().data() + madeCount_ * sizeof(Object);
    ++madeCount_;
    return std::construct_at(static_cast<Object*>(place));
  }
  void giveBack(Object& object) { free_.push_back(&object); }

  [[nodiscard]] std::size_t usedCount() const { return madeCount_ - free_.size(); }

private:
  SlabPool(MappedRegion memory, std::size_t capacity)
      : memory_(std::move(memory)), capacity_(capacity) {
    static_assert(alignof(Object) <= 4096);
    free_.reserve(capacity);
  }

  MappedRegion memory_;
  std::size_t capacity_;
  std::size_t madeCount_ = 0;
  std::vector<Object*> free_;
};

} // namespace argon
