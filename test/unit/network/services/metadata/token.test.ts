// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TokenIssuer } from '../../../../../src/network/services/metadata/token.ts';

describe('TokenIssuer', () => {
  it('issues what is good until its time has come', () => {
    let nowMs = 1000.5;
    const issuer = new TokenIssuer(() => nowMs);
    const token = issuer.issue('i-1', 60);

    expect(token).toMatch(/^[\w-]{56}$/);
    nowMs += 59_999;
    expect(issuer.isGood('i-1', token)).toBe(true);
    nowMs += 1;
    expect(issuer.isGood('i-1', token)).toBe(false);
  });

  it('issues no token twice', () => {
    const issuer = new TokenIssuer(() => 0);

    expect(issuer.issue('i-1', 60)).not.toBe(issuer.issue('i-1', 60));
  });

  it('binds a token to an instance and to itself', () => {
    const issuer = new TokenIssuer(() => 0);
    const token = issuer.issue('i-1', 60);

    expect(issuer.isGood('i-2', token)).toBe(false);
    expect(new TokenIssuer(() => 0).isGood('i-1', token)).toBe(false);
  });

  it('knows a token in which anything was changed', () => {
    const issuer = new TokenIssuer(() => 0);
    const token = Buffer.from(issuer.issue('i-1', 60), 'base64url');
    fc.assert(
      fc.property(fc.nat(token.length * 8 - 1), (bit) => {
        const changed = Buffer.from(token);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));

        expect(issuer.isGood('i-1', changed.toString('base64url'))).toBe(false);
      }),
    );
  });

  it('never throws, whatever the token', () => {
    const issuer = new TokenIssuer(() => 0);
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[\w-]{56}$/),
      fc.string({ size: 'large' }),
    );
    fc.assert(
      fc.property(text, (token) => {
        expect(issuer.isGood('i-1', token)).toBe(false);
      }),
    );
  });
});
