// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  decodeAnswer,
  decodeHello,
  decodeNames,
  decodeSlots,
  encodeRequest,
  encodeSlot,
  encodeSlotRequest,
  encodeText,
  slotRecordBytes,
} from '../../../../src/controller/backplane/protocol.ts';
import { type FakeAnswer, frameOf } from './fake-stream.ts';

const request = { number: 7, method: 'listFds', payload: new Uint8Array() } as const;
const answerOf = (answer: FakeAnswer): Buffer =>
  frameOf({ number: 7, method: 9, payload: Buffer.alloc(0), fds: [] }, answer);

describe('encodeRequest()', () => {
  it('puts a header of 16 bytes before the payload', () => {
    const frame = encodeRequest({ number: 258, method: 'assign', payload: encodeSlot(3, 'c') });

    expect(Buffer.from(frame).toString('hex')).toBe(
      ['41420100', '05000000', '02010000', '06000000', '03000000', '63'].join(''),
    );
  });

  it('has a place for a slot, the size of its map and its path', () => {
    expect(Buffer.from(encodeSlotRequest(1, 2n ** 32n, '/s')).toString('hex')).toBe(
      ['01000000', '00000000', '0000000001000000', '2f73'].join(''),
    );
  });
});

describe('decodeAnswer()', () => {
  it('gives the payload', () => {
    expect(decodeAnswer(answerOf({ payload: encodeText('ab') }), request).toString()).toBe('ab');
  });

  it.each([
    ['of another request', answerOf({ number: 8 })],
    ['that is cut off', answerOf({ payload: encodeText('ab') }).subarray(0, 17)],
    ['that is shorter than a header', Buffer.alloc(15)],
    ['of another protocol', Buffer.concat([Buffer.alloc(4), answerOf({}).subarray(4)])],
  ])('refuses an answer %s', (_what, frame) => {
    expect(() => decodeAnswer(frame, request)).toThrow(
      expect.objectContaining({ code: 'aborted' }),
    );
  });

  it('throws what the backplane refused with', () => {
    const refusal = answerOf({ status: 3, payload: encodeText('slot 1 is open') });

    expect(() => decodeAnswer(refusal, request)).toThrow(
      expect.objectContaining({
        code: 'already-exists',
        message: 'backplane: slot 1 is open',
        details: { kind: 'already-exists' },
      }),
    );
    expect(() => decodeAnswer(answerOf({ status: 99 }), request)).toThrow(
      expect.objectContaining({ code: 'internal' }),
    );
  });
});

describe('decodeNames()', () => {
  it('reads one name a line', () => {
    expect(decodeNames(Buffer.from(''))).toEqual([]);
    expect(decodeNames(Buffer.from('a\nbus/volume\n'))).toEqual(['a', 'bus/volume']);
  });
});

describe('decodeHello()', () => {
  it('refuses what is no greeting', () => {
    expect(() => decodeHello(Buffer.alloc(7))).toThrow('hello');
  });
});

describe('decodeSlots()', () => {
  it('reads every field', () => {
    const record = Buffer.alloc(slotRecordBytes);
    record.writeUInt32LE(5, 0);
    record.writeUInt32LE(0b101, 4);
    for (let field = 0; field < 7; field += 1) {
      record.writeBigUInt64LE(BigInt(field + 1) << 33n, 8 + 8 * field);
    }
    record.write('volume', 64);
    record.write('r'.repeat(152), 168);

    const unit = 2n ** 33n;
    expect(decodeSlots(record)).toEqual([
      {
        slot: 5,
        isFrontEndConnected: true,
        isServed: false,
        isDriverOk: true,
        card: 'volume',
        parkedReason: 'r'.repeat(152),
        mapBytes: unit,
        parkedForNs: 2n * unit,
        replayCount: 3n * unit,
        lastStallNs: 4n * unit,
        longestStallNs: 5n * unit,
        messageCount: 6n * unit,
        frontEndCount: 7n * unit,
      },
    ]);
  });

  it('has no card for a slot that is assigned to none', () => {
    const records = Buffer.alloc(2 * slotRecordBytes);

    expect(decodeSlots(records).map(({ card }) => card)).toEqual([undefined, undefined]);
  });

  it('refuses what is no record', () => {
    expect(() => decodeSlots(Buffer.alloc(319))).toThrow(
      expect.objectContaining({ code: 'aborted' }),
    );
  });
});
