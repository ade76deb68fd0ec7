// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator may watch a data plane with: flow logs of interfaces, and in a test environment
// a capture. The engine tells it of every frame that the pipeline decided about; while it has
// nobody that watches, it has no observer.
//
// The engine's thread, but for what is taken out of the rings.

#include "packet/frame.h"
#include "packet/headers.h"
#include "vpc/capture.h"
#include "vpc/flow_hash.h"
#include "vpc/flow_log.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace argon::vpc {

class Observer {
public:
  /// Flow log records that may wait to be taken out.
  static constexpr std::size_t kRecordCountMax = 16'384;
  /// 5-tuples of an interval, of all interfaces and of one.
  static constexpr std::uint32_t kEntryCountMax = 65'536;
  static constexpr std::uint32_t kEntryShareMax = 16'384;

  /// `secret` is no other table's.
  Observer(std::uint32_t interfaceCountMax, HashSecret secret);
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  ~Observer() = default;

  [[nodiscard]] FlowLog& flowLog() { return flowLog_; }
  /// Null for none. Outlives the observer, or is taken away before.
  void setCapture(Capture* capture) { capture_ = capture; }

  /// A frame of `from`'s guest that is not held, and what becomes of it: before it is readdressed.
  void note(InterfaceIndex from, const packet::Frame& frame, const packet::Headers& headers,
            const Verdict& verdict, std::uint64_t nowNs);

  /// The next record of the flow logs; nothing if there is none. One thread at a time, any.
  [[nodiscard]] std::optional<FlowLogRecord> takeRecord() { return records_.pop(); }

private:
  FlowLogRing records_;
  FlowLog flowLog_;
  Capture* capture_ = nullptr;
};

} // namespace argon::vpc
