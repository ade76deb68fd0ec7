# SPDX-License-Identifier: Apache-2.0
"""Frames, odd and wrong ones among them, and what Scapy reads in them.

Prints scapy_frames.txt, which test/native/packet/scapy_cases.cc has our own parser read: a line is
a name, a frame in hex and what is to be found, with tabs between. What a frame says is not what it
was made of: its bytes are taken apart again by Scapy, whose parsers know nothing of ours. What must
be refused says why, by the names of native/packet/headers.h.
"""

import struct
import sys

from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP, ICMPerror, IPerror, TCPerror, UDPerror
from scapy.layers.inet import IPOption_LSRR, IPOption_NOP, IPOption_Router_Alert, IPOption_RR
from scapy.layers.inet import IPOption_Timestamp
from scapy.layers.inet6 import IPerror6, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.inet6 import IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

A4, B4 = "10.0.0.10", "10.0.1.12"
A6, B6 = "fd00:1::10", "fd00:1:0:1::12"
ETHER = Ether(dst="02:00:00:00:00:f0", src="02:00:00:00:00:10")
V4 = IP(src=A4, dst=B4, id=77)
V6 = IPv6(src=A6, dst=B6)
EXTENSIONS = (IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt, IPv6ExtHdrRouting, IPv6ExtHdrFragment)
# Types whose messages have an identifier that joins a query and its answer.
QUERIES4, QUERIES6 = (0, 8, 13, 14), (128, 129)
ERRORS4 = (3, 4, 5, 11, 12)


def ports_of(layer, tcp, udp):
    """Ports as Scapy has them in its layers of TCP and UDP."""
    for kind in (tcp, udp):
        found = layer.getlayer(kind)
        if found is not None:
            return found.sport, found.dport
    return 0, 0


def inner_of(packet):
    """The packet that an ICMP error tells of, if Scapy has dissected as much as has its flow."""
    error = packet.getlayer(IPerror) or packet.getlayer(IPerror6)
    if error is None:
        return "-"
    is_v4 = isinstance(error, IPerror)
    protocol = error.proto if is_v4 else error.nh
    sport, dport = ports_of(error, TCPerror, UDPerror)
    query = error.getlayer(ICMPerror)
    if query is not None:
        sport = dport = query.id
    return f"{error.src} {error.dst} {protocol} {sport} {dport}"


def reading(frame):
    """What Scapy finds in a frame's bytes, in words."""
    packet = Ether(frame)
    if ARP in packet:
        arp = packet[ARP]
        return f"arp {arp.op} {arp.hwsrc} {arp.psrc} {arp.pdst}"
    is_v4 = isinstance(packet.payload, IP)
    ip = packet.payload
    if is_v4:
        protocol, hops, ident = ip.proto, ip.ttl, ip.id
        offset, more = ip.frag * 8, bool(ip.flags.MF)
    else:
        hops, ident, offset, more, last = ip.hlim, 0, 0, False, ip
        while isinstance(last.payload, EXTENSIONS):
            last = last.payload
            if isinstance(last, IPv6ExtHdrFragment):
                ident, offset, more = last.id, last.offset * 8, bool(last.m)
                if offset:
                    break
        protocol = last.nh
    fragment = f"{'later' if offset else 'first'} {ident}" if offset or more else "whole"
    sport, dport, flags, icmp = 0, 0, 0, "-"
    if not offset:
        sport, dport = ports_of(packet, TCP, UDP)
        flags = int(packet[TCP].flags) & 0xFF if TCP in packet else 0
        if protocol == (1 if is_v4 else 58):
            body = bytes(ip.payload if is_v4 else last.payload)
            icmp = f"{body[0]}/{body[1]}"
            if body[0] in (QUERIES4 if is_v4 else QUERIES6):
                sport = dport = struct.unpack("!H", body[4:6])[0]
    inner = inner_of(packet) if not offset else "-"
    return (f"ip {ip.src} {ip.dst} {protocol} {sport} {dport} flags={flags} icmp={icmp} "
            f"hops={hops} {fragment} inner={inner}")


