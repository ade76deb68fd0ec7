// SPDX-License-Identifier: Apache-2.0

// `argon bench host`.

import { open } from 'node:fs/promises';

import type { Command } from 'commander';

import { formatBytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import { describeEnvironment } from '../harness/bench-environment.ts';
import { type HostLoadWindow, loadHost } from '../harness/bench-host.ts';
import { parseSeconds } from './bench-flags.ts';
import { type CommandContext, withHost } from './context.ts';
import type { HostClient } from './host/host-client.ts';
import { type Column, formatJson, formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface HostFlags {
  readonly clients: string;
  readonly seconds: string;
  readonly window: string;
  readonly json?: string;
}

// A host takes so many connections of one user.
const clientsMax = 1000;

export function addBenchHostCommand(bench: Command, run: Run): void {
  bench
    .command('host')
    .description('load the management API of the running host')
    .option('--clients <n>', 'connections, each of which asks one thing at a time', '200')
    .option('--seconds <n>', 'how long; a tenth or more', '10')
    .option('--window <n>', 'a row of the table for so many seconds', '60')
    .option('--json <file>', 'write environment and rows to a file')
    .addHelpText(
      'after',
      `
Asks what changes nothing: the host, then its volumes, in turns. Clients run in this process and
share the machine with the controller, whose memory is shown at the end of each window.
`,
    )
    .action(async (flags: HostFlags) => run(async (context) => benchHostCommand(context, flags)));
}

function parseClients(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count === 0 || count > clientsMax) {
    throw new ArgonError(
      'invalid-argument',
      `--clients is "${text}", and should be from 1 to ${clientsMax}`,
    );
  }
  return count;
}

async function benchHostCommand(context: CommandContext, flags: HostFlags): Promise<void> {
  const clientCount = parseClients(flags.clients);
  const durationMs = parseSeconds(flags.seconds, 3600);
  const windowMs = parseSeconds(flags.window, 3600, '--window');
  await using stack = new AsyncDisposableStack();
  const controllerPid = await withHost(context, async (client) => pidOfController(client, context));
  const file = flags.json === undefined ? undefined : stack.use(await open(flags.json, 'w'));
  const { stages, signal } = context;
  stages.step(`connecting ${clientCount} clients`);
  const clients: HostClient[] = [];
  for (let count = 0; count < clientCount; count += 1) {
    const client = await context.findHost();
    if (client === undefined) throw new ArgonError('unavailable', 'the host went away');
    clients.push(stack.use(client));
  }
  stages.step(`asking for ${durationMs / 1000} s`);
  const rows = await loadHost({
    clients,
    controllerPid,
    durationMs,
    windowMs,
    signal,
    progress: stages,
  });
  stages.ok();
  const environment = await describeEnvironment({
    peers: [],
    placement: `${clientCount} clients in one process, anywhere`,
    runs: `one of ${durationMs / 1000} s, a row for every ${windowMs / 1000} s`,
  });
  const report = { environment, rows };
  await file?.writeFile(formatJson(report));
  await context.print(report, formatTable(columns, rows));
}

async function pidOfController(client: HostClient, context: CommandContext): Promise<number> {
  const { parts } = await client.call('Host.GetHost', {}, context);
  const controller = parts.find(({ kind }) => kind === 'PART_KIND_CONTROLLER');
  if (controller === undefined) throw new ArgonError('internal', 'the host names no controller');
  return controller.pid;
}

const milliseconds = (nanoseconds: number): string => `${(nanoseconds / 1e6).toFixed(1)} ms`;

const columns: readonly Column<HostLoadWindow>[] = [
  { title: 'AFTER', of: (row) => `${row.elapsed_s.toFixed(0)} s`, align: 'right' },
  { title: 'CALLS/s', of: (row) => row.calls_per_s.toFixed(0), align: 'right' },
  { title: 'P50', of: (row) => milliseconds(row.p50_ns), align: 'right' },
  { title: 'P99', of: (row) => milliseconds(row.p99_ns), align: 'right' },
  { title: 'MAX', of: (row) => milliseconds(row.max_ns), align: 'right' },
  { title: 'CORES', of: (row) => row.controller_cores.toFixed(2), align: 'right' },
  { title: 'MEMORY', of: (row) => formatBytes(row.controller_bytes), align: 'right' },
];
