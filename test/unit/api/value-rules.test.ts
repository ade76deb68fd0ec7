// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  type EnumField,
  enumType,
  type ScalarField,
  type ValueRules,
} from '../../../src/api/schema.ts';
import { valueProblem } from '../../../src/api/value-rules.ts';

function problem(
  kind: ScalarField['kind'],
  value: unknown,
  rules: ValueRules = {},
): string | undefined {
  return valueProblem({ name: 'own', property: 'own', number: 1, kind, rules }, value);
}

const choice: EnumField = {
  name: 'own',
  property: 'own',
  number: 1,
  kind: 'enum',
  type: enumType('test.Kind', [
    ['NONE', 0],
    ['SOME', 1],
  ]),
  rules: { notIn: ['NONE'] },
};

describe('valueProblem()', () => {
  it.each([
    ['bool', 1],
    ['string', 1],
    ['string', 'a\ud800'],
    ['bytes', [1]],
    ['uint32', 1n],
    ['uint32', 1.5],
    ['uint64', 1],
    ['timestamp', 0],
    ['timestamp', new Date(Number.NaN)],
    ['timestamp', new Date('-000001-01-01T00:00:00Z')],
    ['field-mask', 'a'],
    ['field-mask', ['']],
    ['field-mask', ['Größe']],
  ] as const)('refuses as %s: %o', (kind, value) => {
    expect(problem(kind, value)).toMatch(/^(?:is|has) /);
  });

  it.each([
    ['int32', -(2 ** 31), 2 ** 31 - 1],
    ['uint32', 0, 2 ** 32 - 1],
    ['int64', -(2n ** 63n), 2n ** 63n - 1n],
    ['uint64', 0n, 2n ** 64n - 1n],
  ] as const)('takes what %s holds, and nothing outside', (kind, min, max) => {
    const one = typeof min === 'bigint' ? 1n : 1;
    const below = typeof min === 'bigint' ? min - 1n : min - 1;
    const above = typeof max === 'bigint' ? max + 1n : max + 1;

    expect([problem(kind, min), problem(kind, max), problem(kind, one)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(problem(kind, below)).toBe(`is ${below}, outside ${kind}`);
    expect(problem(kind, above)).toBe(`is ${above}, outside ${kind}`);
  });

  it.each([
    [{ lt: 5 }, 4, 5, 'is 5, not below 5'],
    [{ lte: 5 }, 5, 6, 'is 6, at most 5'],
    [{ gt: 5 }, 6, 5, 'is 5, not above 5'],
    [{ gte: 5 }, 5, 4, 'is 4, at least 5'],
    [{ in: [1, 2] }, 2, 3, 'is none of "1", "2"'],
    [{ notIn: [1] }, 2, 1, 'may not be "1"'],
  ])('holds a number against %o', (rules, good, bad, message) => {
    expect(problem('uint32', good, rules)).toBeUndefined();
    expect(problem('uint32', bad, rules)).toBe(message);
  });

  it('compares 64-bit numbers beyond what a number can tell apart', () => {
    const lte = 2n ** 53n;

    expect(problem('uint64', lte, { lte })).toBeUndefined();
    expect(problem('uint64', lte + 1n, { lte })).toBe(`is ${lte + 1n}, at most ${lte}`);
  });

  it('counts characters, not units of UTF-16', () => {
    const rules = { minLength: 2, maxLength: 2 };

    expect(problem('string', '😀😀', rules)).toBeUndefined();
    expect(problem('string', '😀', rules)).toBe('has fewer than 2 characters');
    expect(problem('string', '😀😀😀', rules)).toBe('has more than 2 characters');
    expect(problem('string', 'x'.repeat(1_000_000), rules)).toBe('has more than 2 characters');
  });

  it('counts bytes of bytes', () => {
    expect(problem('bytes', new Uint8Array(3), { maxLength: 2 })).toBe('has more than 2 bytes');
  });

  it('holds text against a pattern, up to its very end', () => {
    const rules = { pattern: /^[a-z]+$/u };

    expect(problem('string', 'abc', rules)).toBeUndefined();
    expect(problem('string', 'abc\n', rules)).toBe('does not match ^[a-z]+$');
  });

  it('takes members of an enum by name alone', () => {
    expect(valueProblem(choice, 'SOME')).toBeUndefined();
    expect(valueProblem(choice, 1)).toBe('is no test.Kind');
    expect(valueProblem(choice, 'OTHER')).toBe('is no test.Kind');
    expect(valueProblem(choice, 'NONE')).toBe('may not be "NONE"');
  });

  it('takes the paths of a mask, and what is below them', () => {
    const rules = { in: ['limits'] };

    expect(problem('field-mask', ['limits', 'limits.read_bytes'], rules)).toBeUndefined();
    expect(problem('field-mask', ['limitsx'], rules)).toBe(
      'has the path limitsx, and may have limits',
    );
  });
});
