// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/tick_clock.h"

#include <cstdint>

namespace argon {

/// Moments of one request's way through the stores, in ticks. A few requests carry one; whoever
/// submits such a request owns it, and it lives until the request is done. One thread.
struct StageTrace {
  TickClock clock = TickClock::ofNanoseconds();
  /// Handed to the first store, or let go by limits since.
  std::uint64_t enteredTicks = 0;
  /// Its first part was handed to the store that keeps the data; 0 if that did not happen, as for a
  /// store that is plain memory.
  std::uint64_t submittedTicks = 0;
  /// The store that keeps the data was last done with a part.
  std::uint64_t answeredTicks = 0;
  /// Spent in the cipher: in all, before `submittedTicks`, and before `answeredTicks`.
  std::uint64_t cryptoTicks = 0;
  std::uint64_t cryptoBeforeSubmitTicks = 0;
  std::uint64_t cryptoBeforeAnswerTicks = 0;

  void noteEntered() { enteredTicks = clock.now(); }
  void noteSubmitted() {
    if (submittedTicks == 0) {
      submittedTicks = clock.now();
      cryptoBeforeSubmitTicks = cryptoTicks;
    }
  }
  void noteAnswered() {
    answeredTicks = clock.now();
    cryptoBeforeAnswerTicks = cryptoTicks;
  }
};

/// A cipher at work on a request with a trace.
class CryptoSpan {
public:
  /// `trace` is null for most requests.
  explicit CryptoSpan(StageTrace* trace) : trace_(trace) {
    if (trace_ != nullptr) [[unlikely]] {
      startTicks_ = trace_->clock.now();
    }
  }
  CryptoSpan(const CryptoSpan&) = delete;
  CryptoSpan& operator=(const CryptoSpan&) = delete;
  ~CryptoSpan() {
    if (trace_ != nullptr) [[unlikely]] {
      trace_->cryptoTicks += trace_->clock.now() - startTicks_;
    }
  }

private:
  StageTrace* trace_;
  std::uint64_t startTicks_ = 0;
};

} // namespace argon