LINES = []


def good(name, packet):
    """One whose reading has to be ours."""
    frame = raw(packet)
    LINES.append(f"{name}\t{frame.hex()}\t{reading(frame)}")


def bad(name, frame, fault):
    """One that is refused."""
    frame = raw(frame)
    LINES.append(f"{name}\t{frame.hex()}\trefused {fault}")


def patched(packet, changes, sums=True):
    """The packet's bytes with some of IPv4's header changed, and its checksum right again."""
    frame = bytearray(raw(packet))
    for at, value in changes.items():
        frame[at] = value
    if sums:
        head = bytearray(frame[14:14 + (frame[14] & 15) * 4])
        head[10:12] = b"\0\0"
        total = sum(struct.unpack(f"!{len(head) // 2}H", head))
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        frame[24:26] = struct.pack("!H", ~total & 0xFFFF)
    return bytes(frame)


def transports():
    for flags in range(256):
        good(f"tcp flags {flags}", ETHER / V4 / TCP(sport=5000, dport=80, flags=flags))
    for port in (0, 1, 53, 1023, 1024, 32768, 65534, 65535):
        for base, family in ((V4, 4), (V6, 6)):
            good(f"udp {port} v{family}", ETHER / base / UDP(sport=port, dport=65535 - port))
            good(f"tcp {port} v{family}", ETHER / base / TCP(sport=65535 - port, dport=port))
    options = [("MSS", 8961)], [("WScale", 7)], [("Timestamp", (1, 2)), ("SAckOK", b"")]
    for each in (*options, [("NOP", None)] * 40, [("Timestamp", (1, 2))] * 4):
        good(f"tcp options {each[0][0]} {len(each)}", ETHER / V4 / TCP(options=each) / b"data")
        good(f"tcp options {each[0][0]} {len(each)} v6", ETHER / V6 / TCP(options=each) / b"data")
    good("udp without a checksum", ETHER / V4 / UDP(chksum=0) / b"data")
    good("udp without data", ETHER / V4 / UDP())
    for padding in (1, 6, 18, 100):
        behind = b"\xaa" * padding
        good(f"padding {padding}", raw(ETHER / V4 / UDP(sport=1, dport=2) / b"x") + behind)
        good(f"padding {padding} v6", raw(ETHER / V6 / TCP(sport=1, dport=2)) + behind)
    tcp = raw(ETHER / V4 / TCP() / b"payload")
    for at, fault in ((0x40, "tcp-data-offset"), (0xF0, "tcp-data-offset")):
        bad(f"tcp data offset {at >> 4}", patched(tcp, {46: at}), fault)
    udp = raw(ETHER / V4 / UDP() / b"payload")
    for length in (0, 7, 16, 65535):
        at = struct.pack("!H", length)
        bad(f"udp length {length}", patched(udp, {38: at[0], 39: at[1]}), "udp-length")
    for layer, size in ((TCP, 20), (UDP, 8), (ICMP, 8)):
        for kept in (0, 1, size - 1):
            cut = raw(layer())[:kept]
            number = {TCP: 6, UDP: 17, ICMP: 1}[layer]
            cut_off = ETHER / IP(src=A4, dst=B4, proto=number) / Raw(cut)
            bad(f"{layer.__name__} cut at {kept}", cut_off, "transport-cut-off")
            if layer is not ICMP:
                cut_off = ETHER / IPv6(src=A6, dst=B6, nh=number) / Raw(cut)
                bad(f"{layer.__name__} cut at {kept} v6", cut_off, "transport-cut-off")


