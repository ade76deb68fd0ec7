// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { FieldModel } from '../../../../src/api/generator/model.ts';
import { readProto } from './proto-folder.ts';

async function readField(field: string, more = ''): Promise<FieldModel> {
  const { messages } = await readProto(`${more} message Own { ${field} }`);
  const found = messages.find(({ typeScriptName }) => typeScriptName === 'Own')?.fields[0];
  if (found === undefined) throw new Error('no field was read');
  return found;
}

describe('readSchema()', () => {
  it('reads a field with its comment, behavior, unit and rules', async () => {
    const field = await readField(`
      // How large.
      uint64 size_bytes = 3 [
        (argon.v1.behavior) = FIELD_BEHAVIOR_IMMUTABLE,
        (argon.v1.unit) = "bytes",
        (buf.validate.field).uint64 = {gt: 0, lte: 4096}
      ];`);

    expect(field).toMatchObject({
      name: 'size_bytes',
      property: 'sizeBytes',
      number: 3,
      kind: 'uint64',
      hasPresence: false,
      behavior: 'immutable',
      unit: 'bytes',
      rules: { gt: 0n, lte: 4096n },
      comment: 'How large.',
    });
  });

  it('gives messages, times, masks and optional fields presence, and lists none', async () => {
    const mask = '[(buf.validate.field).field_mask = {in: ["a"]}]';
    const { messages } = await readProto(`
      message Inner {}
      message Own {
        Inner inner = 1;
        google.protobuf.Timestamp time = 2;
        google.protobuf.FieldMask mask = 3 ${mask};
        optional bool maybe = 4;
        bool always = 5;
        repeated bool list = 6 [(buf.validate.field).repeated.max_items = 1];
      }`);

    const own = messages.find(({ typeScriptName }) => typeScriptName === 'Own');
    expect(own?.fields.map(({ kind, hasPresence }) => [kind, hasPresence])).toEqual([
      ['message', true],
      ['timestamp', true],
      ['field-mask', true],
      ['bool', true],
      ['bool', false],
      ['bool', false],
    ]);
    expect(own?.fields.map(({ oneof }) => oneof)).toEqual(Array.from({ length: 6 }));
  });

  it('reads oneofs, and which of them are required', async () => {
    const { messages } = await readProto(`
      message Own {
        oneof first { bool a = 1; bool b = 2; }
        oneof second { option (buf.validate.oneof).required = true; bool c = 3; }
      }`);

    expect(messages[0]?.requiredOneofs).toEqual(['second']);
    expect(messages[0]?.fields.map(({ oneof }) => oneof)).toEqual(['first', 'first', 'second']);
  });

  it('puts messages behind those that they use, and joins names of nested ones', async () => {
    const { messages } = await readProto(`
      message First { Second second = 1; Nested nested = 2; message Nested {} }
      message Second {}`);

    expect(messages.map(({ typeScriptName }) => typeScriptName)).toEqual([
      'FirstNested',
      'Second',
      'First',
    ]);
  });

  it('names members of enums in rules', async () => {
    const field = await readField(
      'Kind kind = 1 [(buf.validate.field).enum = {defined_only: true, not_in: [0]}];',
      'enum Kind { NONE = 0; SOME = 1; }',
    );

    expect(field.rules.notIn).toEqual(['NONE']);
  });

  it.each([
    ['a message that contains itself', 'message Own { Own own = 1; }', /contains itself/],
    ['a map', 'message Own { map<string, string> own = 1; }', /maps are not done/],
    ['a floating-point number', 'message Own { double own = 1; }', /double is not done/],
    [
      'an option that nobody knows',
      'message Own { bool own = 1 [(argon.v1.what) = true]; }',
      /unknown option/,
    ],
  ])('refuses %s', async (_what, body, message) => {
    await expect(readProto(body)).rejects.toThrow(message);
  });
});
