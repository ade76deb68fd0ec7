# SPDX-License-Identifier: Apache-2.0
"""Asks a card everything that it answers by itself, and has Scapy judge each frame of an answer.

A frame is taken apart, and put together again with its lengths and checksums left to Scapy: it has
to be the same bytes. Prints what was heard as JSON. The one argument is the device.
"""

import http.client
import json
import socket
import sys
import threading
import time

from scapy.compat import raw
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DHCP6_Advertise, DHCP6_Reply, DHCP6_Request, DHCP6_Solicit
from scapy.layers.dhcp6 import DHCP6OptClientId, DHCP6OptDNSServers, DHCP6OptIA_NA
from scapy.layers.dhcp6 import DHCP6OptIAAddress, DHCP6OptOptReq, DHCP6OptServerId, DUID_LL
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptMTU
from scapy.layers.inet6 import ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.layers.ntp import NTPHeader
from scapy.packet import Padding

PATIENCE_S = 100
AGAIN_S = 1.0
MAC, BROADCAST = "02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"
OWN4, OWN6 = "10.0.1.5", "fd00:1:0:1::5"
LINK6 = "fe80::5"


class Link:
    """Whole frames of a device."""

    def __init__(self, device):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((device, 0))
        self.router = None
        self.judged = {}
        self.last = b""

    def ask(self, name, question, is_answer):
        """The answer to a question, which is asked again until there is one."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            self.socket.send(raw(question))
            again = time.monotonic() + AGAIN_S
            while (left := again - time.monotonic()) > 0:
                found = self.next(left, is_answer)
                if found is not None:
                    self.judged[name] = judge(found)
                    self.last = found
                    return Ether(found)
        raise SystemExit(f"{name}: no answer")

    def next(self, seconds, is_wanted):
        """The next frame to us, if it comes in time and is wanted."""
        self.socket.settimeout(seconds)
        try:
            frame, place = self.socket.recvfrom(65536)
        except TimeoutError:
            return None
        is_outgoing = place[2] == socket.PACKET_OUTGOING
        return None if is_outgoing or not is_wanted(Ether(frame)) else frame


def judge(frame):
    """What is wrong with a frame in Scapy's eyes, empty if nothing is."""
    packet = Ether(frame)
    padding = packet.getlayer(Padding)
    whole = frame[: len(frame) - len(padding.load)] if padding is not None else frame
    packet = Ether(whole)
    layer = packet
    while layer:
        for field in ("chksum", "cksum", "len", "plen"):
            if field in getattr(layer, "fields", {}) and not isinstance(layer, BOOTP):
                layer.delfieldval(field)  # And the bytes that the layer was made of.
        layer = layer.payload
    made = raw(packet)
    return "" if made == whole else f"{whole.hex()} should be {made.hex()}"


