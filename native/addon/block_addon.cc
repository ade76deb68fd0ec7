// SPDX-License-Identifier: Apache-2.0

// block.node: a block card for the process that loads it. JavaScript makes a card, gives it devices
// and is told log lines; it never sees data or keys.

#include "addon/napi_support.h"
#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "block/card.h"
#include "block/device.h"
#include "block/poll_window.h"
#include "crypto/data_key.h"
#include "crypto/master_key.h"
#include "memory/memory_region.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/file_store.h"
#include "storage/map_file.h"
#include "storage/memory_store.h"
#include "storage/null_store.h"
#include "vhost_user/listener.h"

#include <napi.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

struct LogLine {
  LogLevel level;
  std::string object;
  std::string message;
};

// Log lines on their way to JavaScript. The queue is bounded; what does not fit is counted and
// dropped, so that no data thread ever waits for Node.
class JsLogSink final : public LogSink {
public:
  JsLogSink(Napi::Env env, const Napi::Function& onLog)
      : function_(Napi::ThreadSafeFunction::New(env, onLog, "argon log", kQueueLimit, 1)) {}

  void write(LogLevel level, std::string_view object, std::string_view message) override {
    const std::scoped_lock lock(mutex_);
    if (isClosed_) return;
    auto line = std::make_unique<LogLine>(
        LogLine{.level = level, .object = std::string(object), .message = std::string(message)});
    const napi_status status = function_.NonBlockingCall(line.get(), deliver);
    if (status == napi_ok) {
      // The JavaScript thread owns it now.
      [[maybe_unused]] const LogLine* handedOver = line.release();
    }
  }

  // After this no line is delivered. The process may end: nothing holds the event loop any more.
  void close() {
    const std::scoped_lock lock(mutex_);
    if (!std::exchange(isClosed_, true)) function_.Release();
  }

private:
  static constexpr std::size_t kQueueLimit = 1024;

  static void deliver(Napi::Env env, Napi::Function onLog, LogLine* raw) {
    const std::unique_ptr<LogLine> line(raw);
    if (env == nullptr) return;
    onLog.Call({Napi::Number::New(env, static_cast<double>(line->level)),
                Napi::String::New(env, line->object), Napi::String::New(env, line->message)});
  }

  std::mutex mutex_;
  Napi::ThreadSafeFunction function_;
  bool isClosed_ = false;
};

// A running card and its devices. Shared by the JavaScript object and by work under way on it.
class RunningCard {
public:
  static Result<std::shared_ptr<RunningCard>> start(const block::BlockCard::Options& options,
                                                    std::unique_ptr<JsLogSink> log) {
    Result<std::unique_ptr<block::BlockCard>> card = block::BlockCard::start(options, *log);
    if (!card) {
      log->close();
      return std::move(card).error();
    }
    return std::shared_ptr<RunningCard>(new RunningCard(std::move(log), *std::move(card)));
  }

  Result<std::uint32_t> add(block::BlockDevice::Options options, std::unique_ptr<BlockStore> store,
                            const std::string& socketPath, RegionPolicy policy) {
    ARGON_TRY_ASSIGN(vhost_user::ListeningSocket socket,
                     vhost_user::ListeningSocket::create(socketPath));
    const std::scoped_lock lock(mutex_);
    if (isStopping_) return Error(ErrorKind::Closed, "the card has been stopped");
    const block::DeviceId id = card_->addDevice(std::move(options), std::move(store),
                                                std::move(socket), {.regionPolicy = policy});
    devices_.insert(id.get());
    return id.get();
  }

  Result<void> remove(std::uint32_t id) {
    {
      const std::scoped_lock lock(mutex_);
      if (devices_.erase(id) == 0) return Error(ErrorKind::NotFound, "there is no such device");
      ++removalCount_;
    }
    std::promise<void> removed;
    card_->removeDevice(block::DeviceId(id), [&removed] { removed.set_value(); });
    removed.get_future().wait();
    const std::scoped_lock lock(mutex_);
    --removalCount_;
    changed_.notify_all();
    return {};
  }

