// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the addons share in speaking to Node: options objects to values, errors to errors, work that
// blocks to promises. Arguments were validated in TypeScript, so their shape is trusted here; that
// a property is there at all is checked, because a mistake in binding.ts must not become a crash.

#include "base/check.h"
#include "base/error.h"
#include "base/poll_window.h"
#include "base/result.h"

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace argon::addon {

/// The name and version of what binding.ts expects; compared when an addon is loaded.
constexpr const char* kAbiVersion = "argon-1";

// Reading options. A property that is missing or of another type is a bug of ours and ends the
// process with its name.

[[nodiscard]] std::string stringOf(const Napi::Object& options, const char* name);
[[nodiscard]] std::uint32_t u32Of(const Napi::Object& options, const char* name);
[[nodiscard]] std::uint16_t u16Of(const Napi::Object& options, const char* name);
[[nodiscard]] bool boolOf(const Napi::Object& options, const char* name);
/// From a bigint.
[[nodiscard]] std::uint64_t u64Of(const Napi::Object& options, const char* name);
[[nodiscard]] std::vector<unsigned> u32ListOf(const Napi::Object& options, const char* name);
[[nodiscard]] PollMode pollModeOf(const Napi::Object& options, const char* name);
[[nodiscard]] Napi::Object objectOf(const Napi::Object& options, const char* name);
/// The bytes of a Uint8Array, copied.
[[nodiscard]] std::vector<std::byte> bytesOf(const Napi::Object& options, const char* name);
[[nodiscard]] Napi::Value bigintOf(Napi::Env env, std::uint64_t number);

/// An Error object with `kind` (as errorKindName gives it) and `errno` (its name, or undefined).
[[nodiscard]] Napi::Value toJsError(Napi::Env env, const Error& error);

/// Exports that every addon has: abiVersion and the names of all error kinds.
void exportCommon(Napi::Env env, Napi::Object& exports);

/// Runs `work` on a thread of libuv's pool, then settles the promise on the JavaScript thread with
/// what `convert` makes of its value. Both are kept until then, with what they captured.
template <typename Value>
class Promised final : public Napi::AsyncWorker {
public:
  using Work = std::function<Result<Value>()>;
  using Convert = std::function<Napi::Value(Napi::Env, Value&)>;

  static Napi::Value start(Napi::Env env, Work work, Convert convert) {
    // Deletes itself when it is settled, as every AsyncWorker does.
    auto* worker = new Promised(env, std::move(work), std::move(convert));
    const Napi::Value promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

private:
  Promised(Napi::Env env, Work work, Convert convert)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)), convert_(std::move(convert)) {}

  void Execute() override { result_.emplace(work_()); }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    ARGON_CHECK(result_.has_value());
    if (result_->has_value()) {
      deferred_.Resolve(convert_(Env(), **result_));
    } else {
      deferred_.Reject(toJsError(Env(), result_->error()));
    }
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Convert convert_;
  std::optional<Result<Value>> result_;
};

/// The same for work without a value.
template <>
class Promised<void> final : public Napi::AsyncWorker {
public:
  using Work = std::function<Result<void>()>;

  static Napi::Value start(Napi::Env env, Work work) {
    auto* worker = new Promised(env, std::move(work));
    const Napi::Value promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

private:
  Promised(Napi::Env env, Work work)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)) {}

  void Execute() override { result_.emplace(work_()); }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    ARGON_CHECK(result_.has_value());
    if (result_->has_value()) {
      deferred_.Resolve(Env().Undefined());
    } else {
      deferred_.Reject(toJsError(Env(), result_->error()));
    }
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  std::optional<Result<void>> result_;
};

} // namespace argon::addon
