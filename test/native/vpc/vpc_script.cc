// SPDX-License-Identifier: Apache-2.0
#include "vpc/vpc_script.h"

#include "base/check.h"
#include "packet/address.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "vpc/interface_state.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/vpc_scene.h"

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

using test::PacketText;
using test::RuleText;

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::uint32_t numberOf(const std::string& word) {
  ARGON_CHECK(!word.empty());
  return static_cast<std::uint32_t>(std::stoul(word, nullptr, 0));
}

bool isNumber(const std::string& word) {
  return !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0;
}

std::optional<std::uint8_t> protocolOf(const std::string& word) {
  if (word == "all") return std::nullopt;
  if (word == "tcp") return kTcp;
  if (word == "udp") return kUdp;
  if (word == "icmp") return kIcmp;
  if (word == "icmpv6") return std::uint8_t{58};
  return static_cast<std::uint8_t>(numberOf(word));
}

std::uint16_t portOf(const std::string& word) {
  return word == "*" ? format::kAnyIcmp : static_cast<std::uint16_t>(numberOf(word));
}

// `[deny] PROTOCOL [PORT[-PORT] | TYPE CODE] [PEER | group BIT]`.
RuleText ruleOf(const std::string& text) {
  std::istringstream words(text);
  RuleText rule;
  std::string word;
  words >> word;
  if (word == "deny") {
    rule.denies = true;
    words >> word;
  }
  rule.protocol = protocolOf(word);
  const bool isIcmp = word.starts_with("icmp");
  if (word == "tcp" || word == "udp") {
    words >> word;
    const std::size_t dash = word.find('-');
    rule.portFirst = portOf(word.substr(0, dash));
    rule.portLast = dash == std::string::npos ? rule.portFirst : portOf(word.substr(dash + 1));
  } else if (isIcmp) {
    std::string code;
    words >> word >> code;
    rule.portFirst = portOf(word);
    rule.portLast = portOf(code);
  }
  if (words >> word) {
    if (word == "group") {
      words >> word;
      rule.group = numberOf(word);
    } else {
      rule.peer = test::net(word);
    }
  }
  return rule;
}

// With `;` between them; `none` is none.
std::vector<RuleText> rulesOf(const std::string& text) {
  std::vector<RuleText> rules;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');) {
    if (trimmed(part) != "none") {
      rules.push_back(ruleOf(trimmed(part)));
    }
  }
  return rules;
}

// `CIDR local|blackhole|to N`.
test::RouteText routeOf(std::istringstream& words) {
  std::string cidr;
  std::string target;
  std::string index;
  words >> cidr >> target >> index;
  if (target == "to") {
    return {.to = test::net(cidr),
            .target = format::RouteTarget::Interface,
            .interface = numberOf(index)};
  }
  const bool isLocal = target == "local";
  ARGON_CHECK(isLocal || target == "blackhole");
  return {.to = test::net(cidr),
          .target = isLocal ? format::RouteTarget::Local : format::RouteTarget::Blackhole};
}

std::uint8_t flagsOf(const std::string& letters) {
  std::uint8_t flags = 0;
  for (const char letter : letters) {
    const std::string known = "FSR?A";
    const std::size_t bit = known.find(letter);
    ARGON_CHECK(bit != std::string::npos);
    flags = static_cast<std::uint8_t>(flags | 1U << bit);
  }
  return flags;
}

