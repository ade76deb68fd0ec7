// SPDX-License-Identifier: Apache-2.0

// Tokens of IMDSv2. A token says until when it is good and is signed with a secret of the service,
// for one instance; so no token has to be kept, and a guest that asks for a million of them costs
// no memory. Like the real ones they are 56 letters of base64.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Seconds; the header's range. */
export const tokenTtlMaxS = 21_600;

// 1 of format, 8 of expiry, 13 of chance and 20 of signature are 42: base64 without padding.
const FORMAT = 1;
const chanceBytes = 13;
const claimBytes = 1 + 8 + chanceBytes;
const signatureBytes = 20;

/** The secret of one running service. Its bytes stay in here. */
export class TokenIssuer {
  readonly #secret = randomBytes(32);
  readonly #nowMs: () => number;

  /** @param nowMs a clock that never goes back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A token for an instance. No two are the same. */
  issue(instanceId: string, ttlS: number): string {
    const claim = Buffer.alloc(claimBytes);
    claim.writeUInt8(FORMAT, 0);
    claim.writeBigUInt64BE(BigInt(Math.floor(this.#nowMs() + ttlS * 1000)), 1);
    claim.set(randomBytes(chanceBytes), 9);
    return Buffer.concat([claim, this.#sign(instanceId, claim)]).toString('base64url');
  }

  /** Whether a token is one of ours, for this instance, and still good. Never throws. */
  isGood(instanceId: string, token: string): boolean {
    // untrusted: what the guest sent.
    if (!/^[\w-]{56}$/.test(token)) return false;
    const bytes = Buffer.from(token, 'base64url');
    const claim = bytes.subarray(0, claimBytes);
    const signature = bytes.subarray(claimBytes);
    if (!timingSafeEqual(signature, this.#sign(instanceId, claim))) return false;
    return claim.readBigUInt64BE(1) > BigInt(Math.floor(this.#nowMs()));
  }

  #sign(instanceId: string, claim: Uint8Array): Buffer {
    const mac = createHmac('sha256', this.#secret).update(claim).update(instanceId);
    return mac.digest().subarray(0, signatureBytes);
  }
}
