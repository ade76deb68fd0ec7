// SPDX-License-Identifier: Apache-2.0
#pragma once

// The counters that a card shares, for the process that reads them.

#include <napi.h>

namespace argon::addon {

/// createCounterMemory(): a descriptor, the caller's to close or to hand on.
Napi::Value createCardCounterMemory(const Napi::CallbackInfo& info);

/// The class CounterReader: `new CounterReader(fd)`, whose descriptor stays the caller's, and
/// `read(id)`, which asks nobody and throws not-found if no device of the id counts there.
[[nodiscard]] Napi::Function defineCounterReader(Napi::Env env);

} // namespace argon::addon
