// SPDX-License-Identifier: Apache-2.0

// host.node: what the host's own processes need of native code: keys of volumes (made and wrapped
// here, so that no JavaScript value ever holds one), the files of a volume, guarding a process,
// sockets with descriptors beside their bytes, the counters of cards.

#include "addon/counter_binding.h"
#include "addon/crypto_bench.h"
#include "addon/fd_stream.h"
#include "addon/host_inspection.h"
#include "addon/napi_support.h"
#include "addon/process_guard.h"
#include "addon/socket_pair.h"
#include "base/log.h"
#include "base/peer_credentials.h"
#include "base/result.h"
#include "crypto/data_key.h"
#include "crypto/master_key.h"
#include "storage/allocation_map.h"
#include "storage/file_store.h"
#include "storage/map_file.h"

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace argon::addon {

namespace {

Result<void> growFiles(const std::string& dataPath, const std::string& mapPath,
                       std::uint64_t sizeBytes) {
  const Log log(silentLogSink(), "grow");
  ARGON_TRY_ASSIGN(const std::unique_ptr<FileStore> data,
                   FileStore::open(dataPath, {.lockTimeoutNs = 0}, log));
  if (!mapPath.empty()) {
    ARGON_TRY_ASSIGN(
        const std::unique_ptr<FileStore> map,
        FileStore::open(mapPath, {.space = FileStore::Space::Allocated, .lockTimeoutNs = 0}, log));
    const std::uint64_t mapBytes = mapFileBytes(sizeBytes / AllocationMap::kUnitBytes);
    // A growth that was cut off may have left either file longer.
    ARGON_TRY(map->grow(std::max(mapBytes, map->sizeBytes())));
  }
  return data->grow(std::max(sizeBytes, data->sizeBytes()));
}

// createMasterKey(path): a promise.
Napi::Value createMasterKey(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  return Promised<void>::start(info.Env(), [path] { return MasterKey::createFile(path); });
}

// createVolumeKey({ masterKeyPath, volumeId }): a promise of the wrapped key.
Napi::Value createVolumeKey(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  return Promised<WrappedKey>::start(
      info.Env(),
      [path = stringOf(options, "masterKeyPath"),
       volumeId = stringOf(options, "volumeId")]() -> Result<WrappedKey> {
        ARGON_TRY_ASSIGN(const MasterKey masterKey, MasterKey::load(path));
        ARGON_TRY_ASSIGN(const DataKey key, DataKey::generate());
        return key.wrap(masterKey, volumeId);
      },
      [](Napi::Env env, WrappedKey& wrapped) {
        Napi::Uint8Array bytes = Napi::Uint8Array::New(env, wrapped.size());
        std::memcpy(bytes.Data(), wrapped.data(), wrapped.size());
        return bytes;
      });
}

// createMapFile({ path, unitCount, volumeId }): a promise.
Napi::Value createVolumeMap(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  return Promised<void>::start(info.Env(), [path = stringOf(options, "path"),
                                            unitCount = u64Of(options, "unitCount"),
                                            volumeId = stringOf(options, "volumeId")] {
    return createMapFile(path, unitCount, volumeId);
  });
}

// growVolume({ dataPath, mapPath, sizeBytes }): a promise. The map before the data, as no one looks
// at what is longer than it must be.
Napi::Value growVolume(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  return Promised<void>::start(info.Env(), [dataPath = stringOf(options, "dataPath"),
                                            mapPath = stringOf(options, "mapPath"),
                                            sizeBytes = u64Of(options, "sizeBytes")] {
    return growFiles(dataPath, mapPath, sizeBytes);
  });
}

// isLocked(path): true if another process has the file open as a store.
Napi::Value isLocked(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<bool> locked = isStoreLocked(info[0].As<Napi::String>().Utf8Value());
  if (!locked) {
    Napi::Error(env, toJsError(env, locked.error())).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return Napi::Boolean::New(env, *locked);
}

// inspectHost(folder): a promise of what the host offers.
Napi::Value inspectThisHost(const Napi::CallbackInfo& info) {
  const std::string folder = info[0].As<Napi::String>().Utf8Value();
  return Promised<HostInspection>::start(
      info.Env(), [folder] { return inspectHost(folder); },
      [](Napi::Env env, HostInspection& inspection) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("uringProblem", inspection.uringProblem);
        object.Set("hasSecretMemory", inspection.hasSecretMemory);
        object.Set("storage", inspection.storage);
        return object;
      });
}

// peerCredentials(fd): who is at the other end of a connected unix socket.
Napi::Value peerCredentials(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Result<PeerCredentials> peer = peerCredentialsOf(info[0].As<Napi::Number>().Int32Value());
  if (!peer) {
    Napi::Error(env, toJsError(env, peer.error())).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", static_cast<double>(peer->pid));
  object.Set("uid", static_cast<double>(peer->uid));
  object.Set("gid", static_cast<double>(peer->gid));
  return object;
}

// guardProcess(): throws if the process cannot be guarded.
Napi::Value guardThisProcess(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (const Result<void> guarded = guardProcess(); !guarded) {
    Napi::Error(env, toJsError(env, guarded.error())).ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

// measureCrypto({ durationNs, cpus }): a promise of rates.
Napi::Value measureCryptoRates(const Napi::CallbackInfo& info) {
  using Rates = std::vector<CryptoRate>;
  const auto options = info[0].As<Napi::Object>();
  return Promised<Rates>::start(
      info.Env(),
      [durationNs = u64Of(options, "durationNs"), cpus = u32ListOf(options, "cpus")] {
        return measureCrypto(durationNs, cpus);
      },
      [](Napi::Env env, Rates& rates) {
        Napi::Array list = Napi::Array::New(env);
        for (std::uint32_t index = 0; index < rates.size(); ++index) {
          const Napi::Object rate = Napi::Object::New(env);
          rate.Set("cipher", rates[index].cipher);
          rate.Set("operation", rates[index].operation);
          rate.Set("unitBytes", static_cast<double>(rates[index].unitBytes));
          rate.Set("bytesPerSecond", bigintOf(env, rates[index].bytesPerSecond));
          list.Set(index, rate);
        }
        return list;
      });
}

Napi::Object initHost(Napi::Env env, Napi::Object exports) {
  exportCommon(env, exports);
  exports.Set("createMasterKey", Napi::Function::New<createMasterKey>(env));
  exports.Set("createVolumeKey", Napi::Function::New<createVolumeKey>(env));
  exports.Set("createMapFile", Napi::Function::New<createVolumeMap>(env));
  exports.Set("growVolume", Napi::Function::New<growVolume>(env));
  exports.Set("isLocked", Napi::Function::New<isLocked>(env));
  exports.Set("inspectHost", Napi::Function::New<inspectThisHost>(env));
  exports.Set("guardProcess", Napi::Function::New<guardThisProcess>(env));
  exports.Set("peerCredentials", Napi::Function::New<peerCredentials>(env));
  exports.Set("FdStream", defineFdStream(env));
  exports.Set("createSocketPair", Napi::Function::New<createSocketPair>(env));
  exports.Set("createCounterMemory", Napi::Function::New<createCardCounterMemory>(env));
  exports.Set("CounterReader", defineCounterReader(env));
  exports.Set("measureCrypto", Napi::Function::New<measureCryptoRates>(env));
  return exports;
}

} // namespace

NODE_API_MODULE(host, initHost)

} // namespace argon::addon
