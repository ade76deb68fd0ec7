// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { enumType, messageType } from '../../../src/api/schema.ts';

describe('enumType()', () => {
  it('knows its members by name and by number', () => {
    const type = enumType('test.Kind', [
      ['NONE', 0],
      ['SOME', 5],
    ]);

    expect(type.zero).toBe('NONE');
    expect(type.numbers.get('SOME')).toBe(5);
    expect(type.values.get(5)).toBe('SOME');
  });

  it('refuses an enum without the number 0', () => {
    expect(() => enumType('test.Kind', [['SOME', 1]])).toThrow(TypeError);
  });
});

describe('messageType()', () => {
  it('finds fields by number and by property', () => {
    const field = { name: 'a_b', property: 'aB', number: 7, kind: 'bool' } as const;
    const type = messageType('test.Own', [field], ['choice']);

    expect(type.fieldOfNumber.get(7)).toBe(field);
    expect(type.fieldOfProperty.get('aB')).toBe(field);
    expect(type.requiredOneofs).toEqual(['choice']);
  });
});