def link_layer(link, heard):
    """ARP, neighbor and router discovery, and pings of the router."""
    who = {"router": "10.0.1.1", "neighbor": "10.0.1.9", "elsewhere": "10.0.9.9"}
    for name, address in who.items():
        asked = Ether(dst=BROADCAST, src=MAC) / ARP(hwsrc=MAC, psrc=OWN4, pdst=address)
        answer = link.ask(f"ARP {name}", asked,
                          lambda p, a=address: ARP in p and p[ARP].psrc == a)
        heard[f"arp {name}"] = answer[ARP].hwsrc
    router = heard["arp router"]
    link.router = router
    ping = Ether(dst=router, src=MAC) / IP(src=OWN4, dst="10.0.1.1") / ICMP(id=7, seq=9) / b"12345"
    answer = link.ask("ping", ping, lambda p: ICMP in p and p[ICMP].type == 0)
    heard["ping"] = [answer[ICMP].id, answer[ICMP].seq, bytes(answer[ICMP].payload).decode()[:5]]
    all_routers = Ether(dst="33:33:00:00:00:02", src=MAC) / IPv6(src=LINK6, dst="ff02::2", hlim=255)
    asked = all_routers / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=MAC)
    answer = link.ask("RA", asked, lambda p: ICMPv6ND_RA in p)
    advert = answer[ICMPv6ND_RA]
    heard["ra"] = [answer[IPv6].hlim, advert.M, advert.O, advert.routerlifetime,
                   answer[ICMPv6NDOptMTU].mtu, answer[ICMPv6NDOptSrcLLAddr].lladdr == router]
    for name, address in (("router", "fe80:ec2::1"), ("neighbor", "fd00:1:0:1::9")):
        head = Ether(dst="33:33:ff:00:00:01", src=MAC)
        head = head / IPv6(src=OWN6, dst="ff02::1:ff00:1", hlim=255)
        asked = head / ICMPv6ND_NS(tgt=address) / ICMPv6NDOptSrcLLAddr(lladdr=MAC)
        answer = link.ask(f"NA {name}", asked,
                          lambda p, a=address: ICMPv6ND_NA in p and p[ICMPv6ND_NA].tgt == a)
        found = answer[ICMPv6ND_NA]
        heard[f"na {name}"] = [found.R, found.S, answer[ICMPv6NDOptDstLLAddr].lladdr]
    ping6 = Ether(dst=router, src=MAC) / IPv6(src=OWN6, dst="fe80:ec2::1")
    ping6 = ping6 / ICMPv6EchoRequest(id=7, seq=9, data=b"123")
    answer = link.ask("ping6", ping6, lambda p: ICMPv6EchoReply in p)
    heard["ping6"] = [answer[ICMPv6EchoReply].id, answer[ICMPv6EchoReply].data.decode()]


def addresses(link, heard):
    """DHCP of both families."""
    station = bytes.fromhex(MAC.replace(":", ""))
    head = Ether(dst=BROADCAST, src=MAC) / IP(src="0.0.0.0", dst="255.255.255.255")
    head = head / UDP(sport=68, dport=67) / BOOTP(chaddr=station + b"\0" * 10, xid=77)
    wanted = ("param_req_list", [1, 3, 6, 12, 15, 26, 42, 51, 54])

    def offered(packet):
        return dict(o for o in packet[DHCP].options if isinstance(o, tuple) and len(o) == 2)

    asked = head / DHCP(options=[("message-type", "discover"), wanted, "end"])
    offer = link.ask("DHCP offer", asked, lambda p: DHCP in p and offered(p)["message-type"] == 2)
    asked = head / DHCP(options=[("message-type", "request"),
                                 ("requested_addr", offer[BOOTP].yiaddr),
                                 ("server_id", offered(offer)["server_id"]), wanted, "end"])
    lease = link.ask("DHCP ack", asked, lambda p: DHCP in p and offered(p)["message-type"] == 5)
    options = offered(lease)
    heard["dhcp"] = [lease[BOOTP].yiaddr, options["subnet_mask"], options["router"],
                     options["lease_time"], options["interface-mtu"], options["domain"].decode()]
    head = Ether(dst="33:33:00:01:00:02", src=MAC) / IPv6(src=LINK6, dst="ff02::1:2")
    head = head / UDP(sport=546, dport=547)
    client = DHCP6OptClientId(duid=DUID_LL(lladdr=MAC)) / DHCP6OptIA_NA(iaid=1)
    asked = head / DHCP6_Solicit(trid=5) / client / DHCP6OptOptReq(reqopts=[23])
    offer = link.ask("DHCPv6 advertise", asked, lambda p: DHCP6_Advertise in p)
    server = DHCP6OptServerId(duid=offer[DHCP6OptServerId].duid)
    asked = head / DHCP6_Request(trid=6) / client / server / DHCP6OptOptReq(reqopts=[23])
    lease = link.ask("DHCPv6 reply", asked, lambda p: DHCP6_Reply in p)
    # The addresses of an IA are in its options.
    found = [o.addr for o in lease[DHCP6OptIA_NA].ianaopts if isinstance(o, DHCP6OptIAAddress)]
    heard["dhcpv6"] = [found, lease[DHCP6OptDNSServers].dnsservers]


