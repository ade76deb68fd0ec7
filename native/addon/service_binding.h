// SPDX-License-Identifier: Apache-2.0
#pragma once

// The services of a network card as JavaScript has them: it takes guests' questions, gives answers,
// and owns the sockets of the services over TCP.

#include "network/punt_lane.h"
#include "network/service_namespace.h"

#include <napi.h>

namespace argon::addon {

/// { questions: { index, service, frame }[], hasMore }.
[[nodiscard]] Napi::Value questionsToJs(Napi::Env env, network::PuntLane& lane);
/// { datagrams, streams }, each with what went each way and what was dropped.
[[nodiscard]] Napi::Value trafficToJs(Napi::Env env, const network::PuntLane& datagrams,
                                      const network::PuntLane& streams);
/// { metadata, resolver }: the listening sockets, JavaScript's from now on.
[[nodiscard]] Napi::Value socketsToJs(Napi::Env env, network::StreamSockets& sockets);
/// setHopLimit(fd, hopLimit).
[[nodiscard]] Napi::Function defineSetHopLimit(Napi::Env env);

} // namespace argon::addon
