// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createNonce, NonceScanner } from '../../../../src/card/bus/resync.ts';

describe('createNonce', () => {
  it('makes another text each time, of 32 hexadecimal digits', () => {
    const nonces = [createNonce(), createNonce(), createNonce()];

    expect(new Set(nonces).size).toBe(3);
    expect(nonces.every((nonce) => /^[0-9a-f]{32}$/.test(nonce))).toBe(true);
  });
});

describe('NonceScanner', () => {
  it('gives what follows the nonce, whatever comes before and however it is cut', () => {
    const bytes = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(bytes, bytes, fc.array(fc.nat(232)), (before, after, cuts) => {
        const nonce = createNonce();
        const stream = Buffer.concat([before, Buffer.from(nonce), after]);
        const scanner = new NonceScanner(nonce);
        const edges = [0, ...cuts.toSorted((left, right) => left - right), stream.length];
        const found: Buffer[] = [];
        for (const [index, start] of edges.entries()) {
          const chunk = stream.subarray(start, edges[index + 1] ?? stream.length);
          if (found.length > 0) found.push(chunk);
          else found.push(...[scanner.push(chunk)].filter((rest) => rest !== undefined));
        }
        expect(Buffer.concat(found)).toEqual(Buffer.from(after));
      }),
    );
  });

  it('finds a nonce behind the beginning of itself', () => {
    const nonce = 'aab'.padEnd(32, '0');
    const scanner = new NonceScanner(nonce);

    expect(scanner.push(Buffer.from('a'))).toBeUndefined();
    expect(scanner.push(Buffer.from(`${nonce}x`))).toEqual(Buffer.from('x'));
  });

  it('gives up on a card that never comes to it', () => {
    const scanner = new NonceScanner(createNonce());
    const noise = Buffer.alloc(16 * 1024 * 1024);

    expect(() => {
      for (let count = 0; count < 17; count += 1) scanner.push(noise);
    }).toThrow('does not come to its answer');
  });
});
