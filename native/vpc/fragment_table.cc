// SPDX-License-Identifier: Apache-2.0
#include "vpc/fragment_table.h"

#include "packet/headers.h"

#include <algorithm>
#include <cstdint>

namespace argon::vpc {

std::uint8_t FragmentTable::protocolOf(const packet::Headers& headers) {
  return headers.network == packet::Headers::Network::Ipv4 ? headers.tuple.protocol : 0;
}

void FragmentTable::add(const packet::Headers& headers, std::uint32_t target, std::uint64_t nowNs) {
  entries_[count_ % kEntryCount] = {.source = headers.tuple.source,
                                    .destination = headers.tuple.destination,
                                    .addedNs = nowNs,
                                    .id = headers.fragmentId,
                                    .target = target,
                                    .protocol = protocolOf(headers)};
  ++count_;
}

FragmentTable::Found FragmentTable::find(const packet::Headers& headers,
                                         std::uint64_t nowNs) const {
  // Newest first: an identification is used again.
  for (std::uint64_t age = 1; age <= std::min<std::uint64_t>(count_, kEntryCount); ++age) {
    const Entry& entry = entries_[(count_ - age) % kEntryCount];
    if (entry.id == headers.fragmentId && entry.source == headers.tuple.source &&
        entry.destination == headers.tuple.destination && entry.protocol == protocolOf(headers)) {
      return {.isThere = nowNs - entry.addedNs < kLifetimeNs, .target = entry.target};
    }
  }
  return {};
}

} // namespace argon::vpc
