// SPDX-License-Identifier: Apache-2.0
#pragma once

// Operational log lines from native code. Rare events only: what a guest can repeat goes through a
// RateLimiter. Each line is tagged with the object it is about.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace argon {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };

/// Where lines go. Called from any thread; must not block and must not call back.
class LogSink {
public:
  virtual void write(LogLevel level, std::string_view object, std::string_view message) = 0;

protected:
  ~LogSink() = default;
};

/// Drops every line.
[[nodiscard]] LogSink& silentLogSink();

/// Writes each line to a file as JSON with level, time, pid, name, object and msg, as pino does, so
/// that the logs of all processes of a host read alike. One write a line: lines of several threads
/// or processes do not mix. A line that cannot be written is lost.
class JsonLogSink final : public LogSink {
public:
  /// `fd` stays the caller's; `name` says which part of the host speaks.
  JsonLogSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  void write(LogLevel level, std::string_view object, std::string_view message) override;

private:
  int fd_;
  std::string name_;
};

/// A sink with the name of the object that speaks. Copyable; the sink outlives it.
class Log {
public:
  Log(LogSink& sink, std::string object) : sink_(&sink), object_(std::move(object)) {}

  void info(std::string_view message) const { sink_->write(LogLevel::Info, object_, message); }
  void warn(std::string_view message) const { sink_->write(LogLevel::Warn, object_, message); }
  void error(std::string_view message) const { sink_->write(LogLevel::Error, object_, message); }
  /// The same sink for a part of the object: `vol…/queue 3`.
  [[nodiscard]] Log child(std::string_view part) const;
  [[nodiscard]] const std::string& object() const { return object_; }

private:
  LogSink* sink_;
  std::string object_;
};

/// Lets `burst` events pass in any second and counts the rest. One thread.
class RateLimiter {
public:
  explicit RateLimiter(std::uint32_t burst) : burst_(burst) {}
  /// True if this event may be logged. `nowNs` is monotonicNs().
  [[nodiscard]] bool allow(std::uint64_t nowNs);
  /// Events held back since the last that passed.
  [[nodiscard]] std::uint64_t suppressedCount() const { return suppressedCount_; }

private:
  std::uint32_t burst_;
  std::uint32_t passedCount_ = 0;
  std::uint64_t windowStartNs_ = 0;
  std::uint64_t suppressedCount_ = 0;
};

} // namespace argon
