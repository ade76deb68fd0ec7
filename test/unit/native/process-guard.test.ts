// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { guardProcess } from '../../../src/native/process-guard.ts';
import { fakeHost, nativeError } from '../fake-host.ts';

// That the kernel then refuses is shown in test/integration/secrets.test.ts, on a card of its own.
describe('guardProcess', () => {
  it('guards the process, once', () => {
    let guarded = 0;
    const host = {
      ...fakeHost(),
      guardProcess: () => {
        guarded += 1;
      },
    };

    guardProcess(host);

    expect(guarded).toBe(1);
  });

  it('lets nothing go on unguarded', () => {
    const host = {
      ...fakeHost(),
      guardProcess: () => {
        throw nativeError('permission-denied', 'forbid core files: Operation not permitted');
      },
    };

    expect(() => {
      guardProcess(host);
    }).toThrow(expect.objectContaining({ name: 'ArgonError', code: 'permission-denied' }));
  });
});
