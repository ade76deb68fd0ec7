// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeFrame, FrameDecoder, frameBytesMax } from '../../../../src/card/bus/frames.ts';

function decode(chunks: readonly Uint8Array[]): readonly Buffer[] {
  const decoder = new FrameDecoder();
  return chunks.flatMap((chunk) => decoder.push(chunk));
}

const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });

describe('encodeFrame', () => {
  it('puts the length before the body, most significant byte first', () => {
    expect(encodeFrame(Buffer.from('abc'))).toEqual(Buffer.from([0, 0, 0, 3, 97, 98, 99]));
    expect(encodeFrame(new Uint8Array(0x1_02_03)).subarray(0, 4)).toEqual(
      Buffer.from([0, 1, 2, 3]),
    );
  });

  it('refuses a body longer than a frame may be, and takes the longest', () => {
    expect(encodeFrame(new Uint8Array(frameBytesMax))).toHaveLength(frameBytesMax + 4);
    expect(() => encodeFrame(new Uint8Array(frameBytesMax + 1))).toThrow(
      expect.objectContaining({ code: 'resource-exhausted' }),
    );
  });
});

describe('FrameDecoder', () => {
  it('gives back frames that were split at every byte, and at any one byte', () => {
    const frames = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three')];
    const bytes = Buffer.concat(frames.map(encodeFrame));

    expect(decode([...bytes].map((byte) => Buffer.from([byte])))).toEqual(frames);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(frames);
    }
  });

  it('gives back any frames, however the bytes are split', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(400)), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(encodeFrame));
        const borders = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length].toSorted(
          (left, right) => left - right,
        );
        const chunks = borders.map((border, index) =>
          bytes.subarray(borders[index - 1] ?? 0, border),
        );

        expect(decode(chunks)).toEqual(frames.map((frame) => Buffer.from(frame)));
      }),
    );
  });

  it('hands out each frame as soon as it is whole', () => {
    const decoder = new FrameDecoder();
    const frame = encodeFrame(Buffer.from('ab'));

    expect(decoder.push(frame.subarray(0, 5))).toEqual([]);
    expect(decoder.push(Buffer.concat([frame.subarray(5), frame]))).toHaveLength(2);
    expect(decoder.push(Buffer.alloc(0))).toEqual([]);
  });

  it('does not show later changes of a chunk it was given', () => {
    const decoder = new FrameDecoder();
    const chunk = encodeFrame(Buffer.from('abc')).subarray(0, 6);
    decoder.push(chunk);
    chunk.fill(0x7a);

    expect(decoder.push(Buffer.from('c'))).toEqual([Buffer.from('abc')]);
  });

  it('takes the longest frame there may be', () => {
    const body = Buffer.alloc(frameBytesMax, 7);

    expect(decode([encodeFrame(body)])).toEqual([body]);
  });

  it.each([frameBytesMax + 1, 0x7f_ff_ff_ff, 0xff_ff_ff_ff])(
    'refuses a frame that announces %d bytes, from its length alone',
    (length) => {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);

      expect(() => decode([header])).toThrow(
        expect.objectContaining({ code: 'aborted', message: expect.stringContaining(`${length}`) }),
      );
    },
  );
});
