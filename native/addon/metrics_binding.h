// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/histogram.h"
#include "block/snapshot.h"

#include <napi.h>

namespace argon::addon {

/// `{ count, sum, max, buckets }` as numbers; buckets are pairs of upper end and count.
[[nodiscard]] Napi::Value histogramOf(Napi::Env env, const HistogramSnapshot& histogram);

/// Puts the properties of QueueCounters of src/native/addons.ts into `object`.
void setCounters(Napi::Env env, Napi::Object object, const block::QueueSnapshot& queue);

/// `{ queues, workers }`: DeviceMetrics of src/native/addons.ts.
[[nodiscard]] Napi::Value metricsOf(Napi::Env env, const block::DeviceSnapshot& snapshot);

} // namespace argon::addon
