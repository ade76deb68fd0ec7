// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addTopCommand, formatTime } from '../../../src/cli/top-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

const volume = 'volumes/vol00000000000000001';

describe('argon top', () => {
  it('shows each device once, from two reads', async () => {
    const host = new FakeHostClient();
    host.metrics.push({ name: volume, queues: [{ reads: 5n, inFlight: 3n }] });
    const context = new FakeContext(untouched, { host });

    await runCommand(addTopCommand, ['top', '--once', '--interval', '10'], context);

    expect(host.calls.map(({ name }) => name)).toEqual([
      'Metrics.ListVolumeMetrics',
      'Metrics.ListVolumeMetrics',
    ]);
    expect(context.stdout).toMatch(/^VOLUME +INSTANCE +R\/s +W\/s +READ\/s .* DEPTH +OLDEST/);
    expect(context.stdout).toMatch(/vol0{16}1 +0 +0 +0 B +0 B +- +- +3 +0 +0 +0\n/);
    expect(context.printed).toHaveLength(1);
    expect(context.printed[0]?.value).toMatchObject([{ volume, queue_depth: 3 }]);
  });

  it('goes on until it is interrupted', async () => {
    const host = new FakeHostClient();
    host.metrics.push({ name: volume });
    const interrupt = new AbortController();
    const context = new FakeContext(untouched, { host, signal: interrupt.signal });
    const stop = {
      name: volume,
      get queues() {
        if (context.printed.length === 3) interrupt.abort();
        return [];
      },
    };
    host.metrics[0] = stop;

    await runCommand(addTopCommand, ['top', '--interval', '10'], context);

    expect(context.printed.length).toBeGreaterThanOrEqual(3);
    expect(host.isClosed).toBe(true);
  });

  it('refuses an interval that is none', async () => {
    const context = new FakeContext(untouched, { host: new FakeHostClient() });

    await expect(
      runCommand(addTopCommand, ['top', '--interval', '5'], context),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('formatTime()', () => {
  it.each([
    [undefined, '-'],
    [0, '0'],
    [999, '999 ns'],
    [85_400, '85 us'],
    [1_250_000, '1.3 ms'],
    [2_000_000_000, '2.0 s'],
  ])('writes %s as %s', (ns, text) => {
    expect(formatTime(ns)).toBe(text);
  });
});
