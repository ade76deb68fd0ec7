// SPDX-License-Identifier: Apache-2.0
#pragma once

// Log lines on their way to JavaScript. The queue is bounded; what does not fit is counted and
// dropped, so that no data thread ever waits for Node.

#include "base/log.h"

#include <napi.h>

#include <cstddef>
#include <mutex>
#include <string_view>

namespace argon::addon {

class JsLogSink final : public LogSink {
public:
  /// `onLog` is called with the level, the object and the message of each line.
  JsLogSink(Napi::Env env, const Napi::Function& onLog);

  void write(LogLevel level, std::string_view object, std::string_view message) override;

  /// After this no line is delivered. The process may end: nothing holds the event loop any more.
  void close();

private:
  static constexpr std::size_t kQueueLimit = 1024;

  std::mutex mutex_;
  Napi::ThreadSafeFunction function_;
  bool isClosed_ = false;
};

} // namespace argon::addon
