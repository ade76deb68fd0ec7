// SPDX-License-Identifier: Apache-2.0
#include "addon/counter_binding.h"

#include "addon/metrics_binding.h"
#include "addon/napi_support.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/counter_pages.h"
#include "block/counter_reader.h"
#include "block/snapshot.h"

#include <napi.h>

#include <memory>
#include <utility>

namespace argon::addon {

namespace {

Napi::Value thrown(Napi::Env env, const Error& error) {
  Napi::Error(env, toJsError(env, error)).ThrowAsJavaScriptException();
  return env.Undefined();
}

class CounterReaderObject final : public Napi::ObjectWrap<CounterReaderObject> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "CounterReader", {InstanceMethod<&CounterReaderObject::read>("read")});
  }

  explicit CounterReaderObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<CounterReaderObject>(info) {
    Result<std::unique_ptr<block::CounterReader>> reader =
        block::CounterReader::open(info[0].As<Napi::Number>().Int32Value());
    if (!reader) {
      thrown(info.Env(), reader.error());
      return;
    }
    reader_ = *std::move(reader);
  }

private:
  Napi::Value read(const Napi::CallbackInfo& info) {
    Result<block::DeviceSnapshot> snapshot = reader_->read(info[0].As<Napi::String>().Utf8Value());
    return snapshot ? metricsOf(info.Env(), *snapshot) : thrown(info.Env(), snapshot.error());
  }

  std::unique_ptr<block::CounterReader> reader_;
};

} // namespace

Napi::Value createCardCounterMemory(const Napi::CallbackInfo& info) {
  Result<UniqueFd> memory = block::createCounterMemory();
  if (!memory) return thrown(info.Env(), memory.error());
  return Napi::Number::New(info.Env(), memory->release());
}

Napi::Function defineCounterReader(Napi::Env env) { return CounterReaderObject::define(env); }

} // namespace argon::addon
