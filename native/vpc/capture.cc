// SPDX-License-Identifier: Apache-2.0
#include "vpc/capture.h"

#include "base/error.h"
#include "base/result.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "vpc/conntrack.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace argon::vpc {

namespace {

CapturedFrame capturedOf(const packet::Frame& frame, const packet::Headers& headers) {
  CapturedFrame captured;
  captured.headerBytes = static_cast<std::uint16_t>(headerBytesOf(frame, headers));
  std::ranges::copy(frame.header.first(captured.headerBytes), captured.header.begin());
  return captured;
}

} // namespace

std::size_t headerBytesOf(const packet::Frame& frame, const packet::Headers& headers) {
  const bool isRefused = headers.fault != packet::ParseFault::None;
  const std::size_t bytes = isRefused        ? packet::spec::kEthernetBytes
                            : headers.isIp() ? headers.payloadOffset
                                             : headers.endBytes;
  return std::min(bytes, frame.header.size());
}

Result<std::unique_ptr<Capture>> Capture::create(Environment environment, std::size_t capacity,
                                                 std::optional<InterfaceIndex> only) {
  if (environment == Environment::Production) {
    return Error(ErrorKind::PermissionDenied,
                 "frames are not captured in a production environment");
  }
  return std::unique_ptr<Capture>(new Capture(capacity, only));
}

void Capture::noteSent(InterfaceIndex from, const packet::Frame& frame,
                       const packet::Headers& headers, std::uint64_t nowNs) {
  if (!isOf(from)) return;
  CapturedFrame captured = capturedOf(frame, headers);
  captured.ns = nowNs;
  captured.direction = Direction::Out;
  captured.lengthBytes = frame.lengthBytes;
  put(from, captured);
}

void Capture::noteDelivered(const Verdict& verdict, const packet::Frame& frame,
                            const packet::Headers& headers, std::uint64_t nowNs) {
  if (!isOf(verdict.at)) return;
  CapturedFrame captured = capturedOf(frame, headers);
  captured.ns = nowNs;
  captured.direction = Direction::In;
  captured.lengthBytes = verdict.lengthBytes;
  verdict.destinationMac.write(captured.header, 0);
  verdict.sourceMac.write(captured.header, sizeof verdict.destinationMac.bytes);
  put(verdict.at, captured);
}

void Capture::put(InterfaceIndex interface, CapturedFrame& captured) {
  captured.interface = only_ ? 0 : interface.get();
  captured.lostCount = lostCount_;
  lostCount_ = ring_.push(captured) ? 0 : lostCount_ + 1;
}

} // namespace argon::vpc
