// SPDX-License-Identifier: Apache-2.0

// What a device costs that nobody uses. The promise is made of 1,000 devices and measured by
// "argon bench block --rows 'idle-*'"; fewer show the same cost of each, and take a second.

import { describe, expect, it } from 'vitest';

import { measureIdle } from '../../src/harness/idle-bench.ts';
import { loadFrontendAddon } from '../../src/native/binding.ts';

describe('an idle device', () => {
  it('holds less than 64 KiB beyond guest memory, and takes no CPU', async () => {
    const cost = await measureIdle({
      addon: loadFrontendAddon(),
      deviceCount: 200,
      watchMs: 2000,
      signal: new AbortController().signal,
    });

    expect(cost.bytesPerDevice).toBeGreaterThan(0);
    expect(cost.bytesPerDevice).toBeLessThan(65_536);
    expect(cost.pageTableBytesPerDevice).toBeLessThan(16_384);
    // Of the clock's resolution at most a few ticks, so 200 devices that wake are seen.
    expect(cost.cores).toBeLessThan(0.05);
  });
});
