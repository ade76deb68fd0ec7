// SPDX-License-Identifier: Apache-2.0
#include "addon/service_binding.h"

#include "addon/napi_support.h"
#include "base/check.h"
#include "base/unique_fd.h"
#include "network/punt_lane.h"
#include "network/punt_ring.h"
#include "network/service_namespace.h"
#include "vpc/services.h"

#include <napi.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

namespace argon::addon {

namespace {

using network::PuntRing;

// Questions of one turn of the event loop: a millisecond or two of work.
constexpr std::uint32_t kQuestionsPerTurn = 64;

// Equal to NativeService in src/native/network-addon.ts.
const char* nameOf(vpc::Service service) {
  switch (service) {
  case vpc::Service::Dhcpv4:
    return "dhcp4";
  case vpc::Service::Dhcpv6:
    return "dhcp6";
  case vpc::Service::Dns:
    return "dns";
  case vpc::Service::Ntp:
    return "ntp";
  case vpc::Service::None:
  case vpc::Service::Metadata:
  case vpc::Service::DnsOverTcp:
    break;
  }
  ARGON_UNREACHABLE(); // They take the other lane.
}

Napi::Object questionToJs(Napi::Env env, const PuntRing::Entry& entry) {
  const Napi::Object object = Napi::Object::New(env);
  Napi::Uint8Array frame = Napi::Uint8Array::New(env, entry.frame.size());
  std::memcpy(frame.Data(), entry.frame.data(), entry.frame.size());
  object.Set("index", entry.interface.get());
  object.Set("service", nameOf(entry.service));
  object.Set("frame", frame);
  return object;
}

Napi::Object laneToJs(Napi::Env env, const network::PuntLane& lane) {
  const Napi::Object object = Napi::Object::New(env);
  const network::PuntCounters& questions = lane.questionCounters();
  const network::PuntCounters& answers = lane.answerCounters();
  object.Set("questions", bigintOf(env, questions.passed.get()));
  object.Set("questionsOverShare", bigintOf(env, questions.overShare.get()));
  object.Set("questionsTooLong", bigintOf(env, questions.tooLong.get()));
  object.Set("answers", bigintOf(env, answers.passed.get()));
  object.Set("answersOverShare", bigintOf(env, answers.overShare.get()));
  object.Set("answersTooLong", bigintOf(env, answers.tooLong.get()));
  return object;
}

void addOpen(Napi::Array& list, UniqueFd& fd) {
  if (fd.isOpen()) {
    list.Set(list.Length(), fd.release());
  }
}

void setHopLimit(const Napi::CallbackInfo& info) {
  const int fd = info[0].As<Napi::Number>().Int32Value();
  const int limit = info[1].As<Napi::Number>().Int32Value();
  const int value = limit == 0 ? -1 : limit; // -1: the kernel's own (ip(7), ipv6(7)).
  int family = 0;
  socklen_t bytes = sizeof family;
  // A socket that the guest has reset meanwhile fails, and nobody is there to see the limit.
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &bytes) != 0) return;
  if (family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &value, sizeof value);
  } else {
    ::setsockopt(fd, IPPROTO_IP, IP_TTL, &value, sizeof value);
  }
}

} // namespace

Napi::Value questionsToJs(Napi::Env env, network::PuntLane& lane) {
  const Napi::Array questions = Napi::Array::New(env);
  const bool hasMore = lane.takeQuestions(kQuestionsPerTurn, [&](const PuntRing::Entry& entry) {
    questions.Set(questions.Length(), questionToJs(env, entry));
  });
  const Napi::Object object = Napi::Object::New(env);
  object.Set("questions", questions);
  object.Set("hasMore", hasMore);
  return object;
}

Napi::Value trafficToJs(Napi::Env env, const network::PuntLane& datagrams,
                        const network::PuntLane& streams) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("datagrams", laneToJs(env, datagrams));
  object.Set("streams", laneToJs(env, streams));
  return object;
}

Napi::Value socketsToJs(Napi::Env env, network::StreamSockets& sockets) {
  Napi::Array metadata = Napi::Array::New(env);
  addOpen(metadata, sockets.metadataV4);
  addOpen(metadata, sockets.metadataV6);
  Napi::Array resolver = Napi::Array::New(env);
  addOpen(resolver, sockets.resolverV4);
  addOpen(resolver, sockets.resolverV6);
  const Napi::Object object = Napi::Object::New(env);
  object.Set("metadata", metadata);
  object.Set("resolver", resolver);
  return object;
}

Napi::Function defineSetHopLimit(Napi::Env env) {
  return Napi::Function::New(env, setHopLimit, "setHopLimit");
}

} // namespace argon::addon
