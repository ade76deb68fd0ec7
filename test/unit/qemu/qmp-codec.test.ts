// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeQmpCommand, parseQmpMessage, QmpDecoder } from '../../../src/qemu/qmp-codec.ts';
import { greeting } from './fake-qmp.ts';

const timestamp = { seconds: 1_700_000_000, microseconds: 5 };

describe('parseQmpMessage', () => {
  it('reads a greeting', () => {
    expect(parseQmpMessage(JSON.stringify(greeting))).toEqual({
      kind: 'greeting',
      version: { major: 7, minor: 2, micro: 22 },
      capabilities: ['oob'],
    });
  });

  it('reads a reply with its id', () => {
    expect(parseQmpMessage('{"return": [1], "id": 4}')).toEqual({
      kind: 'return',
      id: 4,
      value: [1],
    });
  });

  it('reads an error, which has no id where QEMU could not read the command', () => {
    const error = { class: 'GenericError', desc: 'no' };
    const parsed = { kind: 'error', qmpClass: 'GenericError', description: 'no' };

    expect(parseQmpMessage(JSON.stringify({ error, id: 1 }))).toEqual({ ...parsed, id: 1 });
    expect(parseQmpMessage(JSON.stringify({ error }))).toEqual({ ...parsed, id: undefined });
  });

  it('reads an event with and without data', () => {
    expect(parseQmpMessage(JSON.stringify({ event: 'STOP', timestamp }))).toEqual({
      kind: 'event',
      event: { name: 'STOP', data: {}, timestampUs: 1_700_000_000_000_005 },
    });
    expect(
      parseQmpMessage(JSON.stringify({ event: 'X', data: { a: 1 }, timestamp })),
    ).toMatchObject({
      event: { data: { a: 1 } },
    });
  });

  it('takes the time that QEMU gives when it has no clock', () => {
    const noClock = { seconds: -1, microseconds: -1 };

    expect(parseQmpMessage(JSON.stringify({ event: 'X', timestamp: noClock }))).toMatchObject({
      event: { timestampUs: 0 },
    });
  });

  it.each([
    ['no JSON', '{"return": {'],
    ['no object', '[]'],
    ['an object of no kind', '{}'],
    ['a reply without an id', '{"return": {}}'],
    ['a reply with a text for id', '{"return": {}, "id": "x"}'],
    ['a negative id', '{"return": {}, "id": -1}'],
    ['an error that is no object', '{"error": 5, "id": 1}'],
    ['an event without a time', '{"event": "STOP"}'],
    ['an event with an absurd time', '{"event":"X","timestamp":{"seconds":9e15,"microseconds":0}}'],
    ['a greeting without a version', '{"QMP": {"capabilities": []}}'],
  ])('refuses %s', (_what, line) => {
    expect(() => parseQmpMessage(line)).toThrow(expect.objectContaining({ code: 'data-loss' }));
  });
});

describe('QmpDecoder', () => {
  it('gives the same messages however the bytes are split', () => {
    const lines = [
      JSON.stringify(greeting),
      '{"return": {"täst": "\u2028 €"}, "id": 1}',
      JSON.stringify({ event: 'RESUME', timestamp }),
    ];
    const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
    const expected = lines.map((line) => ({ message: parseQmpMessage(line), line }));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const borders = [0, ...cuts.toSorted((left, right) => left - right), bytes.length];
        const decoder = new QmpDecoder();

        const decoded = borders.flatMap((border, index) =>
          decoder.push(bytes.subarray(borders[index - 1] ?? 0, border)),
        );

        expect(decoded).toEqual(expected);
      }),
    );
  });

  it('refuses a line longer than it keeps, when it ends', () => {
    const decoder = new QmpDecoder(30);
    const fitting = '{"return": {}, "id": 12345678}'; // 30 bytes.

    expect(decoder.push(Buffer.from(`${fitting}\n`))).toHaveLength(1);
    expect(decoder.push(Buffer.from(fitting))).toEqual([]);
    expect(() => decoder.push(Buffer.from(' \n'))).toThrow(/without an end/);
  });

  it('never throws anything but its own error, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const decoder = new QmpDecoder(100);
        try {
          for (const chunk of chunks) decoder.push(chunk);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'data-loss' });
        }
      }),
    );
  });
});

describe('encodeQmpCommand', () => {
  it('writes one line with the id, and arguments only where there are some', () => {
    expect(encodeQmpCommand(3, 'cont', undefined)).toBe('{"execute":"cont","id":3}\n');
    expect(encodeQmpCommand(4, 'device_del', { id: 'a\nb' })).toBe(
      '{"execute":"device_del","arguments":{"id":"a\\nb"},"id":4}\n',
    );
  });
});
