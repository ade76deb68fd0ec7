// SPDX-License-Identifier: Apache-2.0
#include "addon/napi_support.h"

#include "base/check.h"
#include "base/checked_math.h"
#include "base/error.h"
#include "base/poll_window.h"

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace argon::addon {

namespace {

Napi::Value propertyOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (value.IsEmpty() || value.IsUndefined()) failCheck("an option is missing", name);
  return value;
}

} // namespace

std::string stringOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = propertyOf(options, name);
  ARGON_CHECK(value.IsString());
  return value.As<Napi::String>().Utf8Value();
}

std::uint32_t u32Of(const Napi::Object& options, const char* name) {
  const Napi::Value value = propertyOf(options, name);
  ARGON_CHECK(value.IsNumber());
  return value.As<Napi::Number>().Uint32Value();
}

std::uint16_t u16Of(const Napi::Object& options, const char* name) {
  return narrow<std::uint16_t>(u32Of(options, name));
}

bool boolOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = propertyOf(options, name);
  ARGON_CHECK(value.IsBoolean());
  return value.As<Napi::Boolean>().Value();
}

std::uint64_t u64Of(const Napi::Object& options, const char* name) {
  const Napi::Value value = propertyOf(options, name);
  ARGON_CHECK(value.IsBigInt());
  bool isLossless = false;
  const std::uint64_t number = value.As<Napi::BigInt>().Uint64Value(&isLossless);
  ARGON_CHECK(isLossless);
  return number;
}

std::vector<unsigned> u32ListOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = propertyOf(options, name);
  ARGON_CHECK(value.IsArray());
  const auto list = value.As<Napi::Array>();
  std::vector<unsigned> numbers;
  numbers.reserve(list.Length());
  for (std::uint32_t index = 0; index < list.Length(); ++index) {
    numbers.push_back(Napi::Value(list[index]).As<Napi::Number>().Uint32Value());
  }
  return numbers;
}

PollMode pollModeOf(const Napi::Object& options, const char* name) {
  const std::string mode = stringOf(options, name);
  if (mode == "off") return PollMode::Off;
  return mode == "always" ? PollMode::Always : PollMode::Adaptive;
}

Napi::Object objectOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = propertyOf(options, name);
  ARGON_CHECK(value.IsObject());
  return value.As<Napi::Object>();
}

std::vector<std::byte> bytesOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = propertyOf(options, name);
  ARGON_CHECK(value.IsTypedArray());
  const auto array = value.As<Napi::Uint8Array>();
  const std::span<const std::byte> bytes =
      std::as_bytes(std::span(array.Data(), array.ByteLength()));
  return {bytes.begin(), bytes.end()};
}

Napi::Value bigintOf(Napi::Env env, std::uint64_t number) { return Napi::BigInt::New(env, number); }

Napi::Value toJsError(Napi::Env env, const Error& error) {
  const Napi::Error jsError = Napi::Error::New(env, error.message());
  Napi::Object object = jsError.Value();
  const std::string_view kind = errorKindName(error.kind());
  object.Set("kind", Napi::String::New(env, kind.data(), kind.size()));
  if (error.errnoValue() != 0) object.Set("errno", errnoName(error.errnoValue()));
  return object;
}

void exportCommon(Napi::Env env, Napi::Object& exports) {
  exports.Set("abiVersion", kAbiVersion);
  const Napi::Array kinds = Napi::Array::New(env);
  for (std::uint32_t index = 0; index <= static_cast<std::uint32_t>(ErrorKind::Internal); ++index) {
    const std::string_view name = errorKindName(static_cast<ErrorKind>(index));
    kinds.Set(index, Napi::String::New(env, name.data(), name.size()));
  }
  exports.Set("errorKinds", kinds);
}

} // namespace argon::addon