def names_and_time(link, heard):
    """The resolver and the clock, of both families."""
    for family, ip, resolver, clock in (
        (4, IP(src=OWN4), "169.254.169.253", "169.254.169.123"),
        (6, IPv6(src=OWN6), "fd00:ec2::253", "fd00:ec2::123"),
    ):
        head = Ether(dst=link.router, src=MAC)
        for name, number in (("db.corp", 1), ("nobody.corp", 2)):
            to = ip.copy()
            to.dst = resolver
            ident = family * 100 + number
            asked = head / to / UDP(sport=5000 + number, dport=53)
            asked = asked / DNS(id=ident, rd=1, qd=DNSQR(qname=name))
            answer = link.ask(f"DNS {name} {family}", asked,
                              lambda p, i=ident: DNS in p and p[DNS].id == i and p[DNS].qr == 1)
            dns = answer[DNS]
            heard[f"dns {name} {family}"] = [dns.rcode, dns.an.rdata if dns.ancount else None]
        to = ip.copy()
        to.dst = clock
        asked = head / to / UDP(sport=5123, dport=123) / NTPHeader(version=4, mode=3)
        answer = link.ask(f"NTP {family}", asked,
                          lambda p: NTPHeader in p and p[NTPHeader].mode == 4)
        heard[f"ntp {family}"] = [answer[NTPHeader].mode, answer[NTPHeader].version]


def look_on(link, family, seen, wrong, is_over):
    """Notes each segment of the metadata service, with its hops, until it is over."""

    def is_ours(packet):
        is_family = isinstance(packet.payload, IP if family == 4 else IPv6)
        return is_family and TCP in packet and packet[TCP].sport == 80

    while not is_over.is_set():
        frame = link.next(0.2, is_ours)
        if frame is not None:
            packet = Ether(frame)
            hops = packet.payload.ttl if family == 4 else packet.payload.hlim
            seen.append((bytes(packet[TCP].payload).decode(errors="replace"), hops))
            wrong.append(judge(frame))


def metadata(device, heard):
    """How far a token's answer goes and what else comes: the kernel asks, and Scapy looks on."""
    for family, address in ((4, "169.254.169.254"), (6, "fd00:ec2::254")):
        seen, wrong, is_over = [], [], threading.Event()
        looking = (Link(device), family, seen, wrong, is_over)
        watcher = threading.Thread(target=look_on, args=looking, daemon=True)
        watcher.start()
        server = http.client.HTTPConnection(address, 80, timeout=PATIENCE_S)
        prefix = "x-aws-ec2-metadata-token"
        server.request("PUT", "/latest/api/token", headers={f"{prefix}-ttl-seconds": "60"})
        token = server.getresponse().read().decode()
        server.request("GET", "/latest/meta-data/instance-id", headers={prefix: token})
        instance = server.getresponse().read().decode()
        end = time.monotonic() + PATIENCE_S
        while not any(instance in text for text, _ in seen) and time.monotonic() < end:
            time.sleep(0.05)
        is_over.set()
        watcher.join()
        server.close()
        of_token = sorted({hops for text, hops in seen if token in text})
        of_rest = sorted({hops for text, hops in seen if instance in text})
        bad = [each for each in wrong if each]
        heard[f"metadata {family}"] = [instance, of_token, of_rest, bad]


def main():
    link = Link(sys.argv[1])
    heard = {}
    link_layer(link, heard)
    addresses(link, heard)
    names_and_time(link, heard)
    metadata(sys.argv[1], heard)
    # The last byte that is judged is of what a checksum is over.
    heard["damaged is found"] = judge(link.last[:-1] + bytes([link.last[-1] ^ 1])) != ""
    heard["wrong"] = {name: found for name, found in link.judged.items() if found}
    heard["judged"] = len(link.judged)
    sys.stdout.write(json.dumps(heard) + "\n")


main()
