// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { standardWorkloads } from '../../../src/harness/workload.ts';

describe('standardWorkloads', () => {
  it('are 4 KiB at random at depths 1 and 32, and 128 KiB in sequence, each both ways', () => {
    const shown = standardWorkloads.map(
      ({ rw, blockBytes, depth, queues }) => `${rw} ${blockBytes} ${depth} ${queues}`,
    );

    expect(shown).toEqual([
      'randread 4096 1 1',
      'randread 4096 32 1',
      'randwrite 4096 1 1',
      'randwrite 4096 32 1',
      'read 131072 8 1',
      'write 131072 8 1',
    ]);
  });
});
