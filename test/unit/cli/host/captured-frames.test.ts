// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { CapturedFrames } from '../../../../src/cli/host/captured-frames.ts';
import { sampleFrame, sampleHead } from '../../card/pcapng-samples.ts';

const file = Buffer.concat([sampleHead(), sampleFrame(1), sampleFrame(2, 41, 7n)]);

describe('CapturedFrames', () => {
  it('has frames with what is known of them', () => {
    const [first, second, ...others] = new CapturedFrames().push(file);

    expect(first).toMatchObject({ timeMs: 0, direction: 'in', lengthBytes: 142 });
    expect(first?.headers.byteLength).toBe(42);
    expect(first?.headers.getUint8(41)).toBe(1);
    expect(second?.headers.byteLength).toBe(41);
    expect(others).toEqual([]);
  });

  it('has each frame once, wherever the file is cut', () => {
    for (let cut = 0; cut <= file.length; cut += 1) {
      const frames = new CapturedFrames();
      const pieces = [file.subarray(0, cut), file.subarray(cut)];

      const found = pieces.flatMap((piece) => frames.push(piece));

      expect(found.map(({ headers }) => headers.getUint8(0))).toEqual([1, 2]);
    }
  });

  it('reads the time of the day and the direction', () => {
    const frame = Buffer.from(sampleFrame(1));
    const ns = 1_700_000_000_123_456_789n;
    frame.writeUInt32LE(Number(ns >> 32n), 12);
    frame.writeUInt32LE(Number(ns & 0xffff_ffffn), 16);
    frame.writeUInt8(2, frame.length - 12);

    expect(new CapturedFrames().push(frame)).toMatchObject([
      { timeMs: 1_700_000_000_123, direction: 'out' },
    ]);
  });
});