// What is sent, of the words behind the destination; those that it does not know are left.
void describe(PacketText& packet, const std::string& kind, std::istringstream& words) {
  std::string first;
  std::string second;
  if (kind == "tcp") {
    words >> first >> second;
    packet.sourcePort = portOf(first);
    packet.destinationPort = portOf(second);
    words >> first;
    packet.tcpFlags = flagsOf(first);
    return;
  }
  const bool isV6 = !packet.source.isV4();
  if (kind == "udp") {
    words >> first >> second;
    packet.protocol = kUdp;
    packet.sourcePort = portOf(first);
    packet.destinationPort = portOf(second);
  } else if (kind == "ping" || kind == "pong") {
    const bool isPing = kind == "ping";
    packet.protocol = isV6 ? std::uint8_t{58} : kIcmp;
    packet.icmpType = static_cast<std::uint8_t>(isV6 ? (isPing ? 128 : 129) : (isPing ? 8 : 0));
  } else if (kind == "icmp") {
    words >> first >> second;
    packet.protocol = kIcmp;
    packet.icmpType = static_cast<std::uint8_t>(numberOf(first));
    packet.icmpCode = static_cast<std::uint8_t>(numberOf(second));
  } else if (kind == "proto") {
    words >> first;
    packet.protocol = static_cast<std::uint8_t>(numberOf(first));
  } else {
    ARGON_CHECK(kind == "error");
    // Too big, of a packet of UDP that the receiver has sent.
    words >> first >> second;
    const PacketText inner{.source = packet.destination,
                           .destination = packet.source,
                           .protocol = kUdp,
                           .sourcePort = portOf(first),
                           .destinationPort = portOf(second)};
    packet.protocol = kIcmp;
    packet.icmpType = 3;
    packet.icmpCode = 4;
    packet.payload = test::withoutEthernet(test::makeFrame(inner));
  }
}

} // namespace

std::vector<Sentence> readSentences(const std::string& path) {
  std::ifstream file(path);
  ARGON_CHECK(file.good());
  std::vector<Sentence> sentences;
  unsigned number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("== ")) {
      sentences.push_back({.name = line.substr(3)});
    } else if (!sentences.empty() && !trimmed(line).empty() && !line.starts_with("#")) {
      sentences.back().lines.push_back({.number = number, .text = trimmed(line)});
    }
  }
  return sentences;
}

VpcScript::VpcScript() {
  for (test::InterfaceText& interface : scene_.policy.interfaces) {
    interface.rulesIn = {{}, {.peer = test::net("::/0")}};
  }
}

std::string VpcScript::play(const std::string& line) {
  const std::size_t colon = line.rfind(": ");
  Words words(line);
  std::string first;
  std::string second;
  words >> first;
  if (first == "wait") {
    words >> second;
    scene_.wait(numberOf(second));
    static_cast<void>(scene_.pipeline().tick(scene_.nowNs()));
    return "";
  }
  if (!isNumber(first)) {
    if (line.find(" = ") != std::string::npos) return ask(first, words);
    isChanged_ = true;
    ARGON_CHECK(colon != std::string::npos);
    setPolicy(line.substr(0, colon), trimmed(line.substr(colon + 2)));
    return "";
  }
  // A packet: `FROM > TO …: FATE`.
  if (std::exchange(isChanged_, false)) {
    scene_.apply();
  }
  ARGON_CHECK(colon != std::string::npos);
  Words packet(line.substr(0, colon));
  std::string arrow;
  packet >> first >> arrow >> second;
  ARGON_CHECK(arrow == ">");
  return send(numberOf(first), second, packet, trimmed(line.substr(colon + 2)));
}

std::string VpcScript::send(std::uint32_t from, const std::string& to, Words& words,
                            const std::string& expected) {
  std::string kind;
  words >> kind;
  const bool isV6 = kind == "v6" || to.find(':') != std::string::npos;
  if (kind == "v6") {
    words >> kind;
  }
  PacketText packet = packetTo(from, to, isV6);
  describe(packet, kind, words);
  unsigned times = 1;
  for (std::string word; words >> word;) {
    const std::string value = word.substr(word.find('=') + 1);
    if (word.starts_with("x")) {
      times = numberOf(word.substr(1));
    } else if (word.starts_with("from=")) {
      packet.source = test::ip(value);
    } else if (word.starts_with("mac=")) {
      packet.sourceMac = test::macOf(static_cast<std::uint8_t>(numberOf(value)));
    } else if (word.starts_with("bytes=")) {
      packet.payload = test::pattern(numberOf(value));
    } else if (word == "df") {
      packet.isKeptWhole = true;
    } else {
      ARGON_CHECK(word == "fragment");
      packet.hasMoreFragments = true;
      packet.payload = test::pattern(64);
    }
  }
  std::string fate;
  for (unsigned count = 0; count < times && (count == 0 || fate == expected); ++count) {
    fate = scene_.fate(from, packet);
  }
  return fate == expected ? "" : fate;
}

