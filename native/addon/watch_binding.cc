// SPDX-License-Identifier: Apache-2.0
#include "addon/watch_binding.h"

#include "addon/napi_support.h"
#include "base/check.h"
#include "base/clock.h"
#include "network/interface.h"
#include "packet/address.h"
#include "vpc/capture.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_log.h"
#include "vpc/pcapng.h"
#include "vpc/snapshot_format.h"
#include "vpc/trace.h"
#include "vpc/trace_recorder.h"

#include <arpa/inet.h>
#include <napi.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace argon::addon {

namespace {

using packet::IpAddress;

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::size_t kV4Offset = 12;

Napi::String textToJs(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}

// CLOCK_REALTIME less CLOCK_MONOTONIC, as of now.
std::uint64_t realTimeOffsetNs() {
  timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_REALTIME, &now));
  return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec) - monotonicNs();
}

Napi::String addressToJs(Napi::Env env, IpAddress address) {
  std::array<std::byte, sizeof(in6_addr)> bytes{};
  address.writeV6(bytes, 0);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* written =
      address.isV4() ? ::inet_ntop(AF_INET, bytes.data() + kV4Offset, text.data(), text.size())
                     : ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  ARGON_CHECK(written != nullptr);
  return Napi::String::New(env, written);
}

IpAddress addressOf(const std::string& text) {
  std::array<std::byte, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return IpAddress::readV4(bytes, 0);
  ARGON_CHECK(::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1);
  return IpAddress::readV6(bytes, 0);
}

std::string_view targetName(vpc::format::RouteTarget target) {
  switch (target) {
  case vpc::format::RouteTarget::Local:
    return "local";
  case vpc::format::RouteTarget::Interface:
    return "interface";
  case vpc::format::RouteTarget::Blackhole:
    return "blackhole";
  }
  ARGON_UNREACHABLE();
}

Napi::Object routeToJs(Napi::Env env, const vpc::TraceStep& step, vpc::format::RouteTarget target) {
  Napi::Object route = Napi::Object::New(env);
  const bool isV4 = step.routeNetwork.isV4();
  route.Set("target", textToJs(env, targetName(target)));
  route.Set("network", addressToJs(env, step.routeNetwork));
  route.Set("prefixLength", step.routeBits - (isV4 ? IpAddress::kV4PrefixBits : 0));
  return route;
}

Napi::Object stepToJs(Napi::Env env, const vpc::TraceStep& step) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("stage", textToJs(env, vpc::traceStageName(step.stage)));
  object.Set("at", step.at.get());
  object.Set("direction", step.direction == vpc::Direction::Out ? "out" : "in");
  object.Set("isAllowed", step.isAllowed);
  object.Set("isTracked", step.isTracked);
  if (step.rule) {
    object.Set("rule", *step.rule);
  }
  if (step.routeTarget) {
    object.Set("route", routeToJs(env, step, *step.routeTarget));
  }
  return object;
}

std::string_view statusName(vpc::FlowLogRecord::Status status) {
  switch (status) {
  case vpc::FlowLogRecord::Status::Ok:
    return "OK";
  case vpc::FlowLogRecord::Status::NoData:
    return "NODATA";
  case vpc::FlowLogRecord::Status::SkipData:
    return "SKIPDATA";
  }
  ARGON_UNREACHABLE();
}

