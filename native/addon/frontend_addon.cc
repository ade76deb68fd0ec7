// SPDX-License-Identifier: Apache-2.0

// frontend.node: the driver side, for tests, benchmarks and for copying images into volumes. Each
// operation blocks a thread of libuv's pool; operations of one front end take turns.

#include "addon/conformance_binding.h"
#include "addon/napi_support.h"
#include "addon/net_load_binding.h"
#include "base/check.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/block_driver.h"
#include "frontend/chain_cases.h"
#include "frontend/channel.h"
#include "frontend/image_writer.h"
#include "frontend/load.h"
#include "frontend/session.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <napi.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

namespace blk = virtio::spec::blk;

// A front end's session, shared by the JavaScript object and by work under way on it.
struct OpenFrontend {
  std::mutex turn;
  std::unique_ptr<frontend::Session> session;
  frontend::ImageWriter imageWriter;
  std::atomic<bool> isLoadCancelled = false;

  // Runs `work` with the session when it is this caller's turn.
  template <typename Work>
  auto with(Work work) -> decltype(work(*session)) {
    const std::scoped_lock lock(turn);
    if (session == nullptr) return Error(ErrorKind::Closed, "the front end has been closed");
    return work(*session);
  }
};

using Bytes = std::vector<std::byte>;

Napi::Value toUint8Array(Napi::Env env, Bytes& bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(array.Data(), bytes.size())).begin());
  return array;
}

Result<Bytes> identify(frontend::Session& session) {
  frontend::BlockDriver driver(session);
  Bytes id(blk::ID_BYTES);
  ARGON_TRY_ASSIGN(const frontend::BlockDriver::Answer answer,
                   driver.execute({.type = blk::T_GET_ID, .input = id}));
  if (answer.status != blk::S_OK) return Error(ErrorKind::HostIo, "the device has no id");
  return id;
}

frontend::LoadOptions loadOptionsOf(const Napi::Object& options) {
  const std::string pattern = stringOf(options, "rw");
  using frontend::LoadPattern;
  return {.pattern = pattern == "read"       ? LoadPattern::Read
                     : pattern == "write"    ? LoadPattern::Write
                     : pattern == "randread" ? LoadPattern::RandomRead
                                             : LoadPattern::RandomWrite,
          .wait = stringOf(options, "wait") == "polling" ? frontend::LoadWait::Polling
                                                         : frontend::LoadWait::EventFd,
          .blockBytes = u32Of(options, "blockBytes"),
          .depth = u16Of(options, "depth"),
          .durationNs = u64Of(options, "durationNs"),
          .warmupNs = u64Of(options, "warmupNs"),
          .spanBytes = u64Of(options, "spanBytes"),
          .seed = u64Of(options, "seed"),
          .cpus = u32ListOf(options, "cpus")};
}

// On a thread of its own, because the pool's threads must not stay pinned.
Result<frontend::LoadResult> runPinned(frontend::Session& session,
                                       const frontend::LoadOptions& options) {
  std::optional<Result<frontend::LoadResult>> result;
  startThread("argon-load", [&] { result.emplace(frontend::runLoad(session, options)); }).join();
  ARGON_CHECK(result.has_value());
  return *std::move(result);
}

Napi::Value loadResultOf(Napi::Env env, const frontend::LoadResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("operationCount", bigintOf(env, result.operationCount));
  object.Set("byteCount", bigintOf(env, result.byteCount));
  object.Set("elapsedNs", bigintOf(env, result.elapsedNs));
  object.Set("errorCount", bigintOf(env, result.errorCount));
  object.Set("p50Ns", bigintOf(env, result.latency.quantile(0.5)));
  object.Set("p99Ns", bigintOf(env, result.latency.quantile(0.99)));
  object.Set("p999Ns", bigintOf(env, result.latency.quantile(0.999)));
  object.Set("maxNs", bigintOf(env, result.latency.max()));
  object.Set("latencyJson", Napi::String::New(env, result.latency.toJson()));
  return object;
}

