// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createMessage, decodeMessage, encodeMessage } from '../../../src/api/codec.ts';
import { methods } from '../../../src/api/generated/argon/v1/methods.ts';
import { volumeType } from '../../../src/api/generated/argon/v1/volumes.ts';
import { type AnyMessageType, enumType, messageType } from '../../../src/api/schema.ts';
import type { MessageUse } from '../../../src/api/validate.ts';
import { ViolationError } from '../../../src/api/violations.ts';
import { brokenValuesOf, encodeUnchecked, messageOf, oracleOf, toOracle } from './arbitrary.ts';

interface Case {
  readonly name: string;
  readonly type: AnyMessageType;
  readonly use: MessageUse;
}

const requests: readonly Case[] = Object.values(methods).map(({ name, request, verb }) => ({
  name,
  type: request,
  use: { kind: 'request', verb },
}));
const responses: readonly Case[] = Object.values(methods).map(({ name, response }) => ({
  name: `${name}'s answer`,
  type: response,
  use: 'response',
}));

// One case a message is enough: many methods answer with the same.
const cases = [...requests, ...responses].filter(
  ({ type, use }, index, all) =>
    use !== 'response' || all.findIndex((other) => other.type === type) === index,
);

function refusal(action: () => unknown): ViolationError {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof ViolationError) return thrown;
    throw thrown;
  }
  throw new Error('it was not refused');
}

const sample = messageType<{ readonly n?: number | undefined }>('test.Sample', [
  { name: 'is_on', property: 'isOn', number: 1, kind: 'bool' },
  { name: 'small', property: 'small', number: 2, kind: 'uint32' },
  { name: 'signed', property: 'signed', number: 3, kind: 'int32' },
  { name: 'words', property: 'words', number: 4, kind: 'string', isRepeated: true, maxItems: 3 },
  { name: 'sizes', property: 'sizes', number: 5, kind: 'uint64', isRepeated: true, maxItems: 3 },
  { name: 'data', property: 'data', number: 6, kind: 'bytes' },
  {
    name: 'kind',
    property: 'kind',
    number: 7,
    kind: 'enum',
    type: enumType('test.Kind', [
      ['NONE', 0],
      ['SOME', 1],
    ]),
  },
  { name: 'wide', property: 'wide', number: 8, kind: 'int64' },
]);

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

