// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { notePlane, planeReplaced } from '../../../src/controller/plane-notes.ts';
import { Registry } from '../../../src/controller/registry/registry.ts';
import { sampleAttachment } from './samples.ts';

describe('notePlane', () => {
  it('counts a backplane that is another one, and no other', async () => {
    using registry = new Registry(':memory:');

    await notePlane(registry, process.pid);
    await notePlane(registry, process.pid);
    expect(registry.parts()).toMatchObject([
      { id: 'backplane', process: { pid: process.pid }, restarts: 0 },
    ]);

    await notePlane(registry, process.ppid);
    expect(registry.parts()).toMatchObject([{ process: { pid: process.ppid }, restarts: 1 }]);
  });
});

describe('planeReplaced', () => {
  it('names the volumes that had no driver', () => {
    const bound = sampleAttachment(1, 1, { hasDriver: true });
    const unbound = sampleAttachment(2, 1, { hasDriver: false });

    expect(planeReplaced([bound])).toMatchObject({ reason: 'BackplaneEnded' });
    expect(planeReplaced([bound, unbound])).toMatchObject({
      reason: 'DriverNotBound',
      message: expect.stringContaining(`no driver yet for ${unbound.volume}:`) as string,
    });
  });
});
