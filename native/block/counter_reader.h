// SPDX-License-Identifier: Apache-2.0
#pragma once

// The reading side of a card's shared counters (block/counter_layout.h), in another process. It
// asks the card for nothing: what is counted can be read while the card hangs, and after it died.
//
// untrusted: all of the memory. Every word is read once and checked before it places anything, so
// that a card which writes nonsense there is told nonsense of, and that is all.

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/tick_clock.h"
#include "block/snapshot.h"

#include <memory>
#include <string_view>

namespace argon::block {

class CounterReader {
public:
  /// `fd` stays the caller's. Corrupt if no card of this release has laid the memory out.
  static Result<std::unique_ptr<CounterReader>> open(int fd);

  /// Any thread. NotFound if no device of this id counts there.
  [[nodiscard]] Result<DeviceSnapshot> read(std::string_view id) const;

private:
  explicit CounterReader(MappedRegion memory) : memory_(std::move(memory)) {}

  [[nodiscard]] Result<void> checkHeader() const;

  MappedRegion memory_;
  TickClock clock_ = TickClock::calibrate();
};

} // namespace argon::block
