// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  isObject,
  parseArray,
  parseBoolean,
  parseChoice,
  parseInteger,
  parseJson,
  parseObject,
  parseString,
} from '../../../src/base/parse.ts';

const notObjects = [undefined, null, 0, '', 'text', true, [], () => {}];

describe('isObject', () => {
  it('is true for an object and false for all else that JSON has', () => {
    expect(isObject({})).toBe(true);
    expect(notObjects.map(isObject)).not.toContain(true);
  });
});

describe('parseJson', () => {
  it('gives back any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text, 'x')).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each(['', '{', 'undefined', "{'a':1}", '[1,]', '{} {}'])('refuses %j', (text) => {
    expect(() => parseJson(text, 'the file /x')).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: 'the file /x is not JSON',
        cause: expect.any(SyntaxError),
      }),
    );
  });
});

describe('the parsers of one value', () => {
  it.each([
    ['an object', parseObject, { a: 1 }, notObjects],
    ['a string', parseString, 'a', [undefined, null, 1, {}, []]],
    ['true or false', parseBoolean, false, [undefined, null, 0, 'false', {}]],
    ['a list', parseArray, [1], [undefined, null, {}, 'ab', { length: 1 }]],
  ] as const)('take %s and nothing else, and name the place', (wanted, parse, good, bad) => {
    expect(parse(good, 'x')).toBe(good);
    for (const value of bad) {
      expect(() => parse(value, 'answer: x')).toThrow(
        expect.objectContaining({
          code: 'invalid-argument',
          message: `answer: x is not ${wanted}`,
        }),
      );
    }
  });
});

describe('parseInteger', () => {
  const range = { min: 1, max: 64 };

  it.each([
    [1, 1],
    [64, 64],
    ['1', 1],
    ['64', 64],
    ['007', 7],
  ])('takes %j', (value, number) => {
    expect(parseInteger(value, 'x', range)).toBe(number);
  });

  it.each([[0], [65], ['0'], ['65'], ['-1'], [-1], [Number.MAX_SAFE_INTEGER]])(
    'refuses %j as outside its range',
    (value) => {
      expect(() => parseInteger(value, '--workers', range)).toThrow(
        expect.objectContaining({
          code: 'invalid-argument',
          message: `--workers is ${Number(value)}, which is outside 1 to 64`,
        }),
      );
    },
  );

  it.each([
    [1.5],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [2 ** 53],
    [''],
    [' 1'],
    ['1 '],
    ['1.0'],
    ['1e1'],
    ['0x1'],
    ['+1'],
    ['--1'],
    ['9007199254740993'],
    ['12345678901234567'],
    [true],
    [null],
    [undefined],
    [[1]],
  ])('refuses %j as no whole number', (value) => {
    expect(() => parseInteger(value, 'x', range)).toThrow('x is not a whole number');
  });

  it('takes every whole number of its range, as number and as digits', () => {
    const whole = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        expect(parseInteger(number, 'x', whole)).toBe(number);
        expect(parseInteger(String(number), 'x', whole)).toBe(number);
      }),
    );
  });
});

describe('parseChoice', () => {
  it('takes a word of the set', () => {
    expect(parseChoice('b', 'x', ['a', 'b'])).toBe('b');
  });

  it.each(['c', 'A', '', ' a', undefined, null, 1, ['a']])(
    'refuses %j and lists the set',
    (value) => {
      expect(() => parseChoice(value, '--poll', ['a', 'b'])).toThrow(
        expect.objectContaining({
          code: 'invalid-argument',
          message: `--poll is "${String(value)}"`,
          hint: 'use one of: a, b',
        }),
      );
    },
  );
});
