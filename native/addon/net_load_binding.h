// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

namespace argon::addon {

/// Exports runNetLoad(), load on two interfaces of a network back end, and holdNetInterfaces(),
/// which uses any number of them for nothing.
void exportNetLoad(Napi::Env env, Napi::Object& exports);

} // namespace argon::addon
