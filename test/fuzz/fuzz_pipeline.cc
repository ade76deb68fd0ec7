// SPDX-License-Identifier: Apache-2.0

// Guests' frames through policies of two VPCs with the same addresses, while policies change and
// time goes by. A judge holds what the pipeline says against the policy's words; a second pipeline
// with another secret, if the input has one, says the same: a run depends on its input alone.

#include "base/check.h"
#include "fuzz/pipeline_judge.h"
#include "fuzz/pipeline_policies.h"
#include "fuzz/quick_frame.h"
#include "fuzz/target.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "support/byte_source.h"
#include "support/policy_maker.h"
#include "vpc/interface_state.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace argon::fuzz {

namespace {

using packet::IpAddress;
using packet::Offload;
using vpc::InterfaceIndex;
using vpc::Verdict;

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmpV6 = 58;
constexpr std::uint64_t kV6High = 0xfd00'0001'0000'0000;

// More steps say nothing that fewer do not.
constexpr unsigned kStepsMax = 64;
// Tables that are never full, soon, and at once.
constexpr std::array<std::uint32_t, 3> kFlowCounts = {64, 16, 2};
// On both sides of what is remembered for so long.
constexpr std::array<std::uint64_t, 8> kPausesNs = {1'000,
                                                    100'000'000,
                                                    kNsPerSecond,
                                                    2 * kNsPerSecond,
                                                    30 * kNsPerSecond,
                                                    180 * kNsPerSecond,
                                                    600 * kNsPerSecond,
                                                    432'000 * kNsPerSecond};
constexpr std::array<std::size_t, 8> kPayloads = {0, 8, 64, 504, 1480, 8936, 9000, 60'000};
constexpr std::array<std::uint16_t, 16> kPorts = {0, 1, 2,  3,  0,  1,   2,   3,
                                                  4, 5, 53, 67, 80, 123, 547, 65'535};
constexpr std::array<std::uint8_t, 8> kIcmpTypes = {8, 0, 3, 11, 13, 14, 5, 12};
constexpr std::array<std::uint8_t, 8> kIcmpV6Types = {128, 129, 1, 2, 3, 4, 133, 143};
constexpr std::array<IpAddress, 4> kServices = {
    IpAddress::v4(169, 254, 169, 254), IpAddress::v4(169, 254, 169, 253),
    IpAddress::v4(169, 254, 169, 123), IpAddress::v4(10, 0, 0, 2)};
constexpr std::array<IpAddress, 4> kServicesV6 = {
    IpAddress{.high = 0xfd00'0ec2'0000'0000, .low = 0x254},
    IpAddress{.high = 0xfd00'0ec2'0000'0000, .low = 0x253},
    IpAddress{.high = 0xff02'0000'0000'0000, .low = 0x1'0002},
    IpAddress{.high = 0xfe80'0ec2'0000'0000, .low = 1}};
// Nobody's, of others' networks, of all, and of a prefix that is an interface's.
constexpr std::array<IpAddress, 4> kElsewhere = {
    IpAddress::v4(10, 0, 0, 99), IpAddress::v4(192, 0, 2, 1), IpAddress::v4(255, 255, 255, 255),
    IpAddress::v4(10, 0, 1, 70)};
constexpr std::array<IpAddress, 4> kElsewhereV6 = {
    IpAddress{.high = kV6High, .low = 0x99}, IpAddress{.high = 0x2001'0db8'0000'0000, .low = 1},
    IpAddress{.high = 0xff02'0000'0000'0000, .low = 1},
    IpAddress{.high = 0xfe80'0000'0000'0000, .low = 5}};

bool isSame(const Verdict& left, const Verdict& right) {
  return left.kind == right.kind && left.reason == right.reason && left.service == right.service &&
         left.at == right.at && left.isQueued == right.isQueued &&
         left.lengthBytes == right.lengthBytes && left.destinationMac == right.destinationMac &&
         left.sourceMac == right.sourceMac && std::ranges::equal(left.answer, right.answer) &&
         left.retryAtNs == right.retryAtNs;
}

vpc::Pipeline::Options optionsFor(std::uint32_t flowCountMax, std::uint64_t secret) {
  return {.interfaceCountMax = kInterfaceCount,
          .instanceCountMax = kInterfaceCount,
          .flowCountMax = flowCountMax,
          .secret = {.words = {secret, ~secret}}};
}

// One run: all that it changes is its own but the frame, which is made anew each time.
class Scene {
public:
  Scene(const std::vector<Policy>& policies, QuickFrame& frame, test::ByteSource& source)
      : policies_(policies), frame_(frame), source_(source), policy_(&policies.front()),
        choice_(source.u8()), flowCountMax_(kFlowCounts[choice_ % kFlowCounts.size()]),
        first_(optionsFor(flowCountMax_, 0)), judge_(*policy_, nowNs_) {
    if ((choice_ & 0x40U) != 0) {
      second_.emplace(optionsFor(flowCountMax_, 0x0123'4567'89AB'CDEF));
    }
    setPolicy(source.u8());
  }

  void run() {
    for (unsigned step = 0; step < kStepsMax && !source_.isEmpty(); ++step) {
      runStep();
    }
    judge_.judgeCounters(first_);
    if (second_) {
      judge_.judgeCounters(*second_);
    }
    if ((choice_ & 0x80U) != 0) {
      outlive();
    }
  }

private:
  // Nothing is remembered for good.
  void outlive() {
    nowNs_ += 1'000'000 * kNsPerSecond;
    while (tick()) {
    }
    ARGON_CHECK_EQ(first_.flows().size(), 0U);
    for (std::uint32_t owner = 0; owner < kInterfaceCount; ++owner) {
      ARGON_CHECK_EQ(first_.flows().trackedCount(owner), 0U);
    }
  }

  void runStep() {
    const std::uint8_t choice = source_.u8();
    const std::uint32_t from = choice % kInterfaceCount;
    switch (choice / kInterfaceCount) {
    case 24:
    case 25:
      frame_.copy(source_.bytes(source_.u8() % 128U));
      send(from, false);
      break;
    case 26:
      sendArp(from);
      break;
    case 27:
      sendSolicitation(from);
      break;
    case 28:
    case 29:
      nowNs_ += kPausesNs[choice % kPausesNs.size()];
      static_cast<void>(tick());
      release();
      break;
    case 30:
    case 31:
      setPolicy(source_.u8());
      break;
    default:
      sendPacket(from);
    }
  }

  void setPolicy(std::uint8_t number) {
    policy_ = &policies_[number % policies_.size()];
    judge_.setPolicy(*policy_);
    ARGON_CHECK(first_.setPolicy(policy_->snapshot, nowNs_).has_value());
    ARGON_CHECK(!second_ || second_->setPolicy(policy_->snapshot, nowNs_).has_value());
    for (std::uint32_t index = 0; index < kInterfaceCount; ++index) {
      if (interfaceAt(index).identity != waitingFor_[index]) {
        waiting_[index].clear();
      }
      waitingFor_[index] = interfaceAt(index).identity;
      ARGON_CHECK_EQ(first_.backlogCount(InterfaceIndex(index)), waiting_[index].size());
    }
  }

  // What waits goes as soon as it may, in its order.
  void release() {
    for (std::uint32_t index = 0; index < kInterfaceCount; ++index) {
      const InterfaceIndex at(index);
      while (!waiting_[index].empty()) {
        const std::uint32_t bytes = waiting_[index].front();
        const std::uint64_t retryAtNs = first_.release(at, bytes, nowNs_);
        ARGON_CHECK(!second_ || second_->release(at, bytes, nowNs_) == retryAtNs);
        ARGON_CHECK(retryAtNs == 0 || retryAtNs > nowNs_);
        if (retryAtNs != 0) break;
        judge_.judgeRelease(index, nowNs_);
        waiting_[index].pop_front();
      }
    }
  }

  // The order is kept, and there is an end to what waits.
  void noteWaiting(const Verdict& verdict) {
    if (verdict.kind != Verdict::Kind::Deliver) return;
    std::deque<std::uint32_t>& waiting = waiting_[verdict.at.get()];
    ARGON_CHECK(verdict.isQueued || waiting.empty());
    if (verdict.isQueued) {
      waiting.push_back(verdict.lengthBytes);
    }
    ARGON_CHECK(waiting.size() <= vpc::kBacklogFramesMax);
    ARGON_CHECK_EQ(first_.backlogCount(verdict.at), waiting.size());
  }

  bool tick() {
    const bool isMore = first_.tick(nowNs_);
    ARGON_CHECK(!second_ || second_->tick(nowNs_) == isMore);
    return isMore;
  }

  [[nodiscard]] const test::InterfaceText& interfaceAt(std::uint32_t index) const {
    return policy_->text.interfaces[index];
  }

  // Of a family; whoever has none of it has all zeros.
  [[nodiscard]] IpAddress addressOf(std::uint32_t index, bool isV6) const {
    return interfaceAt(index).addresses[isV6 ? 1 : 0].network;
  }

  [[nodiscard]] IpAddress destinationFor(std::uint32_t from, unsigned choice, unsigned which,
                                         bool isV6) const {
    if (choice < 4) return addressOf(from / 4 * 4 + choice, isV6);
    const test::SubnetText& subnet = policy_->text.subnets[interfaceAt(from).subnet];
    if (choice == 4) return isV6 ? subnet.routerLinkLocal : subnet.routerV4;
    if (choice == 5) return (isV6 ? kServicesV6 : kServices)[which];
    return (isV6 ? kElsewhereV6 : kElsewhere)[which];
  }

  static std::uint8_t protocolFor(unsigned choice, bool isV6) {
    const std::array<std::uint8_t, 8> protocols = {
        kTcp, kTcp, kUdp, kUdp, isV6 ? kIcmpV6 : kIcmp, isV6 ? kIcmp : kIcmpV6, 47, 50};
    return protocols[choice];
  }

  // A packet that is mostly right, to somebody of the sender's VPC or to nobody.
  void sendPacket(std::uint32_t from) {
    const unsigned where = source_.u8();
    const unsigned what = source_.u8();
    const unsigned ports = source_.u8();
    const unsigned flags = source_.u8();
    const bool isV6 = (where & 8U) != 0;
    const unsigned which = ports % 4;
    const bool isSpoofed = (where & 0x40U) != 0;
    QuickPacket packet{.sourceMac = interfaceAt(from).mac,
                       .source = addressOf(isSpoofed ? from ^ which : from, isV6),
                       .destination = destinationFor(from, where & 7U, which, isV6),
                       .protocol = protocolFor(what & 7U, isV6),
                       .sourcePort = static_cast<std::uint16_t>(which),
                       .destinationPort = kPorts[ports >> 2 & 0xFU],
                       .tcpFlags = static_cast<std::uint8_t>(flags),
                       .fragmentId = static_cast<std::uint16_t>(ports >> 6),
                       .hasMoreFragments = (where & 0x10U) != 0,
                       .payloadBytes = kPayloads[what >> 3 & 7U]};
    packet.icmpType = flags >= 0x40 ? static_cast<std::uint8_t>(flags)
                                    : (isV6 ? kIcmpV6Types : kIcmpTypes)[flags % 8];
    packet.fragmentOffset = (where & 0x20U) != 0 ? 24 : 0;
    if (packet.protocol == kTcp && packet.hasMoreFragments) {
      packet.payloadBytes += 4;
    }
    if (flags >= 0x20 && (packet.protocol == kIcmp || packet.protocol == kIcmpV6)) {
      packet.inner = packet::Tuple{.source = packet.destination,
                                   .destination = packet.source,
                                   .sourcePort = packet.sourcePort,
                                   .destinationPort = packet.destinationPort,
                                   .protocol = protocolFor(flags >> 2 & 7U, isV6)};
    }
    frame_.make(packet);
    if ((what & 0x40U) != 0) {
      frame_.offload = offloadFor(packet, which);
    }
    if ((where & 0x80U) != 0) {
      const std::uint8_t place = source_.u8();
      frame_.damage(place, std::byte{source_.u8()});
    }
    send(from, (what & 0x80U) != 0);
  }

  static Offload offloadFor(const QuickPacket& packet, unsigned which) {
    const bool isV4 = packet.source.isV4();
    const bool isTcp = packet.protocol == kTcp;
    if (!isTcp && packet.protocol != kUdp) return {.checksum = Offload::Checksum::Valid};
    Offload offload{.checksum = Offload::Checksum::Partial,
                    .checksumStart = static_cast<std::uint16_t>(isV4 ? 34 : 54),
                    .checksumOffset = static_cast<std::uint16_t>(isTcp ? 16 : 6)};
    if (isTcp && which > 0) {
      offload.segmentation = isV4 ? Offload::Segmentation::Tcp4 : Offload::Segmentation::Tcp6;
      constexpr std::array<std::uint16_t, 3> kSegments = {1448, 8960, 8962};
      offload.segmentBytes = kSegments[which - 1];
    }
    return offload;
  }

  void sendArp(std::uint32_t from) {
    const unsigned choice = source_.u8();
    const unsigned which = choice >> 3 & 3U;
    const bool isSpoofed = (choice & 0x80U) != 0;
    const bool isProbe = (choice & 0x40U) != 0;
    const std::uint32_t sender = isSpoofed ? from ^ 1U : from;
    frame_.makeArp((choice & 0x20U) != 0 ? 2 : 1, interfaceAt(from).mac,
                   isProbe ? IpAddress::v4(0) : addressOf(sender, false),
                   destinationFor(from, choice & 7U, which, false));
    send(from, false);
  }

  void sendSolicitation(std::uint32_t from) {
    const unsigned choice = source_.u8();
    const bool isAnonymous = (choice & 0x20U) != 0;
    frame_.make({.destinationMac = {.bytes = {std::byte{0x33}, std::byte{0x33}}},
                 .sourceMac = interfaceAt(from).mac,
                 .source = isAnonymous ? IpAddress{} : addressOf(from, true),
                 .destination = {.high = 0xff02'0000'0000'0000, .low = 0x1'ff00'0000},
                 .protocol = kIcmpV6,
                 .hopLimit = static_cast<std::uint8_t>((choice & 0x40U) != 0 ? 64 : 255),
                 .icmpType = static_cast<std::uint8_t>((choice & 0x80U) != 0 ? 133 : 135),
                 .solicited = destinationFor(from, choice & 7U, choice >> 3 & 3U, true)});
    send(from, false);
  }

  // A sender that waits asks again when it may; nobody else has taken anything meanwhile.
  void send(std::uint32_t from, bool waits) {
    Verdict verdict = handle(from);
    for (unsigned asked = 0; waits && verdict.kind == Verdict::Kind::Hold; ++asked) {
      // Once for packets, once for bytes.
      ARGON_CHECK(asked < 2);
      nowNs_ = verdict.retryAtNs;
      verdict = handle(from);
    }
  }

  Verdict handle(std::uint32_t from) {
    const packet::Frame frame = frame_.frame();
    const packet::Headers headers = packet::parse(frame);
    std::array<std::uint32_t, kInterfaceCount> tracked{};
    for (std::uint32_t owner = 0; owner < tracked.size(); ++owner) {
      tracked[owner] = std::max(kTrackedMax, first_.flows().trackedCount(owner));
    }
    const Verdict verdict = first_.handle(InterfaceIndex(from), frame, headers, nowNs_);
    ARGON_CHECK(!second_ ||
                isSame(verdict, second_->handle(InterfaceIndex(from), frame, headers, nowNs_)));
    judge_.judge(from, frame, headers, verdict, nowNs_);
    noteWaiting(verdict);
    ARGON_CHECK(first_.flows().size() <= flowCountMax_);
    // Instances that come to share an interface's connections may have more, and get no more.
    for (std::uint32_t owner = 0; owner < tracked.size(); ++owner) {
      ARGON_CHECK(first_.flows().trackedCount(owner) <= tracked[owner]);
    }
    return verdict;
  }

  const std::vector<Policy>& policies_;
  QuickFrame& frame_;
  test::ByteSource& source_;
  const Policy* policy_;
  std::uint64_t nowNs_ = kNsPerSecond;
  // By interface: whom it was for, and the lengths of the frames that wait for it.
  std::array<std::uint64_t, kInterfaceCount> waitingFor_{};
  std::array<std::deque<std::uint32_t>, kInterfaceCount> waiting_;
  std::uint8_t choice_;
  std::uint32_t flowCountMax_;
  vpc::Pipeline first_;
  std::optional<vpc::Pipeline> second_;
  PipelineJudge judge_;
};

} // namespace

void runTarget(std::span<const std::byte> input) {
  // Made by the first run: they do not change, and the frame is made anew before it is read.
  static const std::vector<Policy> kPolicies = makePolicies();
  static QuickFrame frame;
  test::ByteSource source(input);
  Scene(kPolicies, frame, source).run();
}

} // namespace argon::fuzz
