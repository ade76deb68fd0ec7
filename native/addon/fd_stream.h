// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

namespace argon::addon {

/// The class FdStream: a controller's connection to its backplane, frames with descriptors both
/// ways. Waiting blocks a thread of libuv's pool, so one exchange is under way at a time.
[[nodiscard]] Napi::Function defineFdStream(Napi::Env env);

} // namespace argon::addon
