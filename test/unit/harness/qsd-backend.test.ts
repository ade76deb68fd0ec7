// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { qsdBackend } from '../../../src/harness/qsd-backend.ts';

// That it serves what it supports is shown in test/integration/bench.test.ts.
describe('qsdBackend', () => {
  it('has no store that is plain memory, and encrypts files alone', () => {
    const supported = (['null', 'memory', 'tmpfs', 'disk'] as const).flatMap((store) =>
      (['none', 'encrypted'] as const)
        .filter((cipher) => qsdBackend.supports({ store, cipher }))
        .map((cipher) => `${store} ${cipher}`),
    );

    expect(supported).toEqual([
      'null none',
      'tmpfs none',
      'tmpfs encrypted',
      'disk none',
      'disk encrypted',
    ]);
  });
});
