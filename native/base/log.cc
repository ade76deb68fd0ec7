// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/text.h"

#include <cstdint>
#include <string_view>

namespace argon {

namespace {

class SilentLogSink final : public LogSink {
public:
  void write(LogLevel, std::string_view, std::string_view) override {}
};

constexpr std::uint64_t kWindowNs = 1'000'000'000;

} // namespace

LogSink& silentLogSink() {
  static SilentLogSink sink;
  return sink;
}

Log Log::child(std::string_view part) const { return {*sink_, concat(object_, "/", part)}; }

bool RateLimiter::allow(std::uint64_t nowNs) {
  if (nowNs - windowStartNs_ >= kWindowNs) {
    windowStartNs_ = nowNs;
    passedCount_ = 0;
  }
  if (passedCount_ < burst_) {
    ++passedCount_;
    suppressedCount_ = 0;
    return true;
  }
  ++suppressedCount_;
  return false;
}

} // namespace argon
