// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { fitBlocks } from '../../../src/card/pcapng-blocks.ts';
import { sampleFrame, sampleHead } from './pcapng-samples.ts';

const wide = { framesMax: 100, bytesMax: 10_000 };
const three = Buffer.concat([sampleFrame(1), sampleFrame(2, 41, 7n), sampleFrame(3, 66, 2n)]);
const [first, second] = [sampleFrame(1).length, sampleFrame(2, 41, 7n).length];

describe('fitBlocks', () => {
  it('counts frames, and those that were lost', () => {
    expect(fitBlocks(three, wide)).toEqual({
      bytes: three.length,
      frames: 3,
      framesLost: 9n,
      bound: undefined,
    });
    expect(fitBlocks(sampleHead(), wide)).toMatchObject({ frames: 0, bound: undefined });
    expect(fitBlocks(new Uint8Array(), wide)).toMatchObject({ bytes: 0, bound: undefined });
  });

  it('ends behind the last frame that there may be', () => {
    expect(fitBlocks(three, { ...wide, framesMax: 3 })).toMatchObject({
      frames: 3,
      bound: 'frames',
    });
    expect(fitBlocks(three, { ...wide, framesMax: 2 })).toEqual({
      bytes: first + second,
      frames: 2,
      framesLost: 7n,
      bound: 'frames',
    });
  });

  it('takes whole blocks or none', () => {
    const bytesMax = three.length;
    expect(fitBlocks(three, { ...wide, bytesMax })).toMatchObject({ bound: undefined });
    expect(fitBlocks(three, { ...wide, bytesMax: bytesMax - 1 })).toMatchObject({
      bytes: first + second,
      frames: 2,
      bound: 'bytes',
    });
    expect(fitBlocks(three, { ...wide, bytesMax: first - 1 })).toMatchObject({ bytes: 0 });
  });

  it('is not led astray by what is no block', () => {
    expect(() => fitBlocks(Buffer.alloc(12), wide)).toThrow(RangeError);
    expect(() => fitBlocks(Uint8Array.of(6), wide)).toThrow(RangeError);
    const beyond = Buffer.from(sampleFrame(1));
    beyond.writeUInt32LE(4_000_000, 4);
    expect(fitBlocks(beyond, wide)).toMatchObject({ bytes: 0, bound: 'bytes' });
  });
});