PacketText VpcScript::packetTo(std::uint32_t from, const std::string& to, bool isV6) {
  const bool isIndex = to.find('.') == std::string::npos && to.find(':') == std::string::npos;
  const std::uint32_t neighbor = from ^ 1U;
  const std::uint32_t index = isIndex ? numberOf(to) : neighbor;
  PacketText packet = isV6 ? scene_.packetV6(from, index) : scene_.packet(from, index);
  if (!isIndex) {
    packet.destination = test::ip(to);
    packet.destinationMac =
        scene_.policy.subnets.at(scene_.policy.interfaces.at(from).subnet).routerMac;
  }
  return packet;
}

void VpcScript::setPolicy(const std::string& key, const std::string& rest) {
  Words keys(key);
  std::string what;
  std::string number;
  keys >> what >> number;
  const std::uint32_t index = numberOf(number);
  test::PolicyText& policy = scene_.policy;
  Words words(rest);
  if (what == "in") {
    policy.interfaces.at(index).rulesIn = rulesOf(rest);
  } else if (what == "out") {
    policy.interfaces.at(index).rulesOut = rulesOf(rest);
  } else if (what == "acl-in") {
    policy.subnets.at(index).aclIn = rulesOf(rest);
  } else if (what == "acl-out") {
    policy.subnets.at(index).aclOut = rulesOf(rest);
  } else if (what == "route") {
    policy.subnets.at(index).routes.push_back(routeOf(words));
  } else if (what == "address") {
    policy.interfaces.at(index).addresses.push_back(test::net(rest));
  } else if (what == "groups") {
    policy.interfaces.at(index).groups.clear();
    for (std::string word; words >> word;) {
      policy.interfaces.at(index).groups.push_back(numberOf(word));
    }
  } else {
    setNumbers(what, index, words);
  }
}

void VpcScript::setNumbers(const std::string& key, std::uint32_t index, Words& words) {
  test::InterfaceText& interface = scene_.policy.interfaces.at(index);
  test::InstanceText& instance = scene_.policy.instances.at(index);
  std::string word;
  words >> word;
  const std::uint32_t first = word == "off" ? 0 : numberOf(word);
  std::uint32_t burst = 0;
  words >> burst;
  if (key == "check") {
    interface.checksAddresses = word != "off";
  } else if (key == "instance") {
    interface.instance = first;
  } else if (key == "established") {
    interface.tcpEstablishedSeconds = first;
  } else if (key == "connections") {
    instance.trackedMax = first;
  } else if (key == "bytes-in") {
    instance.bandwidthIn = {.perSecond = first, .burst = burst};
  } else if (key == "bytes-out") {
    instance.bandwidthOut = {.perSecond = first, .burst = burst};
  } else {
    ARGON_CHECK(key == "packets");
    instance.packets = {.perSecond = first, .burst = burst};
  }
}

// `tracked N = COUNT`, and counters by their names.
std::string VpcScript::ask(const std::string& key, Words& words) {
  std::uint32_t index = 0;
  std::string sign;
  std::uint64_t expected = 0;
  words >> index >> sign >> expected;
  const InterfaceCounters& counters = scene_.counters(index);
  std::uint64_t found = 0;
  if (key == "tracked") {
    const std::uint32_t instance = scene_.policy.interfaces.at(index).instance;
    found = scene_.pipeline().flows().trackedCount(instance);
  } else if (key == "available") {
    found = scene_.pipeline().conntrackAvailable(InterfaceIndex(index)).value_or(0);
  } else if (key == "bw_in_allowance_exceeded") {
    found = counters.bw_in_allowance_exceeded.get();
  } else if (key == "bw_out_allowance_exceeded") {
    found = counters.bw_out_allowance_exceeded.get();
  } else if (key == "pps_allowance_exceeded") {
    found = counters.pps_allowance_exceeded.get();
  } else if (key == "linklocal_allowance_exceeded") {
    found = counters.linklocal_allowance_exceeded.get();
  } else {
    ARGON_CHECK(key == "conntrack_allowance_exceeded");
    found = counters.conntrack_allowance_exceeded.get();
  }
  return found == expected ? "" : std::to_string(found);
}

} // namespace argon::vpc
