// SPDX-License-Identifier: Apache-2.0
#pragma once

// Traces, flow logs and captures as JavaScript has them: addresses as text, times of the day.

#include "vpc/capture.h"
#include "vpc/flow_log.h"
#include "vpc/trace.h"

#include <napi.h>

#include <vector>

namespace argon::addon {

/// { from, source?, destination, protocol, sourcePort, destinationPort, tcpFlags }. Addresses have
/// been validated.
[[nodiscard]] vpc::TraceQuestion traceQuestionOf(const Napi::Object& options);
[[nodiscard]] Napi::Value traceToJs(Napi::Env env, const vpc::Trace& trace);

[[nodiscard]] Napi::Value flowLogToJs(Napi::Env env,
                                      const std::vector<vpc::FlowLogRecord>& records);

/// `production` or `test`.
[[nodiscard]] vpc::Environment environmentOf(const Napi::Object& options, const char* name);
/// The beginning of a pcapng file: interfaces by the names of a list of strings, and their numbers
/// by their places in it.
[[nodiscard]] Napi::Value captureHeaderToJs(const Napi::Object& options, const char* name);
/// Blocks of frames, as a Uint8Array.
[[nodiscard]] Napi::Value captureToJs(Napi::Env env, const std::vector<vpc::CapturedFrame>& frames);

} // namespace argon::addon
