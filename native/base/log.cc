// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/text.h"

#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace argon {

namespace {

class SilentLogSink final : public LogSink {
public:
  void write(LogLevel, std::string_view, std::string_view) override {}
};

constexpr std::uint64_t kWindowNs = 1'000'000'000;

// Milliseconds since 1970.
std::uint64_t wallClockMs() {
  timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_REALTIME, &now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000U;
}

// Between quotation marks. What is no printable ASCII is a question mark: a peer's bytes may be
// part of a message, and are not worth more.
std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
    }
    quoted += letter >= ' ' && letter <= '~' ? letter : '?';
  }
  return quoted + '"';
}

} // namespace

LogSink& silentLogSink() {
  static SilentLogSink sink;
  return sink;
}

void JsonLogSink::write(LogLevel level, std::string_view object, std::string_view message) {
  // pino's numbers: debug is 20, and each level above 10 more.
  const unsigned number = 20 + 10 * static_cast<unsigned>(level);
  const std::string line =
      concat("{\"level\":", number, ",\"time\":", wallClockMs(), ",\"pid\":", ::getpid(),
             ",\"name\":", quote(name_), ",\"object\":", quote(object), ",\"msg\":", quote(message),
             "}\n");
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
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
