// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { locateRuntimeDir } from '../../../../src/base/runtime-dir.ts';
import { locateStateDir } from '../../../../src/base/state-dir.ts';
import { closeSlot, slotSocket } from '../../../../src/controller/parts/slots.ts';
import { FakePlane } from './fake-plane.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const runtimeDir = locateRuntimeDir(locateStateDir({ ARGON_STATE: '/s' }, '/'), '/run');

describe('a slot', () => {
  it('has its socket in the runtime folder', () => {
    expect(slotSocket(runtimeDir, 7)).toMatch(/^\/run\/argon-\d+-[0-9a-f]{12}\/slots\/7\.sock$/);
  });

  it('may be closed when it is not open, and not when the backplane fails', async () => {
    const plane = new FakePlane();
    plane.closeFailure = new ArgonError('not-found', 'no such slot');
    await closeSlot(plane, 7, scope);

    plane.closeFailure = new ArgonError('unavailable', 'as the test wants');
    await expect(closeSlot(plane, 7, scope)).rejects.toBe(plane.closeFailure);
  });
});
