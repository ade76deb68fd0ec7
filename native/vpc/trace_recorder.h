// SPDX-License-Identifier: Apache-2.0
#pragma once

// What decided about a packet, in the order of its way. A pipeline that has a recorder writes down
// each decision where it makes it; the live one has none, and what it asks for that is on the way
// of first packets alone.

#include "packet/address.h"
#include "vpc/conntrack.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace argon::vpc {

struct TraceStep {
  enum class Stage : std::uint8_t {
    Connection,     // a tracked connection lets it through, whatever the rules say now
    SecurityGroups, // of interface `at`, in `direction`
    Acl,            // of the subnet of `at`, in `direction`
    Route,          // of the subnet of `at`
  };
  Stage stage = Stage::Route;
  InterfaceIndex at;
  Direction direction = Direction::Out;
  bool isAllowed = false;
  /// Of security groups: if answers are remembered, or pass by the rules alone (CT-2).
  bool isTracked = false;
  /// format::Rule::id of the rule that decided; none if no rule covers the packet.
  std::optional<std::uint32_t> rule;
  /// Of a route: none without one. A neighbor is reached by the subnet's own prefix.
  std::optional<format::RouteTarget> routeTarget;
  packet::IpAddress routeNetwork;
  /// As the format counts: 96 more for IPv4.
  std::uint8_t routeBits = 0;
};

/// One thread.
class TraceRecorder {
public:
  void add(const TraceStep& step) { steps_.push_back(step); }
  [[nodiscard]] const std::vector<TraceStep>& steps() const { return steps_; }

private:
  std::vector<TraceStep> steps_;
};

} // namespace argon::vpc
