// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { settleEnvironment } from '../../../src/controller/environment.ts';
import { Registry } from '../../../src/controller/registry/registry.ts';

describe('settleEnvironment', () => {
  it('has hosts of which nothing is said be in production', () => {
    using registry = new Registry(':memory:');

    expect(settleEnvironment(registry, undefined)).toBe('production');
    expect(registry.environment()).toBe('production');
  });

  it.each(['production', 'test'] as const)('keeps what a host was first: %s', (first) => {
    using registry = new Registry(':memory:');
    const other = first === 'test' ? 'production' : 'test';

    expect(settleEnvironment(registry, first)).toBe(first);
    expect(settleEnvironment(registry, undefined)).toBe(first);
    expect(settleEnvironment(registry, first)).toBe(first);

    expect(() => settleEnvironment(registry, other)).toThrow(
      expect.objectContaining({
        code: 'failed-precondition',
        message: `the host of this state folder is for ${first}`,
        hint: expect.stringContaining('$ARGON_STATE') as string,
      }),
    );
    expect(registry.environment()).toBe(first);
  });
});