  Result<std::vector<block::BlockCard::QueueSnapshot>> snapshot(std::uint32_t id) {
    // Held meanwhile, so that the session thread, which answers, is not stopped before it has.
    const std::scoped_lock lock(mutex_);
    if (isStopping_) return Error(ErrorKind::Closed, "the card has been stopped");
    return card_->snapshot(block::DeviceId(id));
  }

  // Removes all devices and ends the threads; waits where another thread is at it. Harmless when
  // stopped already.
  void stop() {
    std::set<std::uint32_t> remaining;
    {
      std::unique_lock lock(mutex_);
      if (std::exchange(isStopping_, true)) {
        changed_.wait(lock, [this] { return hasStopped_; });
        return;
      }
      remaining = devices_;
    }
    for (const std::uint32_t id : remaining) {
      [[maybe_unused]] const Result<void> removed = remove(id);
    }
    {
      // Those that others remove.
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return removalCount_ == 0; });
    }
    card_->stop();
    log_->close();
    const std::scoped_lock lock(mutex_);
    hasStopped_ = true;
    changed_.notify_all();
  }

  Log log(const std::string& object) { return {*log_, object}; }
  [[nodiscard]] bool hasStopped() {
    const std::scoped_lock lock(mutex_);
    return hasStopped_;
  }

private:
  RunningCard(std::unique_ptr<JsLogSink> log, std::unique_ptr<block::BlockCard> card)
      : log_(std::move(log)), card_(std::move(card)) {}

  // Order matters: the card writes to the log until it has stopped.
  std::unique_ptr<JsLogSink> log_;
  std::unique_ptr<block::BlockCard> card_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::uint32_t> devices_;
  std::size_t removalCount_ = 0; // Under way.
  bool isStopping_ = false;
  bool hasStopped_ = false;
};

// What JavaScript said of a store, away from Node's objects so that another thread can open it.
struct StorePlan {
  std::string volumeId;
  std::string kind;
  std::uint64_t sizeBytes = 0;
  std::string path;
  bool isCached = false;
  std::string cipher;
  std::string masterKeyPath;
  std::string mapPath;
  std::vector<std::byte> wrappedKey;
};

StorePlan planOf(const Napi::Object& options) {
  const Napi::Object store = objectOf(options, "store");
  const Napi::Object cipher = objectOf(options, "cipher");
  StorePlan plan{.volumeId = stringOf(options, "id"),
                 .kind = stringOf(store, "kind"),
                 .cipher = stringOf(cipher, "kind")};
  if (plan.kind == "file") {
    plan.path = stringOf(store, "path");
    plan.isCached = stringOf(store, "caching") == "cached";
    plan.sizeBytes = u64Of(store, "expectedBytes");
  } else {
    plan.sizeBytes = u64Of(store, "sizeBytes");
  }
  if (plan.cipher == "volume-key") {
    plan.masterKeyPath = stringOf(cipher, "masterKeyPath");
    plan.mapPath = stringOf(cipher, "mapPath");
    plan.wrappedKey = bytesOf(cipher, "wrappedKey");
  }
  return plan;
}

Result<std::unique_ptr<BlockStore>> openData(const StorePlan& plan, const Log& log) {
  if (plan.kind == "null") {
    return std::unique_ptr<BlockStore>(std::make_unique<NullStore>(plan.sizeBytes));
  }
  if (plan.kind == "memory") {
    ARGON_TRY_ASSIGN(std::unique_ptr<MemoryStore> store, MemoryStore::create(plan.sizeBytes));
    return std::unique_ptr<BlockStore>(std::move(store));
  }
  ARGON_TRY_ASSIGN(std::unique_ptr<FileStore> store,
                   FileStore::open(plan.path,
                                   {.caching = plan.isCached ? FileStore::Caching::Cached
                                                             : FileStore::Caching::Auto,
                                    .expectedBytes = plan.sizeBytes},
                                   log));
  return std::unique_ptr<BlockStore>(std::move(store));
}

