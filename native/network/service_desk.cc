// SPDX-License-Identifier: Apache-2.0
#include "network/service_desk.h"

#include "network/engine.h"
#include "network/interface.h"
#include "network/punt_lane.h"
#include "network/punt_ring.h"
#include "packet/frame.h"
#include "vpc/services.h"

#include <cstdint>

namespace argon::network {

namespace {

// Answers that are delivered before the engine looks at its rings again: a round's burst.
constexpr std::uint32_t kAnswersPerTask = 32;

} // namespace

ServiceDesk::ServiceDesk(Engine& engine) : engine_(engine) {
  for (PuntLane* lane : {&datagrams_, &streams_}) {
    lane->setEngineWake([this, lane] { engine_.post([this, lane] { deliver(*lane); }); });
  }
  engine_.post([this] { engine_.setPuntSink(this); });
}

bool ServiceDesk::offer(InterfaceIndex from, vpc::Service service, const packet::Frame& frame) {
  switch (service) {
  case vpc::Service::Metadata:
  case vpc::Service::DnsOverTcp:
    return offerSegments(from, service, frame);
  case vpc::Service::None:
  case vpc::Service::Dhcpv4:
  case vpc::Service::Dhcpv6:
  case vpc::Service::Dns:
  case vpc::Service::Ntp:
    break;
  }
  return datagrams_.ask(from, service, frame);
}

// The kernel takes no segment longer than its link, and looks at checksums.
bool ServiceDesk::offerSegments(InterfaceIndex from, vpc::Service service,
                                const packet::Frame& frame) {
  if (frame.offload.checksum != packet::Offload::Checksum::Partial) {
    return streams_.ask(from, service, frame);
  }
  if (!finisher_.begin(frame)) {
    return false;
  }
  bool isTaken = true;
  while (const packet::Frame* part = finisher_.next()) {
    // A part that is lost is sent again by its guest, as on any network.
    isTaken = streams_.ask(from, service, *part) && isTaken;
  }
  return isTaken;
}

void ServiceDesk::deliver(PuntLane& lane) {
  const bool mayHaveMore = lane.takeAnswers(kAnswersPerTask, [this](const PuntRing::Entry& entry) {
    engine_.send(entry.interface, entry.frame);
  });
  if (mayHaveMore) {
    engine_.post([this, &lane] { deliver(lane); });
  }
}

} // namespace argon::network
