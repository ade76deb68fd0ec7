// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { FieldKind } from '../../../../src/api/generator/model.ts';
import {
  checkOptionNames,
  fieldRulesOf,
  objectOf,
  optionOf,
  type RulesContext,
  textOf,
} from '../../../../src/api/generator/options.ts';

const enumNames = new Map([[0, 'NONE']]);

function contextOf(kind: FieldKind, isRepeated = false): RulesContext {
  return { kind, isRepeated, enumNames, where: 'Own.field' };
}

describe('optionOf()', () => {
  it('joins what several places say of one option', () => {
    const parsed = [
      { '(rules)': { string: { min_len: 1 } } },
      { '(other)': 1 },
      { '(rules)': { string: { max_len: 2 }, required: true } },
    ];

    expect(optionOf(parsed, ['(rules)'])).toEqual({
      string: { min_len: 1, max_len: 2 },
      required: true,
    });
    expect(optionOf(undefined, ['(rules)'])).toBeUndefined();
  });
});

describe('checkOptionNames()', () => {
  it('refuses what is not named', () => {
    expect(() => {
      checkOptionNames([{ '(known)': 1 }, { '(other)': 1 }], ['(known)'], 'Own');
    }).toThrow('Own: unknown option (other)');
  });
});

describe('fieldRulesOf()', () => {
  it('reads rules of text, of 64-bit numbers, of enums and of lists', () => {
    const text = fieldRulesOf({ string: { max_len: 4, pattern: '^a$' } }, contextOf('string'));
    const wide = fieldRulesOf({ required: true, int64: { gte: -1 } }, contextOf('int64'));
    const choice = fieldRulesOf({ enum: { defined_only: true, in: 0 } }, contextOf('enum'));
    const items = { uint32: { in: [1, 2] } };
    const list = fieldRulesOf(
      { repeated: { min_items: 1, max_items: 2, unique: true, items } },
      contextOf('uint32', true),
    );

    expect(text.rules).toMatchObject({ maxLength: 4, pattern: '^a$' });
    expect(wide).toMatchObject({ isRequired: true, rules: { gte: -1n } });
    expect(choice).toMatchObject({ isDefinedOnly: true, rules: { in: ['NONE'] } });
    expect(list).toMatchObject({
      minItems: 1,
      maxItems: 2,
      hasUniqueItems: true,
      rules: { in: [1, 2] },
    });
  });

  it.each([
    ['a rule that is not enforced', { string: { contains: 'a' } }, contextOf('string')],
    ['rules of another type', { uint32: { lte: 1 } }, contextOf('string')],
    ['rules of a list for what is none', { repeated: { max_items: 1 } }, contextOf('string')],
    ['rules of a value for a list', { string: { max_len: 1 } }, contextOf('string', true)],
    ['a pattern that matches anywhere', { string: { pattern: 'a' } }, contextOf('string')],
    ['a bound without a whole number', { uint32: { lte: 1.5 } }, contextOf('uint32')],
    ['a bound that lost digits', { uint64: { lte: 2 ** 53 } }, contextOf('uint64')],
    ['a member that is not there', { enum: { in: [1] } }, contextOf('enum')],
    ['what is no message', 'text', contextOf('string')],
  ])('refuses %s', (_what, option, context) => {
    expect(() => fieldRulesOf(option, context)).toThrow(/^Own\.field: /);
  });
});

describe('textOf() and objectOf()', () => {
  it('refuse what is of another type', () => {
    expect(textOf('a', 'Own')).toBe('a');
    expect(() => textOf(1, 'Own')).toThrow('Own: an option is not text');
    expect(() => objectOf([], 'Own')).toThrow('Own: an option is not a message');
  });
});
