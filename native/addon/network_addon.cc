// SPDX-License-Identifier: Apache-2.0

// network.node: a network card for the process that loads it. JavaScript makes a card, gives it
// interfaces and is told log lines; of frames it sees those that guests send to its services.

#include "addon/bell.h"
#include "addon/card_registry.h"
#include "addon/device_place.h"
#include "addon/js_log_sink.h"
#include "addon/napi_support.h"
#include "addon/running_network_card.h"
#include "addon/service_binding.h"
#include "addon/uplink_binding.h"
#include "addon/watch_binding.h"
#include "base/check.h"
#include "base/result.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/interface.h"
#include "network/service_namespace.h"
#include "packet/headers.h"
#include "vpc/capture.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_log.h"
#include "vpc/snapshot.h"
#include "vpc/trace.h"

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

using Registry = CardRegistry<RunningNetworkCard>;

// Those that are not 0, by name.
template <std::size_t Count, typename Name>
Napi::Object namedCounts(Napi::Env env, const std::array<std::uint64_t, Count>& counts, Name name) {
  Napi::Object object = Napi::Object::New(env);
  for (std::size_t index = 0; index < Count; ++index) {
    if (counts[index] > 0) {
      object.Set(std::string(name(index)), bigintOf(env, counts[index]));
    }
  }
  return object;
}

Napi::Object policyCountersToJs(Napi::Env env, const network::PolicySnapshot& counted) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("answers", bigintOf(env, counted.answers));
  object.Set("punts", bigintOf(env, counted.punts));
  object.Set("bwInAllowanceExceeded", bigintOf(env, counted.bw_in_allowance_exceeded));
  object.Set("bwOutAllowanceExceeded", bigintOf(env, counted.bw_out_allowance_exceeded));
  object.Set("ppsAllowanceExceeded", bigintOf(env, counted.pps_allowance_exceeded));
  object.Set("conntrackAllowanceExceeded", bigintOf(env, counted.conntrack_allowance_exceeded));
  object.Set("linklocalAllowanceExceeded", bigintOf(env, counted.linklocal_allowance_exceeded));
  if (counted.conntrack_allowance_available) {
    object.Set("conntrackAllowanceAvailable", *counted.conntrack_allowance_available);
  }
  object.Set("drops", namedCounts(env, counted.drops, [](std::size_t index) {
               return vpc::dropReasonName(static_cast<vpc::DropReason>(index));
             }));
  object.Set("faults", namedCounts(env, counted.faults, [](std::size_t index) {
               return packet::parseFaultName(static_cast<packet::ParseFault>(index));
             }));
  return object;
}

Napi::Value countersToJs(Napi::Env env, network::InterfaceSnapshot& counted) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("txFrames", bigintOf(env, counted.txFrames));
  object.Set("txBytes", bigintOf(env, counted.txBytes));
  object.Set("txMalformed", bigintOf(env, counted.txMalformed));
  object.Set("txUnreachable", bigintOf(env, counted.txUnreachable));
  object.Set("rxFrames", bigintOf(env, counted.rxFrames));
  object.Set("rxBytes", bigintOf(env, counted.rxBytes));
  object.Set("rxOverruns", bigintOf(env, counted.rxOverruns));
  object.Set("rxUnfit", bigintOf(env, counted.rxUnfit));
  object.Set("brokenRings", bigintOf(env, counted.brokenRings));
  object.Set("kicks", bigintOf(env, counted.kicks));
  object.Set("calls", bigintOf(env, counted.calls));
  object.Set("puntsLost", bigintOf(env, counted.puntsLost));
  object.Set("policy", policyCountersToJs(env, counted.policy));
  return object;
}

