// SPDX-License-Identifier: Apache-2.0
#include "vpc/observer.h"

#include "packet/frame.h"
#include "packet/headers.h"
#include "vpc/flow_hash.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <cstdint>

namespace argon::vpc {

Observer::Observer(std::uint32_t interfaceCountMax, HashSecret secret)
    : records_(kRecordCountMax), flowLog_({.interfaceCountMax = interfaceCountMax,
                                           .entryCountMax = kEntryCountMax,
                                           .entryShareMax = kEntryShareMax,
                                           .secret = secret},
                                          records_) {}

void Observer::note(InterfaceIndex from, const packet::Frame& frame, const packet::Headers& headers,
                    const Verdict& verdict, std::uint64_t nowNs) {
  flowLog_.note(from, headers, verdict, nowNs);
  if (capture_ == nullptr) return;
  capture_->noteSent(from, frame, headers, nowNs);
  if (verdict.kind == Verdict::Kind::Deliver) {
    capture_->noteDelivered(verdict, frame, headers, nowNs);
  }
}

} // namespace argon::vpc
