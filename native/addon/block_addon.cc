// SPDX-License-Identifier: Apache-2.0

// block.node: a block card for the process that loads it. JavaScript makes a card, gives it devices
// and is told log lines; it never sees data or keys.

#include "addon/card_registry.h"
#include "addon/device_controls.h"
#include "addon/device_place.h"
#include "addon/js_log_sink.h"
#include "addon/metrics_binding.h"
#include "addon/napi_support.h"
#include "addon/running_card.h"
#include "addon/store_plan.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "block/card.h"
#include "block/device.h"
#include "block/snapshot.h"
#include "storage/block_store.h"
#include "storage/fault_plan.h"
#include "storage/limit_tree.h"
#include "storage/volatile_store.h"

#include <napi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

// Null where the device's options have none.
std::shared_ptr<DeviceControls> controlsOf(const Napi::Object& options) {
  const Napi::Value controls = options.Get("controls");
  if (controls.IsUndefined()) return nullptr;
  return std::make_shared<DeviceControls>(controlOptionsOf(controls.As<Napi::Object>()));
}

Napi::Value countersOf(Napi::Env env, const std::vector<block::QueueSnapshot>& queues) {
  Napi::Array list = Napi::Array::New(env);
  for (std::uint32_t index = 0; index < queues.size(); ++index) {
    const block::QueueSnapshot& queue = queues[index];
    const Napi::Object object = Napi::Object::New(env);
    setCounters(env, object, queue);
    list.Set(index, object);
  }
  return list;
}

class CardObject final : public Napi::ObjectWrap<CardObject> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "BlockCard",
                       {InstanceMethod<&CardObject::addDevice>("addDevice"),
                        InstanceMethod<&CardObject::removeDevice>("removeDevice"),
                        InstanceMethod<&CardObject::growStore>("growStore"),
                        InstanceMethod<&CardObject::growDevice>("growDevice"),
                        InstanceMethod<&CardObject::counters>("counters"),
                        InstanceMethod<&CardObject::metrics>("metrics"),
                        InstanceMethod<&CardObject::setLimits>("setLimits"),
                        InstanceMethod<&CardObject::limits>("limits"),
                        InstanceMethod<&CardObject::addFault>("addFault"),
                        InstanceMethod<&CardObject::removeFault>("removeFault"),
                        InstanceMethod<&CardObject::clearFaults>("clearFaults"),
                        InstanceMethod<&CardObject::releaseFaults>("releaseFaults"),
                        InstanceMethod<&CardObject::faults>("faults"),
                        InstanceMethod<&CardObject::cutPower>("cutPower"),
                        InstanceMethod<&CardObject::restorePower>("restorePower"),
                        InstanceMethod<&CardObject::stop>("stop")});
  }

  explicit CardObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CardObject>(info) {
    const Napi::Env env = info.Env();
    const auto options = info[0].As<Napi::Object>();
    Result<std::shared_ptr<RunningCard>> card =
        RunningCard::start({.workerCount = u16Of(options, "workers"),
                            .pollMode = pollModeOf(options, "pollMode"),
                            .cpus = u32ListOf(options, "cpus")},
                           std::make_unique<JsLogSink>(env, info[1].As<Napi::Function>()),
                           {.backplane = inheritedFd(options, "backplaneFd"),
                            .counterMemory = inheritedFd(options, "counterFd")});
    if (!card) {
      Napi::Error(env, toJsError(env, card.error())).ThrowAsJavaScriptException();
      return;
    }
    card_ = *std::move(card);
    env.GetInstanceData<CardRegistry<RunningCard>>()->add(card_);
  }