class CardObject final : public Napi::ObjectWrap<CardObject> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NetworkCard",
                       {InstanceMethod<&CardObject::addInterface>("addInterface"),
                        InstanceMethod<&CardObject::addUplink>("addUplink"),
                        InstanceMethod<&CardObject::removeInterface>("removeInterface"),
                        InstanceMethod<&CardObject::setPolicy>("setPolicy"),
                        InstanceMethod<&CardObject::counters>("counters"),
                        InstanceMethod<&CardObject::serveQuestions>("serveQuestions"),
                        InstanceMethod<&CardObject::takeQuestions>("takeQuestions"),
                        InstanceMethod<&CardObject::answer>("answer"),
                        InstanceMethod<&CardObject::openStreams>("openStreams"),
                        InstanceMethod<&CardObject::serviceTraffic>("serviceTraffic"),
                        InstanceMethod<&CardObject::trace>("trace"),
                        InstanceMethod<&CardObject::startFlowLog>("startFlowLog"),
                        InstanceMethod<&CardObject::stopFlowLog>("stopFlowLog"),
                        InstanceMethod<&CardObject::takeFlowLog>("takeFlowLog"),
                        InstanceMethod<&CardObject::startCapture>("startCapture"),
                        InstanceMethod<&CardObject::stopCapture>("stopCapture"),
                        InstanceMethod<&CardObject::captureHeader>("captureHeader"),
                        InstanceMethod<&CardObject::takeCapture>("takeCapture"),
                        InstanceMethod<&CardObject::stop>("stop")});
  }

  explicit CardObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CardObject>(info) {
    const Napi::Env env = info.Env();
    const auto options = info[0].As<Napi::Object>();
    Result<std::shared_ptr<RunningNetworkCard>> card = RunningNetworkCard::start(
        {.pollMode = pollModeOf(options, "pollMode"), .cpus = u32ListOf(options, "cpus")},
        std::make_unique<JsLogSink>(env, info[1].As<Napi::Function>()),
        inheritedFd(options, "backplaneFd"));
    if (!card) {
      Napi::Error(env, toJsError(env, card.error())).ThrowAsJavaScriptException();
      return;
    }
    card_ = *std::move(card);
    env.GetInstanceData<Registry>()->add(card_);
  }

