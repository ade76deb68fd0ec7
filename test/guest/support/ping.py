# SPDX-License-Identifier: Apache-2.0
#
# Asks an address of either family for an echo, once, and ends with 0 if it answers within two
# seconds. There are machines without ping(8).
#
#   python3 ping.py ADDRESS

import os
import select
import socket
import struct
import sys
import time

TIMEOUT_SECONDS = 2


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def main(address):
    is_wide = ":" in address
    family = socket.AF_INET6 if is_wide else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if is_wide else socket.IPPROTO_ICMP
    request, reply = (128, 129) if is_wide else (8, 0)
    mark = os.urandom(4)
    packet = struct.pack("!BBH", request, 0, 0) + mark
    if not is_wide:  # Of ICMPv6 the kernel makes the sum.
        packet = struct.pack("!BBH", request, 0, checksum(packet)) + mark
    with socket.socket(family, socket.SOCK_RAW, protocol) as sender:
        sender.sendto(packet, (address, 0))
        end = time.monotonic() + TIMEOUT_SECONDS
        while select.select([sender], [], [], max(0, end - time.monotonic()))[0]:
            answer = sender.recv(2048)
            message = answer if is_wide else answer[(answer[0] & 15) * 4 :]
            if message[0] == reply and message[4:8] == mark:
                return 0
    return 1


sys.exit(main(sys.argv[1]))