def protocols():
    for number in range(256):
        if number not in (1, 6, 17):
            packet = ETHER / IP(src=A4, dst=B4, proto=number) / Raw(b"\x45" + b"\0" * 7)
            good(f"protocol {number}", packet)
        if number not in (0, 6, 17, 43, 44, 58, 60):
            packet = ETHER / IPv6(src=A6, dst=B6, nh=number) / Raw(b"\x60" + b"\0" * 7)
            good(f"protocol {number} v6", packet)
    for hops in (0, 1, 64, 255):
        good(f"hops {hops}", ETHER / IP(src=A4, dst=B4, ttl=hops) / UDP())
        good(f"hops {hops} v6", ETHER / IPv6(src=A6, dst=B6, hlim=hops) / UDP())


def icmp():
    for kind in range(256):
        body = struct.pack("!BBHHH", kind, 0, 0, 0x1234, 1)
        good(f"icmp {kind}", ETHER / IP(src=A4, dst=B4, proto=1) / Raw(body))
        if kind not in range(1, 5):
            body = struct.pack("!BBHHH", kind, 3, 0, 0x1234, 1)
            good(f"icmpv6 {kind}", ETHER / IPv6(src=A6, dst=B6, nh=58) / Raw(body))
    for code in range(16):
        good(f"icmp 3/{code}", ETHER / V4 / ICMP(type=3, code=code))
    sent = IP(src=B4, dst=A4, id=9)
    inner = {
        "tcp": sent / TCP(sport=80, dport=5000) / b"12345678",
        "udp": sent / UDP(sport=53, dport=5001) / b"12345678",
        "ping": sent / ICMP(type=8, id=0x4321) / b"12345678",
        "gre": IP(src=B4, dst=A4, proto=47) / Raw(b"\0\0\x08\0" + b"\0" * 8),
        "options": IP(src=B4, dst=A4, options=[IPOption_NOP()] * 4) / UDP(sport=1, dport=2),
    }
    for kind in ERRORS4:
        for name, packet in inner.items():
            good(f"icmp {kind} about {name}", ETHER / V4 / ICMP(type=kind, code=1) / packet)
            # RFC 792: the header and 8 bytes of what it carries.
            short = raw(packet)[:packet.ihl * 4 + 8] if packet.ihl else raw(packet)[:28]
            if name in ("tcp", "udp", "ping"):
                frame = raw(ETHER / V4 / ICMP(type=kind, code=1) / Raw(short))
                whole = raw(ETHER / V4 / ICMP(type=kind, code=1) / packet)
                LINES.append(f"icmp {kind} about {name}, 8 bytes\t{frame.hex()}\t{reading(whole)}")
    sent6 = IPv6(src=B6, dst=A6)
    inner6 = {
        "tcp": sent6 / TCP(sport=80, dport=5000) / b"12345678",
        "udp": sent6 / UDP(sport=53, dport=5001) / b"12345678",
    }
    for kind in range(1, 5):
        for name, packet in inner6.items():
            body = struct.pack("!BBHI", kind, 0, 0, 1280) + raw(packet)
            good(f"icmpv6 {kind} about {name}", ETHER / IPv6(src=A6, dst=B6, nh=58) / Raw(body))


