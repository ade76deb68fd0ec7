// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { argonBackend } from '../../../src/harness/argon-backend.ts';

// That it serves what it supports is shown in test/integration/bench.test.ts.
describe('argonBackend', () => {
  it('serves every store, and encrypts all but the one that keeps nothing', () => {
    const supported = (['null', 'memory', 'tmpfs', 'disk'] as const).flatMap((store) =>
      (['none', 'encrypted'] as const)
        .filter((cipher) => argonBackend.supports({ store, cipher }))
        .map((cipher) => `${store} ${cipher}`),
    );

    expect(supported).toEqual([
      'null none',
      'memory none',
      'memory encrypted',
      'tmpfs none',
      'tmpfs encrypted',
      'disk none',
      'disk encrypted',
    ]);
  });
});