Result<std::unique_ptr<BlockStore>> encrypt(const StorePlan& plan, std::unique_ptr<BlockStore> data,
                                            const Log& log) {
  EncryptedStore::Parts parts{.data = std::move(data)};
  const std::uint64_t size = parts.data->sizeBytes();
  if (size % EncryptedStore::kUnitBytes != 0) {
    return Error(ErrorKind::InvalidArgument,
                 concat(plan.kind == "file" ? plan.path : "a store in memory", " is ", size,
                        " bytes, and what is encrypted is a multiple of ",
                        EncryptedStore::kUnitBytes));
  }
  const std::uint64_t unitCount = size / EncryptedStore::kUnitBytes;
  if (plan.cipher == "throwaway-key") {
    ARGON_TRY_ASSIGN(DataKey key, DataKey::generate());
    ARGON_TRY_ASSIGN(parts.map, AllocationMap::create(unitCount));
    ARGON_TRY_ASSIGN(std::unique_ptr<EncryptedStore> store,
                     EncryptedStore::create(std::move(parts), std::move(key)));
    return std::unique_ptr<BlockStore>(std::move(store));
  }
  ARGON_TRY_ASSIGN(const MasterKey masterKey, MasterKey::load(plan.masterKeyPath));
  ARGON_TRY_ASSIGN(DataKey key, DataKey::unwrap(plan.wrappedKey, masterKey, plan.volumeId));
  // The lock on the map's file comes first, so that what is read is what will be written on.
  ARGON_TRY_ASSIGN(std::unique_ptr<FileStore> mapStore,
                   FileStore::open(plan.mapPath, {.expectedBytes = mapFileBytes(unitCount)}, log));
  ARGON_TRY_ASSIGN(parts.map, loadMapFile(plan.mapPath, unitCount, plan.volumeId));
  parts.mapStore = std::move(mapStore);
  ARGON_TRY_ASSIGN(std::unique_ptr<EncryptedStore> store,
                   EncryptedStore::create(std::move(parts), std::move(key)));
  return std::unique_ptr<BlockStore>(std::move(store));
}

Result<std::unique_ptr<BlockStore>> openStore(const StorePlan& plan, const Log& log) {
  ARGON_TRY_ASSIGN(std::unique_ptr<BlockStore> data, openData(plan, log));
  if (plan.cipher == "none") return data;
  return encrypt(plan, std::move(data), log);
}

Napi::Value countersOf(Napi::Env env, const std::vector<block::BlockCard::QueueSnapshot>& queues) {
  Napi::Array list = Napi::Array::New(env);
  for (std::uint32_t index = 0; index < queues.size(); ++index) {
    const block::BlockCard::QueueSnapshot& queue = queues[index];
    const Napi::Object object = Napi::Object::New(env);
    object.Set("reads", bigintOf(env, queue.reads));
    object.Set("readBytes", bigintOf(env, queue.readBytes));
    object.Set("writes", bigintOf(env, queue.writes));
    object.Set("writtenBytes", bigintOf(env, queue.writtenBytes));
    object.Set("flushes", bigintOf(env, queue.flushes));
    object.Set("failures", bigintOf(env, queue.failures));
    object.Set("malformedChains", bigintOf(env, queue.malformedChains));
    object.Set("kicks", bigintOf(env, queue.kicks));
    object.Set("calls", bigintOf(env, queue.calls));
    list.Set(index, object);
  }
  return list;
}

// The cards of this environment. It owns those that run, beside their JavaScript objects: a card
// that nobody holds any more goes on, and the end of the environment, which may come to the objects
// first, stops those that were left running.
class CardRegistry {
public:
  CardRegistry() = default;
  CardRegistry(const CardRegistry&) = delete;
  CardRegistry& operator=(const CardRegistry&) = delete;
  ~CardRegistry() {
    for (const std::shared_ptr<RunningCard>& card : cards_) {
      card->stop();
    }
  }

