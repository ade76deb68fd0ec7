// SPDX-License-Identifier: Apache-2.0
#include "addon/net_load_binding.h"

#include "addon/napi_support.h"
#include "base/check.h"
#include "base/cpu.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "frontend/load_frames.h"
#include "frontend/net_driver.h"
#include "frontend/net_load.h"
#include "frontend/session.h"
#include "virtio/spec/net.h"

#include <napi.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
  object.Set("sentCount", bigintOf(env, result.sentCount));
  object.Set("lostCount", bigintOf(env, result.lostCount));
  object.Set("p50Ns", bigintOf(env, result.latency.quantile(0.5)));
  object.Set("p99Ns", bigintOf(env, result.latency.quantile(0.99)));
  return object;
}

frontend::NetLoadPattern patternOf(const std::string& name) {
  if (name == "forward") return frontend::NetLoadPattern::Forward;
  return name == "flood" ? frontend::NetLoadPattern::Flood : frontend::NetLoadPattern::PingPong;
}

frontend::LoadChecksum checksumOf(const std::string& name) {
  if (name == "none") return frontend::LoadChecksum::None;
  return name == "full" ? frontend::LoadChecksum::Full : frontend::LoadChecksum::Offloaded;
}

frontend::LoadEnd endOf(const Napi::Object& options) {
  frontend::LoadEnd end{.address = u32Of(options, "address")};
  const std::vector<std::byte> mac = bytesOf(options, "mac");
  ARGON_CHECK_EQ(mac.size(), end.mac.size());
  std::ranges::transform(mac, end.mac.begin(),
                         [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  return end;
}

frontend::LoadTraffic trafficOf(const Napi::Object& options) {
  return {.source = endOf(objectOf(options, "source")),
          .target = endOf(objectOf(options, "target")),
          .checksum = checksumOf(stringOf(options, "checksum")),
          .flowCount = u32Of(options, "flowCount")};
}

// A function that ends a load early.
Napi::Value cancelerOf(Napi::Env env, std::shared_ptr<std::atomic<bool>> isCancelled) {
  return Napi::Function::New(env, [isCancelled = std::move(isCancelled)](
                                      const Napi::CallbackInfo& /*info*/) { *isCancelled = true; });
}

// runNetLoad({ sourcePath, targetPath, pattern, frameBytes, depth, durationNs, warmupNs,
// sentCountMax, cpus, traffic?, onStart? }). What is not said of the traffic is as LoadTraffic has
// it; onStart is called with a function that cancels the load.
Napi::Value runNetLoad(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  frontend::NetLoadOptions load{.pattern = patternOf(stringOf(options, "pattern")),
                                .frameBytes = u32Of(options, "frameBytes"),
                                .depth = u16Of(options, "depth"),
                                .durationNs = u64Of(options, "durationNs"),
                                .warmupNs = u64Of(options, "warmupNs"),
                                .cpus = u32ListOf(options, "cpus")};
  if (options.Has("sentCountMax")) {
    load.sentCountMax = u64Of(options, "sentCountMax");
  }
  if (options.Has("traffic")) {
    load.traffic = trafficOf(objectOf(options, "traffic"));
    load.isAnswered = boolOf(objectOf(options, "traffic"), "isAnswered");
  }
  const auto isCancelled = std::make_shared<std::atomic<bool>>(false);
  load.isCancelled = isCancelled.get(); // The work below keeps it.
  const Napi::Value promise = Promised<frontend::NetLoadResult>::start(
      info.Env(),
      [load, isCancelled, sourcePath = stringOf(options, "sourcePath"),
       targetPath = stringOf(options, "targetPath")] { return run(sourcePath, targetPath, load); },
      resultToJs);
  if (options.Has("onStart")) {
    options.Get("onStart").As<Napi::Function>().Call({cancelerOf(info.Env(), isCancelled)});
  }
  return promise;
}

// An interface that nobody uses: buffers offered, and nothing sent.
struct HeldInterface {
  std::unique_ptr<frontend::Session> session;
  std::unique_ptr<frontend::NetDriver> driver;
};
using HeldInterfaces = std::vector<HeldInterface>;

// Of a held interface: QEMU's usual rings, and memory for the few buffers of a NetDriver.
constexpr std::uint16_t kHeldQueueSize = 256;
constexpr std::size_t kHeldArenaBytes = 262'144;

Result<std::shared_ptr<HeldInterfaces>> hold(const std::vector<std::string>& paths) {
  auto held = std::make_shared<HeldInterfaces>(); // This work's, then the function's that lets go.
  for (const std::string& path : paths) {
    ARGON_TRY_ASSIGN(frontend::Channel channel, frontend::Channel::connectTo(path));
    HeldInterface one;
    ARGON_TRY_ASSIGN(one.session,
                     frontend::Session::open(std::move(channel),
                                             {.deviceKind = frontend::Session::DeviceKind::Network,
                                              .queueCount = virtio::spec::net::kQueuesPerPair,
                                              .queueSize = kHeldQueueSize,
                                              .arenaBytes = kHeldArenaBytes}));
    ARGON_TRY_ASSIGN(one.driver, frontend::NetDriver::create(*one.session, {}));
    held->push_back(std::move(one));
  }
  return held;
}

// holdNetInterfaces(paths): a promise of a function that lets go of them.
Napi::Value holdNetInterfaces(const Napi::CallbackInfo& info) {
  const auto list = info[0].As<Napi::Array>();
  std::vector<std::string> paths(list.Length());
  for (std::uint32_t index = 0; index < list.Length(); ++index) {
    paths[index] = list.Get(index).As<Napi::String>().Utf8Value();
  }
  return Promised<std::shared_ptr<HeldInterfaces>>::start(
      info.Env(), [paths = std::move(paths)] { return hold(paths); },
      [](Napi::Env env, std::shared_ptr<HeldInterfaces>& held) -> Napi::Value {
        return Napi::Function::New(env,
                                   [held](const Napi::CallbackInfo& /*info*/) { held->clear(); });
      });
}

} // namespace

void exportNetLoad(Napi::Env env, Napi::Object& exports) {
  exports.Set("runNetLoad", Napi::Function::New<runNetLoad>(env));
  exports.Set("holdNetInterfaces", Napi::Function::New<holdNetInterfaces>(env));
}

} // namespace argon::addon