class FrontendObject final : public Napi::ObjectWrap<FrontendObject> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "BlockFrontend",
                       {InstanceMethod<&FrontendObject::openSession>("connect"),
                        InstanceMethod<&FrontendObject::info>("info"),
                        InstanceMethod<&FrontendObject::read>("read"),
                        InstanceMethod<&FrontendObject::write>("write"),
                        InstanceMethod<&FrontendObject::flush>("flush"),
                        InstanceMethod<&FrontendObject::identifyDevice>("identify"),
                        InstanceMethod<&FrontendObject::runLoad>("runLoad"),
                        InstanceMethod<&FrontendObject::cancelLoad>("cancelLoad"),
                        InstanceMethod<&FrontendObject::writeImage>("writeImage"),
                        InstanceMethod<&FrontendObject::writtenBytes>("imageProgress"),
                        InstanceMethod<&FrontendObject::cancelImage>("cancelImage"),
                        InstanceMethod<&FrontendObject::runChainCase>("runChainCase"),
                        InstanceMethod<&FrontendObject::close>("close")});
  }

  explicit FrontendObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<FrontendObject>(info), open_(std::make_shared<OpenFrontend>()) {}

private:
  // connect({ socketPath, queues, queueSize, arenaBytes, features, tracksInflight? }).
  Napi::Value openSession(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    frontend::Session::Options sessionOptions{
        .queueCount = u16Of(options, "queues"),
        .queueSize = u16Of(options, "queueSize"),
        .wantedFeatures = virtio::FeatureSet(u64Of(options, "features")),
        .arenaBytes = static_cast<std::size_t>(u64Of(options, "arenaBytes"))};
    if (!options.Get("tracksInflight").IsUndefined() && boolOf(options, "tracksInflight")) {
      sessionOptions.wantedProtocolFeatures =
          sessionOptions.wantedProtocolFeatures.with(vhost_user::spec::PROTOCOL_F_INFLIGHT_SHMFD);
    }
    return Promised<void>::start(
        info.Env(),
        [open = open_, path = stringOf(options, "socketPath"), sessionOptions]() -> Result<void> {
          const std::scoped_lock lock(open->turn);
          ARGON_TRY_ASSIGN(frontend::Channel channel, frontend::Channel::connectTo(path));
          ARGON_TRY_ASSIGN(open->session,
                           frontend::Session::open(std::move(channel), sessionOptions));
          return {};
        });
  }

  Napi::Value info(const Napi::CallbackInfo& info) {
    struct Facts {
      blk::Config config;
      std::uint64_t offered;
      std::uint64_t accepted;
      std::uint64_t protocol;
    };
    return Promised<Facts>::start(
        info.Env(),
        [open = open_] {
          return open->with([](frontend::Session& session) -> Result<Facts> {
            return Facts{.config = session.config(),
                         .offered = session.offeredFeatures().bits(),
                         .accepted = session.features().bits(),
                         .protocol = session.protocolFeatures().bits()};
          });
        },
        [](Napi::Env env, Facts& facts) {
          Napi::Object object = Napi::Object::New(env);
          object.Set("sizeBytes", bigintOf(env, facts.config.capacity.get() * blk::SECTOR_BYTES));
          object.Set("blockBytes", facts.config.blk_size.get());
          object.Set("queues", facts.config.num_queues.get());
          object.Set("segmentCountMax", facts.config.seg_max.get());
          object.Set("offeredFeatures", bigintOf(env, facts.offered));
          object.Set("features", bigintOf(env, facts.accepted));
          object.Set("protocolFeatures", bigintOf(env, facts.protocol));
          return object;
        });
  }

  // read(offsetBytes, lengthBytes).
  Napi::Value read(const Napi::CallbackInfo& info) {
    bool isLossless = false;
    const std::uint64_t offset = info[0].As<Napi::BigInt>().Uint64Value(&isLossless);
    const std::uint32_t length = info[1].As<Napi::Number>().Uint32Value();
    return Promised<Bytes>::start(
        info.Env(),
        [open = open_, offset, length] {
          return open->with([offset, length](frontend::Session& session) -> Result<Bytes> {
            Bytes bytes(length);
            ARGON_TRY(frontend::BlockDriver(session).read(offset, bytes));
            return bytes;
          });
        },
        toUint8Array);
  }

  // write(offsetBytes, { bytes }).
  Napi::Value write(const Napi::CallbackInfo& info) {
    bool isLossless = false;
    const std::uint64_t offset = info[0].As<Napi::BigInt>().Uint64Value(&isLossless);
    return Promised<void>::start(
        info.Env(), [open = open_, offset, bytes = bytesOf(info[1].As<Napi::Object>(), "bytes")] {
          return open->with([offset, &bytes](frontend::Session& session) {
            return frontend::BlockDriver(session).write(offset, bytes);
          });
        });
  }

  Napi::Value flush(const Napi::CallbackInfo& info) {
    return Promised<void>::start(info.Env(), [open = open_] {
      return open->with(
          [](frontend::Session& session) { return frontend::BlockDriver(session).flush(); });
    });
  }

  Napi::Value identifyDevice(const Napi::CallbackInfo& info) {
    return Promised<Bytes>::start(
        info.Env(), [open = open_] { return open->with(identify); }, toUint8Array);
  }

  Napi::Value runLoad(const Napi::CallbackInfo& info) {
    frontend::LoadOptions options = loadOptionsOf(info[0].As<Napi::Object>());
    options.isCancelled = &open_->isLoadCancelled; // The work below keeps it.
    return Promised<frontend::LoadResult>::start(
        info.Env(),
        [open = open_, options] {
          return open->with(
              [&options](frontend::Session& session) { return runPinned(session, options); });
        },
        [](Napi::Env env, frontend::LoadResult& result) { return loadResultOf(env, result); });
  }

  void cancelLoad(const Napi::CallbackInfo& /*info*/) { open_->isLoadCancelled = true; }

  // writeImage(path): a promise of { imageBytes, writtenBytes }.
  Napi::Value writeImage(const Napi::CallbackInfo& info) {
    using Totals = frontend::ImageWriter::Totals;
    const std::string path = info[0].As<Napi::String>().Utf8Value();
    return Promised<Totals>::start(
        info.Env(),
        [open = open_, path] {
          return open->with([&open, &path](frontend::Session& session) {
            return open->imageWriter.write(session, path);
          });
        },
        [](Napi::Env env, Totals& totals) {
          Napi::Object object = Napi::Object::New(env);
          object.Set("imageBytes", bigintOf(env, totals.imageBytes));
          object.Set("writtenBytes", bigintOf(env, totals.writtenBytes));
          return object;
        });
  }

  Napi::Value writtenBytes(const Napi::CallbackInfo& info) {
    return bigintOf(info.Env(), open_->imageWriter.doneBytes());
  }

  void cancelImage(const Napi::CallbackInfo& /*info*/) { open_->imageWriter.cancel(); }

  // runChainCase(name): a promise.
  Napi::Value runChainCase(const Napi::CallbackInfo& info) {
    const std::string name = info[0].As<Napi::String>().Utf8Value();
    return Promised<void>::start(info.Env(), [open = open_, name] {
      return open->with([&name](frontend::Session& session) -> Result<void> {
        for (const frontend::ChainCase& chainCase : frontend::chainCases()) {
          if (chainCase.name == name) return frontend::runChainCase(chainCase, session, 0);
        }
        return Error(ErrorKind::NotFound, concat("there is no chain case \"", name, "\""));
      });
    });
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    return Promised<void>::start(info.Env(), [open = open_]() -> Result<void> {
      const std::scoped_lock lock(open->turn);
      open->session = nullptr;
      return {};
    });
  }

  std::shared_ptr<OpenFrontend> open_;
};