def fragments():
    data = b"\x55" * 64
    for protocol, name in ((6, "tcp"), (17, "udp"), (1, "icmp"), (47, "gre")):
        head = {6: TCP(sport=5, dport=6), 17: UDP(sport=5, dport=6, len=3000), 1: ICMP(id=9),
                47: Raw(b"\0" * 8)}[protocol]
        first = IP(src=A4, dst=B4, id=4242, flags="MF", proto=protocol)
        padded = raw(head) + data
        good(f"first fragment of {name}", ETHER / first / Raw(padded[:len(padded) // 8 * 8]))
        for offset in (3, 8, 100, 8000):
            for flags in ("MF", 0):
                later = IP(src=A4, dst=B4, id=4242, frag=offset, flags=flags, proto=protocol)
                good(f"{name} at {offset * 8} {flags}", ETHER / later / Raw(data))
    for offset in (1, 2):
        tiny = IP(src=A4, dst=B4, frag=offset, proto=6)
        bad(f"tcp at {offset * 8}", ETHER / tiny / Raw(data), "fragment")
    odd = IP(src=A4, dst=B4, frag=10, flags="MF", proto=17)
    bad("a middle fragment of 63 bytes", ETHER / odd / Raw(data[:63]), "fragment")
    bad("a middle fragment of nothing", ETHER / odd, "fragment")
    beyond = IP(src=A4, dst=B4, frag=8190, proto=17)
    bad("a last fragment beyond 65,535", ETHER / beyond / Raw(data), "fragment")
    good("do not fragment", ETHER / IP(src=A4, dst=B4, flags="DF") / UDP())
    for offset, more in ((0, 1), (100, 1), (100, 0), (0, 0)):
        header = IPv6ExtHdrFragment(id=0xDEADBEEF, offset=offset, m=more, nh=17)
        body = raw(UDP(sport=7, dport=8, len=72)) + data if offset == 0 else data
        good(f"v6 at {offset * 8} {more}", ETHER / V6 / header / Raw(body))


def extensions():
    pad = PadN(optdata=b"\0" * 4)
    kinds = {
        "hop": lambda: IPv6ExtHdrHopByHop(options=[pad]),
        "options": lambda: IPv6ExtHdrDestOpt(options=[pad]),
        "long options": lambda: IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 60)]),
        "routing": lambda: IPv6ExtHdrRouting(segleft=0, addresses=["fd00::5"]),
    }
    for name, make in kinds.items():
        good(f"{name} before tcp", ETHER / V6 / make() / TCP(sport=5, dport=6))
        good(f"{name} before nothing", ETHER / V6 / make() / Raw(b""))
        for other, second in kinds.items():
            chain = ETHER / V6 / make() / second()
            if other == "hop":
                bad(f"{name}, then {other}", chain / UDP(), "ipv6-extension")
            else:
                good(f"{name}, then {other}", chain / UDP(sport=5, dport=6))
    six = ETHER / V6
    for _ in range(6):
        six = six / kinds["options"]()
    good("six extensions", six / UDP(sport=5, dport=6))
    bad("seven extensions", six / kinds["options"]() / UDP(), "ipv6-extension-limit")
    left = IPv6ExtHdrRouting(segleft=1, addresses=["fd00::5"])
    bad("a routing header with a segment left", ETHER / V6 / left / UDP(), "ipv6-routing-header")
    whole = IPv6ExtHdrFragment(id=1, offset=0, m=0)
    bad("two fragment headers", ETHER / V6 / whole / whole / UDP(), "ipv6-extension")
    cut = raw(ETHER / IPv6(src=A6, dst=B6, nh=60) / Raw(b"\x11\0\x01\x02"))
    bad("an extension that is cut off", cut, "ipv6-extension")
    far = raw(ETHER / IPv6(src=A6, dst=B6, nh=60) / Raw(b"\x11\x09" + b"\0" * 14))
    bad("an extension beyond the packet", far, "ipv6-extension")
    for address in ("::ffff:10.0.0.1", "::ffff:0:0"):
        bad(f"from {address}", ETHER / IPv6(src=address, dst=B6) / UDP(), "mapped-address")
        bad(f"to {address}", ETHER / IPv6(src=A6, dst=address) / UDP(), "mapped-address")


