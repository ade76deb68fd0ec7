// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/split_inflight.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "memory/shared_copy.h"
#include "vhost_user/spec/inflight.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::DescStateSplit;
using spec::QueueRegionSplit;

} // namespace

Result<SplitInflight> SplitInflight::open(std::span<std::byte> bytes, std::uint16_t queueSize,
                                          std::uint16_t usedIndex) {
  SplitInflight inflight(bytes, queueSize);
  const auto header = fetchOnce<QueueRegionSplit>(bytes.data());
  if (header.version == 0) {
    inflight.initialize(usedIndex);
    return inflight;
  }
  if (header.version != spec::kInflightVersion || header.desc_num != queueSize) {
    return Error(ErrorKind::Protocol,
                 concat("an in-flight region of version ", header.version, " for ", header.desc_num,
                        " entries, and the ring has ", queueSize));
  }
  ARGON_TRY(inflight.recover(usedIndex));
  return inflight;
}

SplitInflight::SplitInflight(std::span<std::byte> bytes, std::uint16_t queueSize)
    : region_(bytes.data()), queueSize_(queueSize) {
  batch_.reserve(queueSize);
}

std::byte* SplitInflight::entryAt(std::uint16_t index) const {
  return region_ + sizeof(QueueRegionSplit) + sizeof(DescStateSplit) * index;
}

void SplitInflight::initialize(std::uint16_t usedIndex) {
  std::ranges::fill(std::span(entryAt(0), sizeof(DescStateSplit) * queueSize_), std::byte{0});
  const QueueRegionSplit header{.features = 0,
                                .version = 0,
                                .desc_num = queueSize_,
                                .last_batch_head = 0,
                                .used_idx = usedIndex};
  storeShared(region_, header);
  // Last, for a crash before leaves a region that is new.
  storeShared(region_ + offsetof(QueueRegionSplit, version), spec::kInflightVersion);
}

// If the last batch was published, but the crash came before that was noted, it is noted now: "Set
// the inflight field of each DescStateSplit entry to 0 in last batch list".
void SplitInflight::finishLastBatch(std::uint16_t usedIndex) {
  const auto header = fetchOnce<QueueRegionSplit>(region_);
  const auto count = static_cast<std::uint16_t>(usedIndex - header.used_idx);
  std::uint16_t head = header.last_batch_head;
  for (std::uint16_t step = 0; step < std::min(count, queueSize_) && head < queueSize_; ++step) {
    storeShared(entryAt(head) + offsetof(DescStateSplit, inflight), std::uint8_t{0});
    head = fetchOnce<std::uint16_t>(entryAt(head) + offsetof(DescStateSplit, next));
  }
  storeShared(region_ + offsetof(QueueRegionSplit, used_idx), usedIndex);
}

Result<void> SplitInflight::recover(std::uint16_t usedIndex) {
  finishLastBatch(usedIndex);
  std::vector<std::pair<std::uint64_t, std::uint16_t>> found;
  for (std::uint16_t head = 0; head < queueSize_; ++head) {
    const auto state = fetchOnce<DescStateSplit>(entryAt(head));
    if (state.inflight != 0) {
      found.emplace_back(state.counter, head);
      nextCounter_ = std::max(nextCounter_, state.counter + 1);
    }
  }
  std::ranges::sort(found);
  for (const auto& [counter, head] : found) {
    unanswered_.push_back(head);
  }
  return {};
}

void SplitInflight::noteTaken(std::uint16_t head) {
  storeShared(entryAt(head) + offsetof(DescStateSplit, counter), nextCounter_++);
  storeShared(entryAt(head) + offsetof(DescStateSplit, inflight), std::uint8_t{1});
}

void SplitInflight::noteUsed(std::uint16_t head) { batch_.push_back(head); }

void SplitInflight::beginPublish() {
  // "Set desc[i].next to the value of last_batch_head; set last_batch_head to i", for each.
  std::uint16_t last = 0;
  for (const std::uint16_t head : batch_) {
    storeShared(entryAt(head) + offsetof(DescStateSplit, next), last);
    last = head;
  }
  if (!batch_.empty()) {
    storeShared(region_ + offsetof(QueueRegionSplit, last_batch_head), last);
  }
}

void SplitInflight::endPublish(std::uint16_t usedIndex) {
  for (const std::uint16_t head : batch_) {
    storeShared(entryAt(head) + offsetof(DescStateSplit, inflight), std::uint8_t{0});
  }
  batch_.clear();
  storeShared(region_ + offsetof(QueueRegionSplit, used_idx), usedIndex);
}

} // namespace argon::vhost_user
