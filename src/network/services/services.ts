// SPDX-License-Identifier: Apache-2.0

// The services that the card answers itself over UDP: DHCP, DNS and time. The engine has found out
// which service a frame is for and whose interface it came from, and has held the interface to its
// 1024 packets a second; here a frame becomes an answer or nothing, at once and without waiting.
// What comes back goes to the same interface and to no other. Instance metadata is TCP and goes
// through the kernel (metadata/).

import { assertNever } from '../../base/errors.ts';
import { ipv4Bytes, ipv6Bytes, macBytes } from './addresses.ts';
import { answerDhcp4, dhcp4ClientPort, dhcp4ServerPort } from './dhcp4.ts';
import { answerDhcp6, dhcp6ClientPort, dhcp6ServerPort } from './dhcp6.ts';
import { answerDnsDatagram, type DnsView } from './dns.ts';
import { answerNtp, type NtpClock } from './ntp.ts';
import type { ServiceInterface } from './service-interface.ts';
import { decodeUdpFrame, encodeUdpFrame, type UdpFrame } from './udp-frame.ts';

export type ServiceName = 'dhcp4' | 'dhcp6' | 'dns' | 'ntp';

/** Who asks, and what its VPC knows. */
export interface ServiceAsker {
  readonly interface: ServiceInterface;
  /** Undefined in a VPC without DNS: questions are dropped, as nobody listens there. */
  readonly names?: DnsView;
}

/** Of one service since the start. `asked` is the sum of the others. */
export interface ServiceCounters {
  readonly asked: number;
  readonly answered: number;
  /** Understood, and nothing to say: a RELEASE, a choice of another server. */
  readonly noted: number;
  /** Malformed, or not for this service. */
  readonly dropped: number;
}

type Outcome =
  | { readonly kind: 'answered'; readonly frame: UdpFrame }
  | { readonly kind: 'noted' }
  | { readonly kind: 'dropped' };

const dropped: Outcome = { kind: 'dropped' };
const broadcastMac = new Uint8Array(6).fill(255);
// Of a datagram: the larger IP header, and UDP's.
const headersBytes = 40 + 8;

/** One for a card. Its only state is the counters. */
export class LinkLocalServices {
  readonly #clock: NtpClock;
  readonly #counters = {
    dhcp4: { asked: 0, answered: 0, noted: 0, dropped: 0 },
    dhcp6: { asked: 0, answered: 0, noted: 0, dropped: 0 },
    dns: { asked: 0, answered: 0, noted: 0, dropped: 0 },
    ntp: { asked: 0, answered: 0, noted: 0, dropped: 0 },
  } satisfies Record<ServiceName, ServiceCounters>;

  constructor(clock: NtpClock) {
    this.#clock = clock;
  }

  get counters(): Readonly<Record<ServiceName, ServiceCounters>> {
    return this.#counters;
  }

  /**
   * The frame that goes back to the interface, with all checksums, or undefined. Never throws for
   * what the guest sent.
   * @param frame a whole Ethernet frame, without what virtio puts before it. It is not kept.
   */
  answer(service: ServiceName, frame: Uint8Array, asker: ServiceAsker): Uint8Array | undefined {
    const counters = this.#counters[service];
    counters.asked += 1;
    const asked = decodeUdpFrame(frame);
    const outcome = asked === undefined ? dropped : this.#handle(service, asked, asker);
    counters[outcome.kind] += 1;
    return outcome.kind === 'answered' ? encodeUdpFrame(outcome.frame) : undefined;
  }

  #handle(service: ServiceName, asked: UdpFrame, asker: ServiceAsker): Outcome {
    switch (service) {
      case 'dhcp4':
        return handleDhcp4(asked, asker.interface);
      case 'dhcp6':
        return handleDhcp6(asked, asker.interface);
      case 'dns':
        return handleDns(asked, asker);
      case 'ntp':
        return sendBack(asked, answerNtp(asked.payload, this.#clock), asker.interface);
      default:
        return assertNever(service);
    }
  }
}

function handleDhcp4(asked: UdpFrame, asker: ServiceInterface): Outcome {
  if (asker.ipv4 === undefined || asked.source.length !== 4) return dropped;
  const outcome = answerDhcp4(asked.payload, asker);
  if (outcome.kind !== 'answered') return outcome;
  const { payload, destination, toMac } = outcome.answer;
  return {
    kind: 'answered',
    frame: {
      sourceMac: macBytes(asker.routerMac),
      destinationMac: toMac === 'broadcast' ? broadcastMac : macBytes(asker.mac),
      source: ipv4Bytes(asker.ipv4.router),
      destination,
      sourcePort: dhcp4ServerPort,
      destinationPort: dhcp4ClientPort,
      payload,
    },
  };
}

function handleDhcp6(asked: UdpFrame, asker: ServiceInterface): Outcome {
  // RFC 8415 section 13.1: a client asks from a link-local address.
  const isLinkLocal = asked.source[0] === 0xfe && ((asked.source[1] ?? 0) & 0xc0) === 0x80;
  if (asker.ipv6 === undefined || asked.source.length !== 16 || !isLinkLocal) return dropped;
  const payload = answerDhcp6(asked.payload, asker);
  if (payload === undefined) return dropped;
  return {
    kind: 'answered',
    frame: {
      sourceMac: macBytes(asker.routerMac),
      destinationMac: macBytes(asker.mac),
      source: ipv6Bytes(asker.ipv6.router),
      destination: asked.source,
      sourcePort: dhcp6ServerPort,
      destinationPort: dhcp6ClientPort,
      payload,
    },
  };
}

function handleDns(asked: UdpFrame, { interface: asker, names }: ServiceAsker): Outcome {
  if (names === undefined) return dropped;
  const payloadMax = asker.mtuBytes - headersBytes;
  return sendBack(asked, answerDnsDatagram(asked.payload, names, payloadMax), asker);
}

/** From where it was asked to where the question came from. */
function sendBack(
  asked: UdpFrame,
  payload: Uint8Array | undefined,
  asker: ServiceInterface,
): Outcome {
  if (payload === undefined) return dropped;
  return {
    kind: 'answered',
    frame: {
      sourceMac: macBytes(asker.routerMac),
      // Not the frame's: an answer goes to the interface, whoever the guest says that it is.
      destinationMac: macBytes(asker.mac),
      source: asked.destination,
      destination: asked.source,
      sourcePort: asked.destinationPort,
      destinationPort: asked.sourcePort,
      payload,
    },
  };
}