// listChainCases(): the names and expected outcomes.
Napi::Value listChainCases(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  for (const frontend::ChainCase& chainCase : frontend::chainCases()) {
    const std::string_view expected = frontend::chainOutcomeName(chainCase.expected);
    const Napi::Object object = Napi::Object::New(env);
    object.Set("name", Napi::String::New(env, chainCase.name.data(), chainCase.name.size()));
    object.Set("expected", Napi::String::New(env, expected.data(), expected.size()));
    list.Set(list.Length(), object);
  }
  return list;
}

// sizesForLoad({ ..., queues }): what connect() must ask for to run a load.
Napi::Value sizesForLoad(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  const frontend::LoadOptions load{.blockBytes = u32Of(options, "blockBytes"),
                                   .depth = u16Of(options, "depth")};
  Napi::Object object = Napi::Object::New(env);
  object.Set("queueSize", frontend::queueSizeFor(load.depth));
  object.Set("arenaBytes", bigintOf(env, frontend::arenaBytesFor(load, u16Of(options, "queues"))));
  return object;
}

Napi::Object initFrontend(Napi::Env env, Napi::Object exports) {
  exportCommon(env, exports);
  exports.Set("BlockFrontend", FrontendObject::define(env));
  exports.Set("listChainCases", Napi::Function::New<listChainCases>(env));
  exports.Set("sizesForLoad", Napi::Function::New<sizesForLoad>(env));
  exportConformance(env, exports);
  exportNetLoad(env, exports);
  return exports;
}

} // namespace

NODE_API_MODULE(frontend, initFrontend)

} // namespace argon::addon
