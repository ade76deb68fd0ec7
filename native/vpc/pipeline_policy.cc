// SPDX-License-Identifier: Apache-2.0

// The pipeline's policy: how one takes the place of another.

#include "base/error.h"
#include "base/rate_bucket.h"
#include "base/result.h"
#include "base/text.h"
#include "vpc/interface_state.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

// One more than the burst may be taken at once: a second's worth.
constexpr RateLimit kFragmentLimit = {.unitsPerSecond = kFragmentsPerSecond,
                                      .burstUnits = kFragmentsPerSecond - 1};

RateLimit limitOf(const format::Rate& rate) {
  return {.unitsPerSecond = rate.perSecond.get(), .burstUnits = rate.burst.get()};
}

RateLimit serviceLimitOf(const format::Instance& instance) {
  const std::uint64_t rate = instance.servicePacketsPerSecond.get();
  return {.unitsPerSecond = rate, .burstUnits = rate == 0 ? 0 : rate - 1};
}

void setLimit(RateBucket& bucket, RateLimit limit, std::uint64_t nowNs) {
  if (bucket.limit() != limit) {
    bucket.setLimit(limit, nowNs);
  }
}

} // namespace

Result<void> Pipeline::setPolicy(std::shared_ptr<const Snapshot> snapshot, std::uint64_t nowNs) {
  if (snapshot->interfaceCount() > states_.size() ||
      snapshot->instances().size() > instanceCountMax_) {
    return Error(ErrorKind::Exhausted,
                 concat("policy: ", snapshot->interfaceCount(), " interfaces of ",
                        snapshot->instances().size(), " instances, and room for ", states_.size(),
                        " of ", instanceCountMax_));
  }
  setInstances(*snapshot, nowNs);
  for (std::uint32_t index = 0; index < states_.size(); ++index) {
    InterfaceState& state = states_[index];
    const format::Interface* interface = snapshot->interfaceAt(InterfaceIndex(index));
    const std::uint64_t identity = interface == nullptr ? 0 : interface->identity.get();
    const std::uint64_t hash = interface == nullptr ? 0 : interface->policyHash.get();
    const std::uint32_t instance = interface == nullptr ? 0 : interface->instance.get();
    if (identity != state.identity) {
      table_.removeInterface(index);
      state.fragments.setLimit(kFragmentLimit, nowNs);
      state.backlog = {};
    } else if (instance != state.instance) {
      // Instances are numbered anew when one comes or goes; connections of the others go on.
      table_.setOwner(index, instance);
    }
    if (identity != state.identity || hash != state.policyHash) {
      ++state.epoch;
      state.fragmentTable.clear();
    }
    state.identity = identity;
    state.policyHash = hash;
    state.instance = instance;
    state.shared = interface == nullptr ? nullptr : instances_[instance].get();
    if (interface != nullptr) {
      setLimit(state.services, serviceLimitOf(snapshot->instances()[instance]), nowNs);
    }
  }
  snapshot_ = std::move(snapshot);
  return {};
}

// BW-1: what an instance has taken is its own, also when it gets another number. One that is new
// begins with full buckets.
void Pipeline::setInstances(const Snapshot& snapshot, std::uint64_t nowNs) {
  using Known = std::pair<std::uint64_t, std::unique_ptr<InstanceState>>;
  const auto first = [](const Known& known) { return known.first; };
  std::vector<Known> before;
  for (std::unique_ptr<InstanceState>& state : instances_) {
    const std::uint64_t identity = state->identity;
    before.emplace_back(identity, std::move(state));
  }
  std::ranges::sort(before, {}, first);
  instances_.clear();
  for (const format::Instance& instance : snapshot.instances()) {
    const std::uint64_t identity = instance.identity.get();
    const auto known = std::ranges::lower_bound(before, identity, {}, first);
    if (known != before.end() && known->first == identity) {
      instances_.push_back(std::move(known->second));
    } else {
      instances_.push_back(std::make_unique<InstanceState>());
      instances_.back()->identity = identity;
    }
    InstanceState& state = *instances_.back();
    setLimit(state.bandwidthIn, limitOf(instance.bandwidthIn), nowNs);
    setLimit(state.bandwidthOut, limitOf(instance.bandwidthOut), nowNs);
    setLimit(state.packets, limitOf(instance.packets), nowNs);
  }
}

std::optional<std::uint32_t> Pipeline::conntrackAvailable(InterfaceIndex index) const {
  const format::Interface* interface =
      snapshot_ == nullptr ? nullptr : snapshot_->interfaceAt(index);
  if (interface == nullptr) return std::nullopt;
  const std::uint32_t owner = interface->instance.get();
  const std::uint32_t most = snapshot_->instances()[owner].trackedMax.get();
  return most - std::min(most, table_.trackedCount(owner));
}

bool Pipeline::mayQueueFor(InterfaceIndex at) const {
  const InstanceState* instance = states_[at.get()].shared;
  return instance != nullptr && (instance->packets.limit().unitsPerSecond != 0 ||
                                 instance->bandwidthIn.limit().unitsPerSecond != 0);
}

} // namespace argon::vpc
