// SPDX-License-Identifier: Apache-2.0
#include "addon/js_log_sink.h"

#include "base/log.h"

#include <napi.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace argon::addon {

namespace {

struct LogLine {
  LogLevel level;
  std::string object;
  std::string message;
};

void deliver(Napi::Env env, Napi::Function onLog, LogLine* raw) {
  const std::unique_ptr<LogLine> line(raw);
  if (env == nullptr) return;
  onLog.Call({Napi::Number::New(env, static_cast<double>(line->level)),
              Napi::String::New(env, line->object), Napi::String::New(env, line->message)});
}

} // namespace

JsLogSink::JsLogSink(Napi::Env env, const Napi::Function& onLog)
    : function_(Napi::ThreadSafeFunction::New(env, onLog, "argon log", kQueueLimit, 1)) {}

void JsLogSink::write(LogLevel level, std::string_view object, std::string_view message) {
  const std::scoped_lock lock(mutex_);
  if (isClosed_) return;
  auto line = std::make_unique<LogLine>(
      LogLine{.level = level, .object = std::string(object), .message = std::string(message)});
  const napi_status status = function_.NonBlockingCall(line.get(), deliver);
  if (status == napi_ok) {
    // The JavaScript thread owns it now.
    [[maybe_unused]] const LogLine* handedOver = line.release();
  }
}

void JsLogSink::close() {
  const std::scoped_lock lock(mutex_);
  if (!std::exchange(isClosed_, true)) function_.Release();
}

} // namespace argon::addon
