// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

namespace argon::addon {

/// createSocketPair(kind): two descriptors, connected to each other, both the caller's and closed
/// on exec; `kind` is `stream` or `seqpacket`. Node can hand a descriptor to a child, but make
/// none.
Napi::Value createSocketPair(const Napi::CallbackInfo& info);

} // namespace argon::addon
