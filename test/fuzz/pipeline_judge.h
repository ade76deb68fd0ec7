// SPDX-License-Identifier: Apache-2.0
#pragma once

// Holds what the pipeline decides against the words of the policy: slow, obvious, and with nothing
// of the code under test but the parser. It remembers every conversation that rules have ever let
// through, so it lets more through than the pipeline may; what it refuses nothing may let through.

#include "fuzz/pipeline_policies.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "support/policy_maker.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/pipeline.h"
#include "vpc/verdict.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace argon::fuzz {

class PipelineJudge {
public:
  /// `policy` outlives the judge.
  PipelineJudge(const Policy& policy, std::uint64_t nowNs);

  void setPolicy(const Policy& policy);
  /// A frame of `from`'s guest, and what the pipeline has said of it. Aborts if it may not.
  void judge(std::uint32_t from, const packet::Frame& frame, const packet::Headers& headers,
             const vpc::Verdict& verdict, std::uint64_t nowNs);
  /// A frame that waited for `at` goes.
  void judgeRelease(std::uint32_t at, std::uint64_t nowNs);
  /// Every frame is counted, as what became of it, at the interface that it concerns.
  void judgeCounters(const vpc::Pipeline& pipeline) const;

private:
  // An interface and the conversation as it sees it.
  struct Talk {
    std::uint32_t interface = 0;
    packet::Tuple outgoing;
    std::uint64_t seenNs = 0;
  };
  struct FirstFragment {
    std::uint32_t from = 0;
    std::uint32_t target = 0;
    packet::Tuple tuple;
    std::uint32_t id = 0;
    std::uint64_t seenNs = 0;
  };
  struct Counts {
    std::uint64_t framesOut = 0;
    std::uint64_t bytesOut = 0;
    std::uint64_t framesIn = 0;
    std::uint64_t bytesIn = 0;
    std::uint64_t answers = 0;
    std::uint64_t punts = 0;
    std::array<std::uint64_t, vpc::kDropReasonCount> drops{};
    std::array<std::uint64_t, packet::kParseFaultCount> faults{};
  };

  [[nodiscard]] const test::InterfaceText& interfaceAt(std::uint32_t index) const;
  [[nodiscard]] const test::SubnetText& subnetAt(std::uint32_t index) const;
  [[nodiscard]] bool owns(std::uint32_t index, packet::IpAddress address) const;
  [[nodiscard]] std::optional<std::uint32_t> whoHas(std::uint32_t vpc,
                                                    packet::IpAddress address) const;
  [[nodiscard]] bool isInSubnet(std::uint32_t left, std::uint32_t right) const;
  [[nodiscard]] bool allowsByGroups(std::uint32_t index, vpc::Direction direction,
                                    const packet::Headers& headers,
                                    std::optional<std::uint32_t> other) const;
  [[nodiscard]] bool allowsByAcl(std::uint32_t index, vpc::Direction direction,
                                 const packet::Headers& headers) const;
  [[nodiscard]] Talk* findTalk(std::uint32_t index, vpc::Direction direction,
                               const packet::Tuple& tuple, std::uint64_t nowNs);
  [[nodiscard]] bool mayPass(std::uint32_t index, vpc::Direction direction,
                             const packet::Headers& headers, std::uint32_t other,
                             std::uint64_t nowNs);
  void remember(std::uint32_t index, vpc::Direction direction, const packet::Headers& headers,
                std::uint64_t nowNs);
  void judgeDelivery(std::uint32_t from, const packet::Frame& frame, const packet::Headers& headers,
                     const vpc::Verdict& verdict, std::uint64_t nowNs);
  void judgeDrop(std::uint32_t from, const packet::Headers& headers,
                 const vpc::Verdict& verdict) const;
  void count(std::uint32_t from, const packet::Headers& headers, const vpc::Verdict& verdict,
             std::uint64_t nowNs);
  void countSlow(std::uint32_t index);
  void judgeSlow(std::uint64_t nowNs) const;

  const Policy* policy_;
  std::uint64_t startNs_;
  std::vector<Talk> talks_;
  std::vector<FirstFragment> firstFragments_;
  std::array<Counts, kInterfaceCount> counts_;
  // Delivered to and from the slow instance.
  std::uint64_t slowPackets_ = 0;
};

} // namespace argon::fuzz