def lengths():
    whole = raw(ETHER / V4 / UDP(sport=1, dport=2) / b"payload")
    bad("version 5", patched(whole, {14: 0x55}), "ipv4-version")
    bad("version 0", patched(whole, {14: 0x05}), "ipv4-version")
    for words in range(5):
        short = patched(whole, {14: 0x40 + words})
        bad(f"a header of {words * 4} bytes", short, "ipv4-header-length")
    for total in (0, 19, len(whole) - 13, 65535):
        at = struct.pack("!H", total)
        wrong = patched(whole, {16: at[0], 17: at[1]})
        bad(f"a total length of {total}", wrong, "ipv4-total-length")
    bad("a header beyond the packet", patched(whole, {14: 0x4F}, sums=False), "ipv4-total-length")
    for at in (14 + 1, 14 + 4, 14 + 8, 14 + 10, 14 + 12, 14 + 19):
        damaged = patched(whole, {at: whole[at] ^ 0x40}, sums=False)
        bad(f"a flipped bit in byte {at - 14}", damaged, "ipv4-checksum")
    for options in ([IPOption_NOP()] * 4, [IPOption_RR(routers=["0.0.0.0"] * 9)],
                    [IPOption_Router_Alert()], [IPOption_LSRR(routers=["10.9.9.9"])],
                    [IPOption_Timestamp(timestamp=1)], [IPOption_NOP()] * 40):
        name = f"{options[0].name} {len(options)}"
        good(name, ETHER / IP(src=A4, dst=B4, options=options) / TCP(sport=5, dport=6))
    for kept in (0, 1, 19):
        bad(f"IPv4 cut at {kept}", whole[:14 + kept], "ipv4-header-length")
    six = raw(ETHER / V6 / UDP(sport=1, dport=2) / b"payload")
    for kept in (0, 39):
        bad(f"IPv6 cut at {kept}", six[:14 + kept], "ipv6-payload-length")
    bad("IPv6 of version 4", six[:14] + b"\x40" + six[15:], "ipv6-version")
    beyond = six[:18] + b"\xff\xff" + six[20:]
    bad("an IPv6 payload beyond the frame", beyond, "ipv6-payload-length")
    bad("an IPv6 payload of nothing", six[:18] + b"\0\0" + six[20:], "transport-cut-off")
    for kept in (0, 1, 13):
        bad(f"Ethernet cut at {kept}", whole[:kept], "frame-too-short")


def links():
    tags = {"802.1Q": Dot1Q(vlan=5), "802.1ad": Dot1AD(vlan=5), "priority": Dot1Q(vlan=0)}
    for name, tag in tags.items():
        bad(f"{name}", ETHER / tag / V4 / UDP(), "vlan")
        bad(f"{name} twice", ETHER / tag / Dot1Q(vlan=6) / V4 / UDP(), "vlan")
    bad("QinQ of old", Ether(dst=ETHER.dst, src=ETHER.src, type=0x9100) / Raw(b"\0" * 50), "vlan")
    for kind in (0, 46, 1500, 0x0801, 0x0842, 0x8035, 0x8847, 0x8863, 0x888E, 0x88CC, 0xFFFF):
        other = Ether(dst=ETHER.dst, src=ETHER.src, type=kind) / Raw(b"\0" * 50)
        bad(f"EtherType {kind:#06x}", other, "unknown-ether-type")
    station = {"hwsrc": ETHER.src, "psrc": A4, "pdst": B4}
    for op in range(1, 12):
        packet = ETHER / ARP(op=op, **station)
        if op in (1, 2):
            good(f"arp {op}", packet)
            good(f"arp {op}, padded", raw(packet) + b"\0" * 18)
        else:
            bad(f"arp {op}", packet, "arp-malformed")
    good("arp probe", ETHER / ARP(op=1, hwsrc=ETHER.src, psrc="0.0.0.0", pdst=A4))
    good("arp announcement", ETHER / ARP(op=1, hwsrc=ETHER.src, psrc=A4, pdst=A4))
    frame = bytearray(raw(ETHER / ARP(op=1, **station)))
    for at, value, name in ((15, 6, "hardware type"), (16, 0x86, "protocol type"),
                            (18, 8, "hardware length"), (19, 16, "protocol length")):
        wrong = bytearray(frame)
        wrong[at] = value
        bad(f"arp with another {name}", bytes(wrong), "arp-malformed")
    for kept in (0, 8, 27):
        bad(f"arp cut at {kept}", bytes(frame[:14 + kept]), "arp-malformed")


def main():
    for part in (transports, protocols, icmp, fragments, extensions, lengths, links):
        part()
    sys.stdout.write("\n".join(LINES) + "\n")


main()
