// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createInstanceId, isInstanceId, parseInstanceId } from '../../../src/base/instance-id.ts';

describe('an instance id', () => {
  it('is "i-" and 17 hex digits, and never the same twice', () => {
    const ids = Array.from({ length: 100 }, createInstanceId);

    expect(ids.every(isInstanceId)).toBe(true);
    expect(new Set(ids).size).toBe(100);
    expect(parseInstanceId('i-0123456789abcdef0')).toBe('i-0123456789abcdef0');
  });

  it.each(['', 'i-', 'i-0123456789abcdef', 'i-0123456789abcdef01', 'i-0123456789ABCDEF0', 7])(
    'is not %j',
    (text) => {
      expect(() => parseInstanceId(text)).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    },
  );
});
