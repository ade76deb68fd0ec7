// SPDX-License-Identifier: Apache-2.0

// `argon top`: what each device does now, from two reads of its counters.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import type { VolumeMetrics } from '../api/generated/argon/v1/metrics.ts';
import { formatBytes } from '../base/byte-size.ts';
import { parseInteger } from '../base/parse.ts';
import { type CommandContext, withHost } from './context.ts';
import { listMetrics } from './host/control-actions.ts';
import type { HostClient } from './host/host-client.ts';
import { ratesBetween, type VolumeRates } from './host/rates.ts';
import { idOf } from './host/resources.ts';
import { formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface TopFlags {
  readonly once?: true;
  readonly interval: string;
}

/** One read of all counters, and when it was made. */
interface Reading {
  readonly timeMs: number;
  readonly volumes: ReadonlyMap<string, VolumeMetrics>;
}

const clearScreen = '\u001b[H\u001b[2J';

export function addTopCommand(program: Command, run: Run): void {
  program
    .command('top')
    .description('show live throughput, latency and queue depth of each device')
    .option('--once', 'show them once and end')
    .option('--interval <ms>', 'between two reads of the counters', '1000')
    .action(async (flags: TopFlags) => run(async (context) => top(context, flags)));
}

async function top(context: CommandContext, flags: TopFlags): Promise<void> {
  const range = { min: 10, max: 3_600_000 };
  const intervalMs = parseInteger(flags.interval, '--interval', range);
  await withHost(context, async (client) => {
    let before = await readCounters(client, context);
    do {
      if (!(await waitFor(intervalMs, context))) return;
      const after = await readCounters(client, context);
      const rates = ratesOf(before, after);
      if (flags.once === true) {
        await context.print(rates, ratesTable(rates));
        return;
      }
      const isScreen = process.stdout.isTTY && context.format === 'table';
      await context.printNext(rates, `${isScreen ? clearScreen : ''}${ratesTable(rates)}`);
      before = after;
    } while (!context.signal.aborted);
  });
}

// False when the user has seen enough, which is how watching ends.
async function waitFor(intervalMs: number, { signal }: CommandContext): Promise<boolean> {
  try {
    await sleep(intervalMs, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

async function readCounters(client: HostClient, context: CommandContext): Promise<Reading> {
  const volumes = await listMetrics(client, context);
  return {
    timeMs: performance.now(),
    volumes: new Map(volumes.map((volume) => [volume.name, volume])),
  };
}

function ratesOf(before: Reading, after: Reading): readonly VolumeRates[] {
  return [...after.volumes.values()].map((volume) => {
    const earlier = before.volumes.get(volume.name);
    // The host's own clock where it says when it read; else ours, with the call's time in it.
    const [from, to] = [earlier?.readTime?.getTime(), volume.readTime?.getTime()];
    const elapsedMs =
      from === undefined || to === undefined ? after.timeMs - before.timeMs : to - from;
    return ratesBetween(earlier, volume, elapsedMs);
  });
}

function ratesTable(rates: readonly VolumeRates[]): string {
  const count = (value: number): string => String(Math.round(value));
  return formatTable<VolumeRates>(
    [
      { title: 'VOLUME', of: ({ volume }) => idOf(volume) },
      { title: 'INSTANCE', of: ({ instance }) => idOf(instance) },
      { title: 'R/s', align: 'right', of: (row) => count(row.read_iops) },
      { title: 'W/s', align: 'right', of: (row) => count(row.write_iops) },
      {
        title: 'READ/s',
        align: 'right',
        of: (row) => formatBytes(Math.round(row.read_bytes_per_s)),
      },
      {
        title: 'WRITE/s',
        align: 'right',
        of: (row) => formatBytes(Math.round(row.write_bytes_per_s)),
      },
      { title: 'p50', align: 'right', of: (row) => formatTime(row.latency_p50_ns) },
      { title: 'p99', align: 'right', of: (row) => formatTime(row.latency_p99_ns) },
      { title: 'DEPTH', align: 'right', of: (row) => count(row.queue_depth) },
      { title: 'OLDEST', align: 'right', of: (row) => formatTime(row.oldest_ns) },
      { title: 'FAILED', align: 'right', of: (row) => count(row.failures) },
      { title: 'STALLED', align: 'right', of: (row) => formatTime(row.stalled_ns) },
    ],
    rates,
  );
}

/** A time as people read it: `85 us`, `1.2 ms`. */
export function formatTime(ns: number | undefined): string {
  if (ns === undefined) return '-';
  if (ns === 0) return '0';
  if (ns < 1000) return `${ns} ns`;
  if (ns < 1e6) return `${Math.round(ns / 1000)} us`;
  return ns < 1e9 ? `${(ns / 1e6).toFixed(1)} ms` : `${(ns / 1e9).toFixed(1)} s`;
}