private:
  // addInterface({ name, index, pairs, socketPath or slot, memoryPolicy }).
  Napi::Value addInterface(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    const network::NetworkCard::InterfaceOptions shape{
        .name = stringOf(options, "name"),
        .index = network::InterfaceIndex(u32Of(options, "index")),
        .pairCount = u16Of(options, "pairs")};
    return Promised<void>::start(info.Env(), [card = card_, shape, place = placeOf(options)] {
      return card->add(shape, place);
    });
  }

  // addUplink({ name, index, tap, … }, onFailure), as uplink_binding.h has it.
  Napi::Value addUplink(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    const network::NetworkCard::InterfaceOptions shape{
        .name = stringOf(options, "name"),
        .index = network::InterfaceIndex(u32Of(options, "index"))};
    const auto bell =
        std::make_shared<Bell>(info.Env(), info[1].As<Napi::Function>(), "argon uplink");
    return Promised<void>::start(info.Env(),
                                 [card = card_, shape, bell, tap = tapOptionsOf(options)] {
                                   return card->addUplink(shape, tap, bell);
                                 });
  }

  Napi::Value removeInterface(const Napi::CallbackInfo& info) {
    const network::InterfaceIndex index(info[0].As<Napi::Number>().Uint32Value());
    return Promised<void>::start(info.Env(), [card = card_, index] { return card->remove(index); });
  }

  // setPolicy({ policy }).
  Napi::Value setPolicy(const Napi::CallbackInfo& info) {
    auto buffer = std::make_shared<const std::vector<std::byte>>(
        bytesOf(info[0].As<Napi::Object>(), "policy"));
    return Promised<void>::start(info.Env(), [card = card_, buffer]() -> Result<void> {
      ARGON_TRY_ASSIGN(std::shared_ptr<const vpc::Snapshot> policy, vpc::Snapshot::create(*buffer));
      return card->setPolicy(std::move(policy));
    });
  }

  Napi::Value counters(const Napi::CallbackInfo& info) {
    const network::InterfaceIndex index(info[0].As<Napi::Number>().Uint32Value());
    return Promised<network::InterfaceSnapshot>::start(
        info.Env(), [card = card_, index] { return card->snapshot(index); }, countersToJs);
  }

  void serveQuestions(const Napi::CallbackInfo& info) {
    card_->serveQuestions(
        std::make_shared<Bell>(info.Env(), info[0].As<Napi::Function>(), "argon services"));
  }

  Napi::Value takeQuestions(const Napi::CallbackInfo& info) {
    return questionsToJs(info.Env(), card_->datagrams());
  }

  // answer(index, frame).
  Napi::Value answer(const Napi::CallbackInfo& info) {
    const network::InterfaceIndex to(info[0].As<Napi::Number>().Uint32Value());
    const auto frame = info[1].As<Napi::Uint8Array>();
    ARGON_CHECK(to.get() < network::kInterfaceCountMax);
    const auto bytes = std::as_bytes(std::span(frame.Data(), frame.ByteLength()));
    return Napi::Boolean::New(info.Env(), card_->datagrams().answer(to, bytes));
  }

  Napi::Value openStreams(const Napi::CallbackInfo& info) {
    return Promised<network::StreamSockets>::start(
        info.Env(), [card = card_] { return card->openStreams(); }, socketsToJs);
  }

  Napi::Value serviceTraffic(const Napi::CallbackInfo& info) {
    return trafficToJs(info.Env(), card_->datagrams(), card_->streams());
  }

  // trace(question), as watch_binding.h has it.
  Napi::Value trace(const Napi::CallbackInfo& info) {
    return Promised<vpc::Trace>::start(
        info.Env(),
        [card = card_, question = traceQuestionOf(info[0].As<Napi::Object>())] {
          return card->trace(question);
        },
        traceToJs);
  }

  // startFlowLog({ index, intervalSeconds }).
  Napi::Value startFlowLog(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    return Promised<void>::start(
        info.Env(), [card = card_, index = network::InterfaceIndex(u32Of(options, "index")),
                     seconds = u32Of(options, "intervalSeconds")] {
          return card->startFlowLog(index, seconds);
        });
  }

  Napi::Value stopFlowLog(const Napi::CallbackInfo& info) {
    const network::InterfaceIndex index(info[0].As<Napi::Number>().Uint32Value());
    return Promised<void>::start(info.Env(),
                                 [card = card_, index] { return card->stopFlowLog(index); });
  }

  Napi::Value takeFlowLog(const Napi::CallbackInfo& info) {
    return Promised<std::vector<vpc::FlowLogRecord>>::start(
        info.Env(), [card = card_] { return card->takeFlowLog(); }, flowLogToJs);
  }

  // startCapture({ environment, only? }).
  Napi::Value startCapture(const Napi::CallbackInfo& info) {
    const auto options = info[0].As<Napi::Object>();
    const vpc::Environment environment = environmentOf(options, "environment");
    std::optional<network::InterfaceIndex> only;
    if (options.Get("only").IsNumber()) {
      only = network::InterfaceIndex(u32Of(options, "only"));
    }
    return Promised<void>::start(info.Env(), [card = card_, environment, only] {
      return card->startCapture(environment, only);
    });
  }

  Napi::Value stopCapture(const Napi::CallbackInfo& info) {
    return Promised<void>::start(info.Env(), [card = card_] { return card->stopCapture(); });
  }

  // captureHeader({ names }).
  Napi::Value captureHeader(const Napi::CallbackInfo& info) {
    return captureHeaderToJs(info[0].As<Napi::Object>(), "names");
  }

  Napi::Value takeCapture(const Napi::CallbackInfo& info) {
    return Promised<std::vector<vpc::CapturedFrame>>::start(
        info.Env(), [card = card_] { return card->takeCapture(); }, captureToJs);
  }

  Napi::Value stop(const Napi::CallbackInfo& info) {
    return Promised<void>::start(info.Env(), [card = card_]() -> Result<void> {
      card->stop();
      return {};
    });
  }

  std::shared_ptr<RunningNetworkCard> card_;
};

Napi::Object initNetwork(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData<Registry>(std::make_unique<Registry>().release());
  exportCommon(env, exports);
  exports.Set("NetworkCard", CardObject::define(env));
  exports.Set("setHopLimit", defineSetHopLimit(env));
  return exports;
}

} // namespace

NODE_API_MODULE(network, initNetwork)

} // namespace argon::addon