describe.each(cases)('$name', ({ type, use }) => {
  it('comes back from its bytes as it was', () => {
    fc.assert(
      fc.property(messageOf(type, use), (init) => {
        const whole = createMessage(type, init, use);

        expect(decodeMessage(type, encodeMessage(type, init, use), use)).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  it('has the bytes that protobufjs reads and writes', () => {
    const oracle = oracleOf(type.name);
    fc.assert(
      fc.property(messageOf(type, use), (init) => {
        const theirs = oracle.fromObject(toOracle(type, init));

        expect(decodeMessage(type, encodeUnchecked(type, init), use)).toEqual(
          createMessage(type, init, use),
        );
        expect(oracle.toObject(oracle.decode(encodeMessage(type, init, use)))).toEqual(
          oracle.toObject(oracle.decode(oracle.encode(theirs).finish())),
        );
      }),
      { numRuns: 10 },
    );
  });

  it('is refused with an unknown field', () => {
    fc.assert(
      fc.property(messageOf(type, use), fc.integer({ min: 1000, max: 2000 }), (init, number) => {
        const more = Buffer.from([0, 0, 0]);
        const tag = number * 8;
        more.writeUInt8((tag & 0x7f) | 0x80, 0);
        more.writeUInt8(tag >>> 7, 1);
        const whole = Buffer.concat([encodeMessage(type, init, use), more]);

        expect(refusal(() => decodeMessage(type, whole, use)).violations).toEqual([
          { field: '', description: `has an unknown field ${number}` },
        ]);
      }),
      { numRuns: 10 },
    );
  });
});

describe.each(requests)('a request of $name', ({ type, use }) => {
  // Every rule of the message and of those within it, one broken at a time.
  const broken = brokenMessages(type);

  it.each(broken)('is refused with $what', ({ path, values }) => {
    const [init] = fc.sample(messageOf(type, use), { numRuns: 1, seed: 1 });
    const whole = encodeUnchecked(type, mergeInto(init, values));

    const { violations } = refusal(() => decodeMessage(type, whole, use));

    expect(violations.some(({ field }) => field.startsWith(path))).toBe(true);
  });

  it('is refused when it sets a field as another type', () => {
    const whole = Uint8Array.from([8 + 5, 0, 0, 0, 0]); // Field 1 as four bytes.

    expect(refusal(() => decodeMessage(type, whole, use)).violations).toHaveLength(1);
  });
});

interface Broken {
  readonly what: string;
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function brokenMessages(type: AnyMessageType): readonly Broken[] {
  return type.fields.flatMap((field): readonly Broken[] => {
    const own = brokenValuesOf(field).map(([what, value]) => ({
      what: `${what} in ${field.name}`,
      path: field.name,
      values: { [field.property]: value },
    }));
    if (field.kind !== 'message') return own;
    const inner = brokenMessages(field.type).map(({ what, values }) => ({
      what: `${what} in ${field.name}`,
      path: field.name,
      values: { [field.property]: field.isRepeated === true ? [values] : values },
    }));
    return [...own, ...inner];
  });
}

function mergeInto(init: unknown, values: Readonly<Record<string, unknown>>): object {
  return { ...(init as object), ...values };
}

describe('decodeMessage()', () => {
  it.each([
    ['an enum number without a name', '38 02', 'kind', 'is no member of test.Kind'],
    ['a bool of 2', '08 02', 'is_on', 'is neither true nor false'],
    ['33 bits for 32', '10 8080808010', 'small', 'is more than 32 bits'],
    ['a sign that stops at 32 bits', '18 ffffffff0f', 'signed', 'is more than 32 bits'],
    ['text that is not UTF-8', '22 01 ff', 'words[0]', 'is not UTF-8'],
    ['a field that is there twice', '10 01 10 02', 'small', 'is set more than once'],
    ['a fourth item', '28 01 28 01 28 01 28 01', 'sizes', 'has more than 3 items'],
    ['a fourth item in one piece', '2a 04 01 01 01 01', 'sizes', 'has more than 3 items'],
    ['a length beyond the end', '22 05 61', 'words[0]', 'is cut off or malformed'],
    ['a number without an end', '10 ff', 'small', 'is cut off or malformed'],
    ['an endless number', '40 ffffffffffffffffffff01', 'wide', 'is cut off or malformed'],
    ['a tag without an end', '80', '', 'is cut off or malformed'],
    ['field 0', '00 00', '', 'has an unknown field 0'],
    ['a group', '0b 0c', 'is_on', 'is encoded as another type'],
  ])('refuses %s', (_what, hex, field, description) => {
    expect(refusal(() => decodeMessage(sample, bytes(hex), 'response')).violations).toEqual([
      { field, description },
    ]);
  });

  it('takes lists of numbers in one piece and one by one', () => {
    const whole = decodeMessage(sample, bytes('28 01 2a 01 02'), 'response');

    expect(whole).toMatchObject({ sizes: [1n, 2n] });
  });

  it('copies bytes out of what it reads from', () => {
    const from = bytes('32 01 07');

    const whole = decodeMessage(sample, from, 'response');
    from.fill(0);

    expect(whole).toMatchObject({ data: Uint8Array.of(7) });
  });

  it('never ends in anything but a message or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (garbage) => {
        for (const type of [sample, volumeType]) {
          try {
            decodeMessage<unknown>(type, garbage, 'response');
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(ViolationError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('encodeMessage()', () => {
  it('writes fields in the order of their numbers, and leaves out what is zero', () => {
    const init = { small: 1, isOn: true, signed: 0, words: [], data: new Uint8Array() };

    expect(Buffer.from(encodeMessage<object>(sample, init, 'response')).toString('hex')).toBe(
      '08011001',
    );
  });

  it('refuses properties that no field has', () => {
    expect(
      refusal(() => encodeMessage<object>(sample, { other: 1 }, 'response')).violations,
    ).toEqual([{ field: 'other', description: 'is no field of test.Sample' }]);
  });
});

describe('createMessage()', () => {
  it('gives what is left out its zero value', () => {
    expect(createMessage<object>(sample, { small: undefined })).toEqual({
      isOn: false,
      small: 0,
      signed: 0,
      words: [],
      sizes: [],
      data: new Uint8Array(),
      kind: 'NONE',
      wide: 0n,
    });
  });
});