private:
  Napi::Value addDevice(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    const block::BlockDevice::Options shape{.id = stringOf(options, "id"),
                                            .queueCount = u16Of(options, "queues"),
                                            .blockBytes = u32Of(options, "blockBytes"),
                                            .isReadOnly = boolOf(options, "isReadOnly")};
    return Promised<std::uint32_t>::start(
        info.Env(),
        [card = card_, plan = planOf(options), controls = controlsOf(options),
         place = placeOf(options), shape]() -> Result<std::uint32_t> {
          ARGON_TRY_ASSIGN(Succession succession, card->awaitSuccession(place));
          ARGON_TRY_ASSIGN(std::unique_ptr<BlockStore> store,
                           openStore(plan, std::move(succession), controls.get(), card->limits(),
                                     card->log(plan.volumeId)));
          const std::string description(store->description());
          ARGON_TRY_ASSIGN(const std::uint32_t id,
                           card->add(shape, std::move(store), controls, place));
          card->log(plan.volumeId).info(concat("served from ", description));
          return id;
        },
        [](Napi::Env env, std::uint32_t& id) { return Napi::Number::New(env, id); });
  }

  Napi::Value removeDevice(const Napi::CallbackInfo& info) {
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    return Promised<void>::start(info.Env(), [card = card_, id] { return card->remove(id); });
  }

  Napi::Value growStore(const Napi::CallbackInfo& info) {
    return grow(info, block::BlockCard::Growth::Store);
  }

  Napi::Value growDevice(const Napi::CallbackInfo& info) {
    return grow(info, block::BlockCard::Growth::Device);
  }

  Napi::Value grow(const Napi::CallbackInfo& info, block::BlockCard::Growth growth) {
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    bool isLossless = false;
    const std::uint64_t sizeBytes = info[1].As<Napi::BigInt>().Uint64Value(&isLossless);
    return Promised<void>::start(
        info.Env(), [card = card_, id, sizeBytes, isLossless, growth]() -> Result<void> {
          if (!isLossless) return Error(ErrorKind::InvalidArgument, "a size of more than 64 bits");
          return card->grow(id, sizeBytes, growth);
        });
  }

  Napi::Value counters(const Napi::CallbackInfo& info) {
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    return Promised<block::DeviceSnapshot>::start(
        info.Env(), [card = card_, id] { return card->snapshot(id); },
        [](Napi::Env env, block::DeviceSnapshot& device) {
          return countersOf(env, device.queues);
        });
  }

  Napi::Value metrics(const Napi::CallbackInfo& info) {
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    return Promised<block::DeviceSnapshot>::start(
        info.Env(), [card = card_, id] { return card->snapshot(id); },
        [](Napi::Env env, block::DeviceSnapshot& device) { return metricsOf(env, device); });
  }

  Napi::Value stop(const Napi::CallbackInfo& info) {
    return Promised<void>::start(info.Env(), [card = card_]() -> Result<void> {
      card->stop();
      return {};
    });
  }

  Napi::Value setLimits(const Napi::CallbackInfo& info) {
    const Result<void> set = addon::setLimits(card_->limits(), info[0].As<Napi::Object>());
    return set ? info.Env().Undefined() : thrown(info.Env(), set.error());
  }

  Napi::Value limits(const Napi::CallbackInfo& info) {
    return levelsToJs(info.Env(), card_->limits().list());
  }

  Napi::Value addFault(const Napi::CallbackInfo& info) {
    return withFaults(info, [&info](FaultPlan& plan) -> Result<Napi::Value> {
      const auto id = plan.add(faultRuleOf(info[1].As<Napi::Object>()));
      if (!id) return Error(ErrorKind::Exhausted, "the device has too many fault rules");
      return Napi::Value(Napi::Number::New(info.Env(), *id));
    });
  }

  Napi::Value removeFault(const Napi::CallbackInfo& info) {
    return withFaults(info, [&info](FaultPlan& plan) -> Result<Napi::Value> {
      if (!plan.remove(info[1].As<Napi::Number>().Uint32Value())) {
        return Error(ErrorKind::NotFound, "there is no such fault rule");
      }
      return info.Env().Undefined();
    });
  }

  Napi::Value clearFaults(const Napi::CallbackInfo& info) {
    return withFaults(info, [&info](FaultPlan& plan) -> Result<Napi::Value> {
      plan.clear();
      return info.Env().Undefined();
    });
  }

  Napi::Value releaseFaults(const Napi::CallbackInfo& info) {
    return withFaults(info, [&info](FaultPlan& plan) -> Result<Napi::Value> {
      plan.release();
      return info.Env().Undefined();
    });
  }

  Napi::Value faults(const Napi::CallbackInfo& info) {
    return withFaults(info, [&info](FaultPlan& plan) -> Result<Napi::Value> {
      return faultsToJs(info.Env(), plan.list());
    });
  }

  Napi::Value cutPower(const Napi::CallbackInfo& info) {
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    const std::uint64_t seed = u64Of(info[1].As<Napi::Object>(), "seed");
    return Promised<VolatileStore::Cut>::start(
        info.Env(),
        [card = card_, id, seed]() -> Result<VolatileStore::Cut> {
          ARGON_TRY_ASSIGN(const std::shared_ptr<DeviceControls> controls, card->controls(id));
          return controls->cutPower(seed);
        },
        [](Napi::Env env, VolatileStore::Cut& cut) { return cutToJs(env, cut); });
  }

  Napi::Value restorePower(const Napi::CallbackInfo& info) {
    const std::uint32_t id = info[0].As<Napi::Number>().Uint32Value();
    return Promised<void>::start(info.Env(), [card = card_, id]() -> Result<void> {
      ARGON_TRY_ASSIGN(const std::shared_ptr<DeviceControls> controls, card->controls(id));
      return controls->restorePower();
    });
  }

  static Napi::Value thrown(Napi::Env env, const Error& error) {
    Napi::Error(env, toJsError(env, error)).ThrowAsJavaScriptException();
    return env.Undefined();
  }

  // For a device, by its id, that was given faults.
  Napi::Value withFaults(const Napi::CallbackInfo& info,
                         const std::function<Result<Napi::Value>(FaultPlan&)>& work) {
    const Result<std::shared_ptr<DeviceControls>> controls =
        card_->controls(info[0].As<Napi::Number>().Uint32Value());
    if (!controls) return thrown(info.Env(), controls.error());
    const Result<FaultPlan*> plan = (*controls)->faults();
    if (!plan) return thrown(info.Env(), plan.error());
    const Result<Napi::Value> value = work(**plan);
    return value ? *value : thrown(info.Env(), value.error());
  }

  std::shared_ptr<RunningCard> card_;
};

Napi::Object initBlock(Napi::Env env, Napi::Object exports) {
  using Registry = CardRegistry<RunningCard>;
  env.SetInstanceData<Registry>(std::make_unique<Registry>().release());
  exportCommon(env, exports);
  exports.Set("BlockCard", CardObject::define(env));
  return exports;
}

} // namespace

NODE_API_MODULE(block, initBlock)

} // namespace argon::addon
