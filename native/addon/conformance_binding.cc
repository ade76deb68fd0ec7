// SPDX-License-Identifier: Apache-2.0
#include "addon/conformance_binding.h"

#include "addon/napi_support.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/suite.h"
#include "conformance/trial.h"
#include "virtio/spec/blk.h"

#include <napi.h>

#include <string>
#include <string_view>

namespace argon::addon {

namespace {

Napi::String textOf(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}

// listConformanceCases(): names, sections and needed features, in the order to run them.
Napi::Value listCases(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  for (const conformance::Case& listed : conformance::allCases()) {
    const Napi::Array needs = Napi::Array::New(env);
    for (const std::string& name : conformance::needNames(listed.needs)) {
      needs.Set(needs.Length(), textOf(env, name));
    }
    const Napi::Object object = Napi::Object::New(env);
    object.Set("name", textOf(env, listed.name));
    object.Set("section", textOf(env, listed.section));
    object.Set("needs", needs);
    object.Set("isWriting", Napi::Boolean::New(env, listed.needs.isWriting));
    list.Set(list.Length(), object);
  }
  return list;
}

Result<conformance::Outcome> runNamed(const std::string& name,
                                      const conformance::Trial::Options& options) {
  for (const conformance::Case& listed : conformance::allCases()) {
    if (listed.name == name) return conformance::runCase(listed, options);
  }
  return Error(ErrorKind::NotFound, concat("there is no conformance case \"", name, "\""));
}

// runConformanceCase({ name, socketPath, timeoutMs }): a promise of the outcome.
Napi::Value runCase(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const conformance::Trial::Options trial{.socketPath = stringOf(options, "socketPath"),
                                          .timeoutMs = u32Of(options, "timeoutMs")};
  return Promised<conformance::Outcome>::start(
      info.Env(), [name = stringOf(options, "name"), trial] { return runNamed(name, trial); },
      [](Napi::Env env, conformance::Outcome& outcome) -> Napi::Value {
        Napi::Object object = Napi::Object::New(env);
        object.Set("state", textOf(env, conformance::stateName(outcome.state)));
        object.Set("reason", textOf(env, outcome.reason));
        object.Set("durationNs", bigintOf(env, outcome.durationNs));
        return object;
      });
}

// conformanceFacts({ socketPath, timeoutMs }): a promise of what the back end says about itself.
Napi::Value readFacts(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const conformance::Trial::Options trial{.socketPath = stringOf(options, "socketPath"),
                                          .timeoutMs = u32Of(options, "timeoutMs")};
  return Promised<conformance::DeviceFacts>::start(
      info.Env(), [trial] { return conformance::readFacts(trial); },
      [](Napi::Env env, conformance::DeviceFacts& facts) -> Napi::Value {
        Napi::Object object = Napi::Object::New(env);
        object.Set("isReadOnly", Napi::Boolean::New(env, facts.isReadOnly()));
        object.Set("sizeBytes",
                   bigintOf(env, facts.sectorCount() * virtio::spec::blk::SECTOR_BYTES));
        object.Set("features", bigintOf(env, facts.features.bits()));
        object.Set("protocolFeatures", bigintOf(env, facts.protocolFeatures.bits()));
        return object;
      });
}

} // namespace

void exportConformance(Napi::Env env, Napi::Object exports) {
  exports.Set("listConformanceCases", Napi::Function::New<listCases>(env));
  exports.Set("runConformanceCase", Napi::Function::New<runCase>(env));
  exports.Set("conformanceFacts", Napi::Function::New<readFacts>(env));
}

} // namespace argon::addon
