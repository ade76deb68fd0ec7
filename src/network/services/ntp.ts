// SPDX-License-Identifier: Apache-2.0

// The time service at 169.254.169.123 and fd00:ec2::123: an NTP server (RFC 5905) that answers
// clients and no other mode. It keeps nothing between packets. Modes 6 and 7, which have served to
// amplify floods, are dropped, and so are extension fields and signatures: the answer is never
// longer than the question.

import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

/** UDP port of NTP. */
export const ntpPort = 123;

/** What the host knows of its own clock; RFC 5905 section 7.3, "Packet Header Variables". */
export interface NtpStatus {
  /** 0: no leap second ahead; 1: a minute of 61 seconds; 2: of 59; 3: the clock is not set. */
  readonly leap: 0 | 1 | 2 | 3;
  /** 1 for a clock of its own, up to 15; 0 when the clock is not set. */
  readonly stratum: number;
  /** Base-2 exponent of the clock's precision in seconds: -20 is about a microsecond. */
  readonly precisionExponent: number;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  /** Four bytes: the IPv4 address of the source, or four letters for a stratum of 1. */
  readonly referenceId: Uint8Array;
  /** When the clock was last set, in nanoseconds since 1970. */
  readonly referenceTimeNs: bigint;
}

/** Where the time comes from; tests have a clock of their own. */
export interface NtpClock {
  /** Nanoseconds since 1970, without leap seconds. */
  nowNs(): bigint;
  status(): NtpStatus;
}

const headerBytes = 48;
const MODE_CLIENT = 3;
const MODE_SERVER = 4;
const secondsFrom1900To1970 = 2_208_988_800n; // RFC 5905 figure 4.

/** The answer to one datagram, or undefined for what is no question of a client. Never throws. */
export function answerNtp(payload: Uint8Array, clock: NtpClock): Uint8Array | undefined {
  const receivedNs = clock.nowNs();
  // untrusted: what the guest sent.
  const reader = new ByteReader(payload);
  const first = reader.u8();
  const version = (first >> 3) & 7;
  reader.u8(); // Its stratum.
  const poll = reader.u8();
  reader.bytes(37);
  const theirTransmitTime = reader.bytes(8);
  // Versions 1 and 2 of RFC 1059 and 1119 have the same header, but hardly a user.
  if (reader.isShort || (first & 7) !== MODE_CLIENT || version < 3 || version > 4) return undefined;

  const status = clock.status();
  return new ByteWriter()
    .u8((status.leap << 6) | (version << 3) | MODE_SERVER)
    .u8(status.stratum)
    .u8(poll)
    .u8(status.precisionExponent & 0xff)
    .u32(shortFormat(status.rootDelayMs))
    .u32(shortFormat(status.rootDispersionMs))
    .bytes(status.referenceId.subarray(0, 4))
    .bytes(timestamp(status.referenceTimeNs))
    .bytes(theirTransmitTime) // The origin timestamp: the client knows its question by it.
    .bytes(timestamp(receivedNs))
    .bytes(timestamp(clock.nowNs()))
    .take()
    .subarray(0, headerBytes);
}

/** 16 bits of seconds and 16 of their fraction. */
function shortFormat(milliseconds: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.round((milliseconds * 65536) / 1000)));
}

/** 32 bits of seconds since 1900, which begin anew in 2036, and 32 of their fraction. */
function timestamp(nowNs: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  const seconds = nowNs / 1_000_000_000n + secondsFrom1900To1970;
  const fraction = ((nowNs % 1_000_000_000n) << 32n) / 1_000_000_000n;
  bytes.writeBigUInt64BE(BigInt.asUintN(32, seconds) * 2n ** 32n + fraction);
  return bytes;
}
