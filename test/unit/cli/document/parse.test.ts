// SPDX-License-Identifier: Apache-2.0

// Goal: what write.ts writes comes back as it was, whatever the message; everything else is refused
// with its place. The messages are made from the types themselves.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { methods } from '../../../../src/api/generated/argon/v1/methods.ts';
import {
  updateVolumeRequestType,
  volumeType,
} from '../../../../src/api/generated/argon/v1/volumes.ts';
import type { AnyMessageType, FieldType, MessageType } from '../../../../src/api/schema.ts';
import { ArgonError } from '../../../../src/base/errors.ts';
import { parseMessage } from '../../../../src/cli/document/parse.ts';
import { readSource } from '../../../../src/cli/document/source.ts';
import { documentOf } from '../../../../src/cli/document/write.ts';
import { formatJson, formatYaml } from '../../../../src/cli/output.ts';

function parse(text: string, type: AnyMessageType = volumeType): unknown {
  return parseMessage(readSource(text, 'f'), type as MessageType<object>);
}

function refusal(text: string, type?: AnyMessageType): ArgonError {
  try {
    parse(text, type);
  } catch (thrown) {
    return ArgonError.from(thrown);
  }
  throw new Error('it was not refused');
}

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  string: fc.string(),
  bytes: fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
  int32: fc.integer(),
  uint32: fc.nat(),
  int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  uint64: fc.bigInt(0n, 2n ** 64n - 1n),
  timestamp: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') }),
  'field-mask': fc.array(fc.string({ minLength: 1 })),
};

function valueOf(field: FieldType): fc.Arbitrary<unknown> {
  if (field.kind === 'message') return messageOf(field.type);
  if (field.kind === 'enum') {
    const named = [...field.type.numbers.keys()].filter((value) => value !== field.type.zero);
    return fc.constantFrom(...named);
  }
  return scalars[field.kind] ?? fc.constant(undefined);
}

/** Any message of a type, good or not by the rules of its values. */
function messageOf(type: AnyMessageType): fc.Arbitrary<object> {
  const fields = type.fields.map((field) => {
    const one = valueOf(field);
    const value = field.isRepeated === true ? fc.array(one, { maxLength: 3 }) : one;
    return [field.property, value] as const;
  });
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

describe('parseMessage()', () => {
  it.each(Object.entries(methods).map(([name, { request }]) => [name, request] as const))(
    'reads the request of %s as it was written, as JSON and as YAML',
    async (_name, type) => {
      await fc.assert(
        fc.asyncProperty(messageOf(type), async (message) => {
          const document = documentOf(type, message);
          expect(parse(formatJson(document), type)).toEqual(message);
          expect(parse(await formatYaml(document), type)).toEqual(message);
        }),
        { numRuns: 20 },
      );
    },
  );

  it.each([
    ['size_bytes: 1GiB', { sizeBytes: 2n ** 30n }],
    ['size_bytes: "4096"', { sizeBytes: 4096n }],
    ['size_bytes: 18446744073709551615', { sizeBytes: 2n ** 64n - 1n }],
    ['cipher: none', { cipher: 'VOLUME_CIPHER_NONE' }],
    ['cipher: VOLUME_CIPHER_NONE', { cipher: 'VOLUME_CIPHER_NONE' }],
    ['limits:\n  total_bytes: {per_second: 5}', { limits: { totalBytes: { perSecond: 5n } } }],
    ['display_name:', {}],
    ['', {}],
  ])('reads %j', (text, message) => {
    expect(parse(text)).toEqual(message);
  });

  it.each([
    ['size_byte: 1', 'f:1:1: a volume has no field "size_byte"', 'did you mean "size_bytes"?'],
    ['sizeBytes: 1', 'f:1:1: a volume has no field "sizeBytes"', 'did you mean "size_bytes"?'],
    ['a: 1', 'has no field "a"', 'there is: name, display_name,'],
    ['limits:\n  total_byte: {}', 'f:2:3: a block limits', 'did you mean "total_bytes"?'],
    ['cipher: aes', 'f:1:9: cipher is "aes"', 'there is: aes-256-xts, none'],
    ['cipher: unspecified', 'cipher is "unspecified"', 'there is: aes-256-xts, none'],
    ['size_bytes: lots', 'f:1:13: size_bytes is a whole number, as in 4096 or 512MiB', ''],
    ['size_bytes: 1.5', 'size_bytes is a whole number', ''],
    ['size_bytes: -1', 'size_bytes is -1, outside 0 to 18446744073709551615', ''],
    ['size_bytes: 18446744073709551616', 'outside 0 to 18446744073709551615', ''],
    ['display_name: 5', 'f:1:15: display_name is a text', ''],
    ['limits: 5', 'f:1:9: a block limits is a list of names with values', ''],
    ['conditions: {}', 'f:1:13: conditions is a list, each item after a dash', ''],
    ['conditions: [{is_true: 1}]', 'f:1:24: is_true is true or false', ''],
    ['create_time: yesterday', 'create_time is not a time', ''],
    ['- 1', 'f:1:1: a volume is a list of names with values', ''],
  ])('refuses %j with the place', (text, message, hint) => {
    const error = refusal(text);

    expect(error.code).toBe('invalid-argument');
    expect(error.message).toContain(message);
    expect(error.hint ?? '').toContain(hint);
  });

  it('says that a field is not for people to set', () => {
    const allows = ({ behavior }: FieldType): boolean => behavior !== 'output-only';
    const read = (): unknown =>
      parseMessage(readSource('state: available', 'f'), volumeType, { allows });

    expect(read).toThrow('f:1:1: state is said by the host alone');
  });

  it('knows where each value stood', () => {
    const places = new Map<string, string>();
    const text =
      'volume:\n  name: x\n  limits:\n    total_bytes:\n      burst: 1\nupdate_mask: [a, b]';

    parseMessage(readSource(text, 'f'), updateVolumeRequestType, { places });

    expect(Object.fromEntries(places)).toMatchObject({
      'volume.name': 'f:2:9',
      'volume.limits.total_bytes.burst': 'f:5:14',
      'update_mask[1]': 'f:6:18',
    });
  });
});
