// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pathOf, ViolationError } from '../../../src/api/violations.ts';

describe('ViolationError', () => {
  it('says the first violation, and how many more there are', () => {
    const violations = [
      { field: 'volume.name', description: 'is required' },
      { field: 'other', description: 'is long' },
    ];

    const error = new ViolationError('invalid-argument', 'argon.v1.Own', violations);

    expect(error.message).toBe('argon.v1.Own: volume.name is required (and 1 more)');
    expect(error.code).toBe('invalid-argument');
    expect(error.violations).toBe(violations);
  });

  it('says of a message itself what is wrong with it', () => {
    const violations = [{ field: '', description: 'has an unknown field 9' }];

    expect(new ViolationError('internal', 'argon.v1.Own', violations).message).toBe(
      'argon.v1.Own: message has an unknown field 9',
    );
  });
});

describe('pathOf()', () => {
  it('joins names with dots', () => {
    expect(pathOf('', 'a')).toBe('a');
    expect(pathOf('a[1]', 'b')).toBe('a[1].b');
  });
});
