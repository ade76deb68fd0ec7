// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which chains of a split ring were taken and not answered, kept where a crash of ours does not
// reach ("Inflight I/O tracking" of the vhost-user specification). On the ring's worker; opened on
// the session's thread.
//
// The region is written to and, after open(), never read: what is needed again is kept here too.

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::vhost_user {

class SplitInflight {
public:
  /// Takes up what the region says, or initializes one that is new. `usedIndex` is the ring's used
  /// index as the driver sees it. untrusted: everything in `bytes`; an error if it is of another
  /// version or size, or inconsistent.
  static Result<SplitInflight> open(std::span<std::byte> bytes, std::uint16_t queueSize,
                                    std::uint16_t usedIndex);

  /// Heads that were taken before and not answered, in the order in which they were taken.
  [[nodiscard]] const std::vector<std::uint16_t>& unanswered() const { return unanswered_; }

  void noteTaken(std::uint16_t head);
  /// Part of the batch that is published next.
  void noteUsed(std::uint16_t head);
  /// Before the used index is published …
  void beginPublish();
  /// … and after: the batch is answered.
  void endPublish(std::uint16_t usedIndex);

private:
  SplitInflight(std::span<std::byte> bytes, std::uint16_t queueSize);
  void initialize(std::uint16_t usedIndex);
  [[nodiscard]] Result<void> recover(std::uint16_t usedIndex);
  void finishLastBatch(std::uint16_t usedIndex);
  [[nodiscard]] std::byte* entryAt(std::uint16_t index) const;

  std::byte* region_;
  std::uint16_t queueSize_;
  std::uint64_t nextCounter_ = 1;
  std::vector<std::uint16_t> unanswered_;
  // With room for a full ring from the start.
  std::vector<std::uint16_t> batch_;
};

} // namespace argon::vhost_user
