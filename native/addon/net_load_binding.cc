// SPDX-License-Identifier: Apache-2.0
#include "addon/net_load_binding.h"

#include "addon/napi_support.h"
#include "base/check.h"
#include "base/cpu.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "frontend/net_load.h"
#include "frontend/session.h"
#include "virtio/spec/net.h"

#include <napi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace argon::addon {

namespace {

// Room for frames that wait while the load looks elsewhere; what QEMU gives a guest at most.
constexpr std::uint16_t kQueueSize = 1024;

Result<std::unique_ptr<frontend::Session>> openInterface(const std::string& path,
                                                         const frontend::NetLoadOptions& options) {
  ARGON_TRY_ASSIGN(frontend::Channel channel, frontend::Channel::connectTo(path));
  return frontend::Session::open(std::move(channel),
                                 {.deviceKind = frontend::Session::DeviceKind::Network,
                                  .queueCount = virtio::spec::net::kQueuesPerPair,
                                  .queueSize = kQueueSize,
                                  .arenaBytes = netArenaBytesFor(options, kQueueSize)});
}

Result<frontend::NetLoadResult> run(const std::string& sourcePath, const std::string& targetPath,
                                    const frontend::NetLoadOptions& options) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<frontend::Session> source,
                   openInterface(sourcePath, options));
  ARGON_TRY_ASSIGN(const std::unique_ptr<frontend::Session> target,
                   openInterface(targetPath, options));
  // A thread of its own: it may be pinned, and libuv's is not.
  std::optional<Result<frontend::NetLoadResult>> result;
  startThread("argon-load", [&] {
    result.emplace(frontend::runNetLoad(*source, *target, options));
  }).join();
  ARGON_CHECK(result.has_value());
  return *std::move(result);
}

Napi::Value resultToJs(Napi::Env env, frontend::NetLoadResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("frameCount", bigintOf(env, result.frameCount));
  object.Set("byteCount", bigintOf(env, result.byteCount));
  object.Set("elapsedNs", bigintOf(env, result.elapsedNs));
  object.Set("lostCount", bigintOf(env, result.lostCount));
  object.Set("p50Ns", bigintOf(env, result.latency.quantile(0.5)));
  object.Set("p99Ns", bigintOf(env, result.latency.quantile(0.99)));
  return object;
}

// runNetLoad({ sourcePath, targetPath, pattern, frameBytes, depth, durationNs, warmupNs, cpus }).
Napi::Value runNetLoad(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const frontend::NetLoadOptions load{.pattern = stringOf(options, "pattern") == "forward"
                                                     ? frontend::NetLoadPattern::Forward
                                                     : frontend::NetLoadPattern::PingPong,
                                      .frameBytes = u32Of(options, "frameBytes"),
                                      .depth = u16Of(options, "depth"),
                                      .durationNs = u64Of(options, "durationNs"),
                                      .warmupNs = u64Of(options, "warmupNs"),
                                      .cpus = u32ListOf(options, "cpus")};
  return Promised<frontend::NetLoadResult>::start(
      info.Env(),
      [load, sourcePath = stringOf(options, "sourcePath"),
       targetPath = stringOf(options, "targetPath")] { return run(sourcePath, targetPath, load); },
      resultToJs);
}

} // namespace

void exportNetLoad(Napi::Env env, Napi::Object& exports) {
  exports.Set("runNetLoad", Napi::Function::New<runNetLoad>(env));
}

} // namespace argon::addon
