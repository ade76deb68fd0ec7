// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { random4k, sequential128k } from '../../../src/harness/workload.ts';

describe('workloads', () => {
  it('are 4 KiB at random at a depth, on one queue that is polled', () => {
    expect(random4k('randwrite', 32)).toEqual({
      rw: 'randwrite',
      blockBytes: 4096,
      depth: 32,
      queues: 1,
      wait: 'polling',
    });
  });

  it('are 128 KiB in sequence, eight under way', () => {
    expect(sequential128k('read')).toEqual({
      rw: 'read',
      blockBytes: 131_072,
      depth: 8,
      queues: 1,
      wait: 'polling',
    });
  });
});
