// SPDX-License-Identifier: Apache-2.0
#include "packet/probe.h"

#include "packet/address.h"
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "packet/wire.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::packet {

namespace {

constexpr std::uint8_t kHopLimit = 64;
constexpr std::size_t kChecksumOffsetIpv4 = 10;
constexpr std::size_t kChecksumOffsetIcmp = 2;

bool isIcmp(const Tuple& tuple) {
  return tuple.protocol == (tuple.source.isV4() ? spec::PROTOCOL_ICMP : spec::PROTOCOL_ICMPV6);
}

std::size_t transportBytes(const Tuple& tuple) {
  if (tuple.protocol == spec::PROTOCOL_TCP) return spec::kTcpBytesMin;
  if (tuple.protocol == spec::PROTOCOL_UDP) return spec::kUdpBytes;
  return isIcmp(tuple) ? spec::kIcmpBytes : 0;
}

void writeEcho(const Tuple& tuple, std::span<std::byte> icmp) {
  const bool isV4 = tuple.source.isV4();
  writeU8(icmp, 0, isV4 ? spec::ICMP_ECHO : spec::ICMPV6_ECHO);
  writeBe16(icmp, 4, tuple.sourcePort);
  ChecksumSum sum;
  if (!isV4) {
    sum.addPseudoHeader(tuple.source, tuple.destination, tuple.protocol, spec::kIcmpBytes);
  }
  sum.add(icmp);
  writeBe16(icmp, kChecksumOffsetIcmp, sum.checksum());
}

void writeTransport(const Probe& probe, std::span<std::byte> transport) {
  const Tuple& tuple = probe.tuple;
  if (transport.empty()) return;
  if (isIcmp(tuple)) {
    writeEcho(tuple, transport);
    return;
  }
  writeBe16(transport, 0, tuple.sourcePort);
  writeBe16(transport, 2, tuple.destinationPort);
  if (tuple.protocol == spec::PROTOCOL_UDP) {
    writeBe16(transport, 4, spec::kUdpBytes);
    return;
  }
  writeU8(transport, 12, spec::kTcpBytesMin / 4 << 4U);
  writeU8(transport, 13, probe.tcpFlags);
}

} // namespace

std::size_t writeProbe(const Probe& probe, std::span<std::byte> out) {
  const Tuple& tuple = probe.tuple;
  const bool isV4 = tuple.source.isV4();
  const std::size_t ipBytes = isV4 ? spec::kIpv4BytesMin : spec::kIpv6Bytes;
  const std::size_t bytes = transportBytes(tuple);
  const std::span<std::byte> frame = out.first(spec::kEthernetBytes + ipBytes + bytes);
  std::ranges::fill(frame, std::byte{0});
  probe.destinationMac.write(frame, 0);
  probe.sourceMac.write(frame, 6);
  writeBe16(frame, 12, isV4 ? spec::ETHERTYPE_IPV4 : spec::ETHERTYPE_IPV6);
  const std::span<std::byte> ip = frame.subspan(spec::kEthernetBytes, ipBytes);
  if (isV4) {
    writeU8(ip, 0, 0x45);
    writeBe16(ip, 2, static_cast<std::uint16_t>(ipBytes + bytes));
    writeU8(ip, 8, kHopLimit);
    writeU8(ip, 9, tuple.protocol);
    tuple.source.writeV4(ip, 12);
    tuple.destination.writeV4(ip, 16);
    writeBe16(ip, kChecksumOffsetIpv4, checksumOf(ip));
  } else {
    writeU8(ip, 0, 0x60);
    writeBe16(ip, 4, static_cast<std::uint16_t>(bytes));
    writeU8(ip, 6, tuple.protocol);
    writeU8(ip, 7, kHopLimit);
    tuple.source.writeV6(ip, 8);
    tuple.destination.writeV6(ip, 24);
  }
  writeTransport(probe, frame.subspan(spec::kEthernetBytes + ipBytes));
  return frame.size();
}

} // namespace argon::packet