Napi::Object recordToJs(Napi::Env env, const vpc::FlowLogRecord& record, std::uint64_t offsetNs) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("status", textToJs(env, statusName(record.status)));
  object.Set("identity", bigintOf(env, record.identity));
  object.Set("start", bigintOf(env, (record.startNs + offsetNs) / kNsPerSecond));
  object.Set("end", bigintOf(env, (record.endNs + offsetNs) / kNsPerSecond));
  if (record.status != vpc::FlowLogRecord::Status::Ok) return object;
  const bool isAccepted = record.action == vpc::FlowLogRecord::Action::Accept;
  object.Set("action", isAccepted ? "ACCEPT" : "REJECT");
  object.Set("source", addressToJs(env, record.tuple.source));
  object.Set("destination", addressToJs(env, record.tuple.destination));
  object.Set("packetSource", addressToJs(env, record.packetSource));
  object.Set("packetDestination", addressToJs(env, record.packetDestination));
  object.Set("direction", record.direction == vpc::Direction::Out ? "out" : "in");
  object.Set("tcpFlags", std::uint32_t{record.tcpFlags});
  object.Set("sourcePort", std::uint32_t{record.tuple.sourcePort});
  object.Set("destinationPort", std::uint32_t{record.tuple.destinationPort});
  object.Set("protocol", std::uint32_t{record.tuple.protocol});
  object.Set("packets", bigintOf(env, record.packets));
  object.Set("bytes", bigintOf(env, record.bytes));
  return object;
}

Napi::Value bytesToJs(Napi::Env env, const std::vector<std::byte>& bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

} // namespace

vpc::TraceQuestion traceQuestionOf(const Napi::Object& options) {
  vpc::TraceQuestion question{.from = network::InterfaceIndex(u32Of(options, "from")),
                              .destination = addressOf(stringOf(options, "destination")),
                              .protocol = static_cast<std::uint8_t>(u16Of(options, "protocol")),
                              .sourcePort = u16Of(options, "sourcePort"),
                              .destinationPort = u16Of(options, "destinationPort"),
                              .tcpFlags = static_cast<std::uint8_t>(u16Of(options, "tcpFlags"))};
  if (options.Get("source").IsString()) {
    question.source = addressOf(stringOf(options, "source"));
  }
  return question;
}

Napi::Value traceToJs(Napi::Env env, const vpc::Trace& trace) {
  const Napi::Array steps = Napi::Array::New(env, trace.steps.size());
  std::uint32_t place = 0;
  for (const vpc::TraceStep& step : trace.steps) {
    steps.Set(place++, stepToJs(env, step));
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("generation", bigintOf(env, trace.generation));
  object.Set("steps", steps);
  object.Set("outcome", textToJs(env, vpc::verdictKindName(trace.kind)));
  object.Set("reason", textToJs(env, vpc::dropReasonName(trace.reason)));
  object.Set("service", textToJs(env, vpc::serviceName(trace.service)));
  object.Set("at", trace.at.get());
  return object;
}

Napi::Value flowLogToJs(Napi::Env env, const std::vector<vpc::FlowLogRecord>& records) {
  const std::uint64_t offsetNs = realTimeOffsetNs();
  Napi::Array array = Napi::Array::New(env, records.size());
  std::uint32_t place = 0;
  for (const vpc::FlowLogRecord& record : records) {
    array.Set(place++, recordToJs(env, record, offsetNs));
  }
  return array;
}

vpc::Environment environmentOf(const Napi::Object& options, const char* name) {
  return stringOf(options, name) == "test" ? vpc::Environment::Test : vpc::Environment::Production;
}

Napi::Value captureHeaderToJs(const Napi::Object& options, const char* name) {
  const auto names = objectOf(options, name).As<Napi::Array>();
  std::vector<std::byte> bytes;
  vpc::pcapng::writeSection(bytes);
  for (std::uint32_t place = 0; place < names.Length(); ++place) {
    vpc::pcapng::writeInterface(bytes, Napi::Value(names[place]).As<Napi::String>().Utf8Value());
  }
  return bytesToJs(options.Env(), bytes);
}

Napi::Value captureToJs(Napi::Env env, const std::vector<vpc::CapturedFrame>& frames) {
  const std::uint64_t offsetNs = realTimeOffsetNs();
  std::vector<std::byte> bytes;
  for (const vpc::CapturedFrame& frame : frames) {
    vpc::pcapng::writeFrame(bytes, frame, offsetNs);
  }
  return bytesToJs(env, bytes);
}

} // namespace argon::addon
