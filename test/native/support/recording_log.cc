// SPDX-License-Identifier: Apache-2.0
#include "support/recording_log.h"

#include "base/log.h"
#include "base/text.h"

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace argon::test {

void RecordingLog::write(LogLevel /*level*/, std::string_view object, std::string_view message) {
  const std::scoped_lock lock(mutex_);
  lines_.push_back(concat(object, ": ", message));
}

std::size_t RecordingLog::countOf(std::string_view text) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(
      lines_, [text](const std::string& line) { return line.find(text) != std::string::npos; }));
}

void RecordingLog::clear() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string>().swap(lines_);
}

} // namespace argon::test
