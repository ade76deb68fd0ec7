// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.h"

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace argon::test {

/// Keeps lines for a test to look at.
class RecordingLog final : public LogSink {
public:
  void write(LogLevel level, std::string_view object, std::string_view message) override;
  [[nodiscard]] bool contains(std::string_view text) const { return countOf(text) > 0; }
  /// Lines that contain `text`.
  [[nodiscard]] std::size_t countOf(std::string_view text) const;
  /// Forgets all lines and gives their memory back, for tests that count memory.
  void clear();

private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

} // namespace argon::test
