// SPDX-License-Identifier: Apache-2.0
#include "addon/bell.h"

#include <napi.h>

#include <cstddef>
#include <mutex>
#include <utility>

namespace argon::addon {

namespace {

// One that is called, and one that says there is more.
constexpr std::size_t kCallsWaitingMax = 2;

} // namespace

Bell::Bell(Napi::Env env, const Napi::Function& onRing, const char* name)
    : function_(Napi::ThreadSafeFunction::New(env, onRing, name, kCallsWaitingMax, 1)) {}

void Bell::ring() {
  const std::scoped_lock lock(mutex_);
  if (!isClosed_) function_.NonBlockingCall();
}

void Bell::close() {
  const std::scoped_lock lock(mutex_);
  if (!std::exchange(isClosed_, true)) function_.Release();
}

} // namespace argon::addon