  void add(const std::shared_ptr<RunningCard>& card) {
    std::erase_if(cards_,
                  [](const std::shared_ptr<RunningCard>& old) { return old->hasStopped(); });
    cards_.push_back(card);
  }

private:
  std::vector<std::shared_ptr<RunningCard>> cards_;
};

class CardObject final : public Napi::ObjectWrap<CardObject> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "BlockCard",
                       {InstanceMethod<&CardObject::addDevice>("addDevice"),
                        InstanceMethod<&CardObject::removeDevice>("removeDevice"),
                        InstanceMethod<&CardObject::counters>("counters"),
                        InstanceMethod<&CardObject::stop>("stop")});
  }

  explicit CardObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CardObject>(info) {
    const Napi::Env env = info.Env();
    const auto options = info[0].As<Napi::Object>();
    const std::string pollMode = stringOf(options, "pollMode");
    Result<std::shared_ptr<RunningCard>> card =
        RunningCard::start({.workerCount = u16Of(options, "workers"),
                            .pollMode = pollMode == "off"      ? block::PollMode::Off
                                        : pollMode == "always" ? block::PollMode::Always
                                                               : block::PollMode::Adaptive,
                            .cpus = u32ListOf(options, "cpus")},
                           std::make_unique<JsLogSink>(env, info[1].As<Napi::Function>()));
    if (!card) {
      Napi::Error(env, toJsError(env, card.error())).ThrowAsJavaScriptException();
      return;
    }
    card_ = *std::move(card);
    env.GetInstanceData<CardRegistry>()->add(card_);
  }

private:
  Napi::Value addDevice(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    const std::string socketPath = stringOf(options, "socketPath");
    const RegionPolicy policy = stringOf(options, "memoryPolicy") == "sealed"
                                    ? RegionPolicy::RequireSealed
                                    : RegionPolicy::AllowUnsealed;
    const std::uint16_t queues = u16Of(options, "queues");
    return Promised<std::uint32_t>::start(
        info.Env(),
        [card = card_, plan = planOf(options), socketPath, policy,
         queues]() -> Result<std::uint32_t> {
          ARGON_TRY_ASSIGN(std::unique_ptr<BlockStore> store,
                           openStore(plan, card->log(plan.volumeId)));
          const std::string description(store->description());
          ARGON_TRY_ASSIGN(const std::uint32_t id,
                           card->add({.id = plan.volumeId, .queueCount = queues}, std::move(store),
                                     socketPath, policy));
          card->log(plan.volumeId).info(concat("served from ", description));
          return id;
        },
        [](Napi::Env env, std::uint32_t& id) { return Napi::Number::New(env, id); });
  }

  Napi::Value removeDevice(const Napi::CallbackInfo& info) {
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    return Promised<void>::start(info.Env(), [card = card_, id] { return card->remove(id); });
  }

  Napi::Value counters(const Napi::CallbackInfo& info) {
    using Snapshots = std::vector<block::BlockCard::QueueSnapshot>;
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    return Promised<Snapshots>::start(
        info.Env(), [card = card_, id] { return card->snapshot(id); },
        [](Napi::Env env, Snapshots& queues) { return countersOf(env, queues); });
  }

  Napi::Value stop(const Napi::CallbackInfo& info) {
    return Promised<void>::start(info.Env(), [card = card_]() -> Result<void> {
      card->stop();
      return {};
    });
  }

  std::shared_ptr<RunningCard> card_;
};

Napi::Object initBlock(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData<CardRegistry>(std::make_unique<CardRegistry>().release());
  exportCommon(env, exports);
  exports.Set("BlockCard", CardObject::define(env));
  return exports;
}

} // namespace

NODE_API_MODULE(block, initBlock)

} // namespace argon::addon
