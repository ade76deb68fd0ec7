// SPDX-License-Identifier: Apache-2.0
#include "fuzz/ring_model.h"

#include "fuzz/chain_model.h"
#include "fuzz/guest_scene.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/features.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace spec = virtio::spec;

namespace {

class Memory {
public:
  explicit Memory(std::span<std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::uint16_t load(std::size_t offset) const {
    std::uint16_t value = 0;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  template <typename Value>
  void store(std::size_t offset, Value value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }

private:
  std::span<std::byte> bytes_;
};

class SplitModel final : public RingModel {
public:
  SplitModel(const GuestScene& scene, std::span<std::byte> memory)
      : scene_(scene), memory_(memory), size_(scene.queueSize()),
        hasEventIdx_(scene.features().has(spec::F_EVENT_IDX)), nextAvailable_(scene.firstIndex()),
        used_(memory_.load(scene.usedRing().offset + spec::kUsedIdxOffset)), publishedUsed_(used_) {
  }

  Taken take() override {
    const std::size_t waitingCount = scene_.offeredCount() - takenCount_;
    if (waitingCount > size_) {
      return {.kind = Taken::Kind::Broken};
    }
    if (waitingCount == 0) {
      return {.kind = Taken::Kind::Nothing};
    }
    const std::uint16_t head = memory_.load(scene_.availableRing().offset + spec::kAvailRingOffset +
                                            nextAvailable_ % size_ * spec::kAvailElementBytes);
    ++nextAvailable_;
    ++takenCount_;
    if (head >= size_) {
      return {.kind = Taken::Kind::Broken};
    }
    return {.kind = Taken::Kind::Chain,
            .head = head,
            .chain = modelChain(scene_, memory_.bytes(), head, virtio::kSegmentCountMax)};
  }

  void put(std::uint16_t head, std::uint16_t /*descriptorCount*/, std::uint32_t length) override {
    const spec::UsedElement element{.id = std::uint32_t{head}, .len = length};
    memory_.store(scene_.usedRing().offset + spec::kUsedRingOffset + used_ % size_ * sizeof element,
                  element);
    ++used_;
  }

  bool publish() override {
    memory_.store(scene_.usedRing().offset + spec::kUsedIdxOffset, used_);
    const std::uint16_t published = std::exchange(publishedUsed_, used_);
    const std::size_t ring = scene_.availableRing().offset;
    if (!hasEventIdx_) {
      return (memory_.load(ring + spec::kAvailFlagsOffset) & spec::AVAIL_F_NO_INTERRUPT) == 0;
    }
    // True if the entry that it waits for is among those that were just published.
    const std::uint16_t awaited =
        memory_.load(ring + spec::kAvailRingOffset + std::size_t{spec::kAvailElementBytes} * size_);
    for (std::uint16_t index = published; index != used_; ++index) {
      if (index == awaited) {
        return true;
      }
    }
    return false;
  }

  // With EVENT_IDX what it last waited for is behind it, and stays.
  void refuseKicks() override {
    if (!hasEventIdx_) {
      memory_.store(scene_.usedRing().offset + spec::kUsedFlagsOffset, spec::USED_F_NO_NOTIFY);
    }
  }

  bool askForKick() override {
    const Range used = scene_.usedRing();
    if (hasEventIdx_) {
      memory_.store(used.offset + used.size - sizeof(std::uint16_t), nextAvailable_);
    } else {
      memory_.store(used.offset + spec::kUsedFlagsOffset, std::uint16_t{0});
    }
    return takenCount_ != scene_.offeredCount();
  }

  [[nodiscard]] std::uint32_t base() const override { return nextAvailable_; }
  [[nodiscard]] std::vector<Range> writtenParts() const override { return {scene_.usedRing()}; }

private:
  const GuestScene& scene_;
  Memory memory_;
  std::uint16_t size_;
  bool hasEventIdx_;
  std::uint16_t nextAvailable_;
  std::size_t takenCount_ = 0;
  std::uint16_t used_;
  std::uint16_t publishedUsed_;
};

class PackedModel final : public RingModel {
public:
  PackedModel(const GuestScene& scene, std::span<std::byte> memory)
      : scene_(scene), memory_(memory), size_(scene.queueSize()),
        hasEventIdx_(scene.features().has(spec::F_EVENT_IDX)),
        nextAvailable_(scene.firstAvailable()), nextUsed_(scene.firstUsed()),
        takenEntryCount_(nextUsed_.countTo(nextAvailable_, size_)) {}

  Taken take() override {
    const ModelPackedChain next = look();
    if (next.kind != ModelPackedChain::Kind::Chain) {
      return {.kind = next.kind == ModelPackedChain::Kind::Nothing ? Taken::Kind::Nothing
                                                                   : Taken::Kind::Broken};
    }
    nextAvailable_ = nextAvailable_.after(next.descriptorCount, size_);
    takenEntryCount_ += next.descriptorCount;
    return {.kind = Taken::Kind::Chain,
            .head = next.id,
            .descriptorCount = next.descriptorCount,
            .chain = next.chain};
  }

  // All of a batch can be seen but its first, whose flags come last.
  void put(std::uint16_t head, std::uint16_t descriptorCount, std::uint32_t length) override {
    const std::size_t entry = entryAt(nextUsed_);
    memory_.store(entry + offsetof(spec::PackedDescriptor, len), length);
    memory_.store(entry + offsetof(spec::PackedDescriptor, id), head);
    const unsigned owner = nextUsed_.wrap ? spec::DESC_F_AVAIL | spec::DESC_F_USED : 0;
    const auto flags =
        static_cast<std::uint16_t>(owner | (length > 0 ? unsigned{spec::DESC_F_WRITE} : 0U));
    if (batchEntryCount_ == 0) {
      batchFirst_ = nextUsed_;
      batchFirstFlags_ = flags;
    } else {
      memory_.store(entry + spec::kPackedFlagsOffset, flags);
    }
    batchEntryCount_ += descriptorCount;
    nextUsed_ = nextUsed_.after(descriptorCount, size_);
  }

  bool publish() override {
    const std::uint32_t entryCount = std::exchange(batchEntryCount_, 0);
    takenEntryCount_ -= entryCount;
    if (entryCount > 0) {
      memory_.store(entryAt(batchFirst_) + spec::kPackedFlagsOffset, batchFirstFlags_);
    }
    const std::size_t wish = scene_.availableRing().offset;
    const std::uint16_t flags = memory_.load(wish + sizeof(std::uint16_t)) % 4;
    if (flags != spec::RING_EVENT_FLAGS_DESC || !hasEventIdx_) {
      return flags != spec::RING_EVENT_FLAGS_DISABLE;
    }
    // True if the entry that it waits for is one of the batch. Of the last round entries count from
    // below 0, and an offset may say what it will.
    const auto awaited = virtio::PackedPosition::fromBits(memory_.load(wish));
    const int place = awaited.index - (awaited.wrap == nextUsed_.wrap ? 0 : int{size_});
    return place < nextUsed_.index && place >= nextUsed_.index - static_cast<int>(entryCount);
  }

  void refuseKicks() override { writeWish(0, spec::RING_EVENT_FLAGS_DISABLE); }

  bool askForKick() override {
    writeWish(nextAvailable_.bits(),
              hasEventIdx_ ? spec::RING_EVENT_FLAGS_DESC : spec::RING_EVENT_FLAGS_ENABLE);
    return look().kind != ModelPackedChain::Kind::Nothing;
  }

  [[nodiscard]] std::uint32_t base() const override {
    return nextAvailable_.bits() | std::uint32_t{nextUsed_.bits()} << 16;
  }
  [[nodiscard]] std::vector<Range> writtenParts() const override {
    return {scene_.descriptorTable(), scene_.usedRing()};
  }

private:
  [[nodiscard]] ModelPackedChain look() const {
    return modelPackedChain(scene_, memory_.bytes(), nextAvailable_, size_ - takenEntryCount_,
                            virtio::kSegmentCountMax);
  }
  [[nodiscard]] std::size_t entryAt(virtio::PackedPosition position) const {
    return scene_.descriptorTable().offset + position.index * sizeof(spec::PackedDescriptor);
  }
  void writeWish(std::uint16_t offset, std::uint16_t flags) {
    memory_.store(scene_.usedRing().offset, offset);
    memory_.store(scene_.usedRing().offset + sizeof offset, flags);
  }

  const GuestScene& scene_;
  Memory memory_;
  std::uint16_t size_;
  bool hasEventIdx_;
  virtio::PackedPosition nextAvailable_;
  virtio::PackedPosition nextUsed_;
  // Entries that the driver may not use: taken, and their answers not visible.
  std::uint32_t takenEntryCount_;
  virtio::PackedPosition batchFirst_{};
  std::uint16_t batchFirstFlags_ = 0;
  std::uint32_t batchEntryCount_ = 0;
};

} // namespace

std::unique_ptr<RingModel> makeRingModel(const GuestScene& scene, std::span<std::byte> memory) {
  if (scene.isPacked()) {
    return std::make_unique<PackedModel>(scene, memory);
  }
  return std::make_unique<SplitModel>(scene, memory);
}

} // namespace argon::fuzz
