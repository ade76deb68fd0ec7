// SPDX-License-Identifier: Apache-2.0
#pragma once

// The conformance suite for JavaScript: part of frontend.node.

#include <napi.h>

namespace argon::addon {

/// Adds listConformanceCases(), runConformanceCase() and conformanceFacts() to the exports.
void exportConformance(Napi::Env env, Napi::Object exports);

} // namespace argon::addon
