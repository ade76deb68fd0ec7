// SPDX-License-Identifier: Apache-2.0

// `argon bench`, and `block` and `crypto` of it.

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

import type { Command } from 'commander';

import { formatBytes, parseBytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import { ensureStateSubdir } from '../base/state-dir.ts';
import { type BenchOptions, benchBlock } from '../harness/bench-block.ts';
import { describeEnvironment } from '../harness/bench-environment.ts';
import {
  type BenchReport,
  formatFigure,
  formatGoal,
  formatReached,
  renderReport,
} from '../harness/bench-report.ts';
import type { BenchResult } from '../harness/bench-result.ts';
import { benchIdle, type IdleRow, idleRows } from '../harness/idle-bench.ts';
import {
  pickRows,
  queueCounts,
  type SpeedRow,
  scalingRowName,
  speedRows,
} from '../harness/speed-rows.ts';
import { loadFrontendAddon, loadHostAddon } from '../native/binding.ts';
import { native } from '../native/error-kind.ts';
import { chooseCpus, openResult, type Placement, parseRuns, parseSeconds } from './bench-flags.ts';
import { addBenchHostCommand } from './bench-host-command.ts';
import { addBenchNetworkCommand } from './bench-network-command.ts';
import type { CommandContext } from './context.ts';
import { type Column, formatJson, formatTable } from './output.ts';

// Programs that rows may be compared with; others are parts of ours.
const peerPrograms = ['qemu-storage-daemon', 'fio'] as const;

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface BlockFlags {
  readonly json?: string;
  readonly report?: string;
  readonly rows: string;
  readonly runs: string;
  readonly queues: string;
  readonly peers: boolean;
  readonly list: boolean;
  readonly size: string;
  readonly seconds: string;
  readonly idleSeconds: string;
}

interface CryptoFlags {
  readonly json?: string;
  readonly seconds: string;
}

export function addBenchCommand(program: Command, run: Run): void {
  const bench = program
    .command('bench')
    .description('measure back ends without a guest, and a host');
  bench
    .command('block')
    .description('load the block back end over its socket, beside others on the same machine')
    .option('--rows <patterns>', 'which rows, separated by commas; * stands for anything', '*')
    .option('--list', 'show the rows and what they should reach, and measure nothing', false)
    .option('--runs <n>', 'how often each row is measured; the median counts', '5')
    .option('--seconds <n>', 'how long each run is measured; a tenth or more', '2')
    .option('--queues <range>', 'for how many queues the scaling rows run: 1..4, 2, 1..2', '1..4')
    .option('--size <size>', 'size of the device', '256MiB')
    .option('--idle-seconds <n>', 'how long idle devices are watched', '10')
    .option('--no-peers', 'measure ours alone')
    .option('--json <file>', 'write environment and results to a file')
    .option('--report <dir>', 'write index.html, one page with plots, and results.json to a folder')
    .addHelpText(
      'after',
      `
The front end polls on CPU 1 and back ends run on the others. Every row is measured after the
whole device was written once; ours and the others take turns in each run. Of an other with
variants (aio=io_uring and aio=threads; fio on one CPU and on all) the better one counts.
Quiet machines measure best: stop everything else.
`,
    )
    .action(async (flags: BlockFlags) => run(async (context) => benchBlockCommand(context, flags)));
  addBenchNetworkCommand(bench, run);
  addBenchHostCommand(bench, run);
  bench
    .command('crypto')
    .description('the bare rates of the ciphers on one core, which bound the rest')
    .option('--json <file>', 'write environment and rows to a file')
    .option('--seconds <n>', 'how long each row is measured; a tenth or more', '1')
    .action(async (flags: CryptoFlags) =>
      run(async (context) => benchCryptoCommand(context, flags)),
    );
}

function describePlacement({ frontEnd, backend }: Placement): string {
  const shared =
    backend.length < Math.max(...queueCounts)
      ? `; workers of more than ${backend.length} queues share them`
      : '';
  return `front end on CPU ${frontEnd}, back ends on CPU ${backend.join(', ')}${shared}`;
}

/** Reads `1..4` or `2`. */
function parseQueues(text: string): readonly number[] {
  const [, first, last] = /^([1-4])(?:\.\.([1-4]))?$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last ?? first) };
  const counts = queueCounts.filter((count) => count >= range.first && count <= range.last);
  if (counts.length === 0) {
    throw new ArgonError('invalid-argument', `--queues is "${text}", and should be like 1..4 or 2`);
  }
  return counts;
}

interface PickedRows {
  readonly speed: readonly SpeedRow[];
  readonly idle: readonly IdleRow[];
}

function pickedRows(patterns: string, queues: readonly number[]): PickedRows {
  const skipped = queueCounts.filter((count) => !queues.includes(count)).map(scalingRowName);
  const names = pickRows(
    [...speedRows, ...idleRows].map(({ name }) => name),
    patterns,
  );
  return {
    speed: speedRows.filter(({ name }) => names.has(name) && !skipped.includes(name)),
    idle: idleRows.filter(({ name }) => names.has(name)),
  };
}

async function openReport(
  dir: string | undefined,
  stack: AsyncDisposableStack,
): Promise<{ readonly page: FileHandle; readonly results: FileHandle } | undefined> {
  if (dir === undefined) return undefined;
  await mkdir(dir, { recursive: true });
  const page = stack.use(await open(join(dir, 'index.html'), 'w'));
  return { page, results: stack.use(await open(join(dir, 'results.json'), 'w')) };
}

async function benchBlockCommand(context: CommandContext, flags: BlockFlags): Promise<void> {
  const rows = pickedRows(flags.rows, parseQueues(flags.queues));
  if (flags.list) {
    const listed = [...rows.speed.map(listedSpeed), ...rows.idle.map(listedIdle)];
    await context.print(listed, formatTable(rowColumns, listed));
    return;
  }
  const asked = {
    runCount: parseRuns(flags.runs),
    sizeBytes: parseBytes(flags.size),
    durationMs: parseSeconds(flags.seconds, 3600),
    watchMs: parseSeconds(flags.idleSeconds, 3600, '--idle-seconds'),
  };
  const placement = chooseCpus(Math.max(...queueCounts));
  await using stack = new AsyncDisposableStack();
  const file = await openResult(flags.json);
  if (file !== undefined) stack.use(file);
  const report = await openReport(flags.report, stack);
  const measured = await measureRows(context, rows, asked, placement, flags.peers);
  const others = new Set(flags.peers ? rows.speed.map(({ other }) => other?.kind) : []);
  const result: BenchReport = {
    environment: await describeEnvironment({
      peers: peerPrograms.filter((program) => others.has(program)),
      placement: describePlacement(placement),
      runs: `median of ${asked.runCount} runs of ${asked.durationMs / 1000} s, taking turns`,
    }),
    results: measured,
  };
  await file?.writeFile(formatJson(result));
  await report?.results.writeFile(formatJson(result));
  await report?.page.writeFile(renderReport(result));
  await context.print(result, formatTable(blockColumns, measured));
}

async function measureRows(
  context: CommandContext,
  rows: PickedRows,
  asked: Pick<BenchOptions, 'runCount' | 'sizeBytes' | 'durationMs'> & { readonly watchMs: number },
  { frontEnd, backend }: Placement,
  withOthers: boolean,
): Promise<readonly BenchResult[]> {
  const { signal, stages } = context;
  const addon = loadFrontendAddon();
  const loaded = await benchBlock({
    ...asked,
    addon,
    host: loadHostAddon(),
    rows: rows.speed,
    withOthers,
    frontEndCpu: frontEnd,
    backendCpus: backend,
    diskDir: await ensureStateSubdir(context.stateDir, 'bench'),
    progress: stages,
    signal,
  });
  if (rows.idle.length > 0) stages.step('idle devices');
  const idle = await benchIdle(rows.idle, { addon, watchMs: asked.watchMs, signal });
  stages.ok();
  return [...loaded, ...idle];
}

interface ListedRow {
  readonly name: string;
  readonly work: string;
  readonly goal: string;
}

function listedSpeed({ name, work, goal }: SpeedRow): ListedRow {
  return { name, work, goal: goal === undefined ? '' : `≥ ${goal} ×` };
}

function listedIdle({ name, work, figure, limit }: IdleRow): ListedRow {
  const unit = figure === 'cores' ? 'cores' : 'bytes';
  return { name, work, goal: `< ${formatFigure(limit, unit)}` };
}

const rowColumns: readonly Column<ListedRow>[] = [
  { title: 'ROW', of: (row) => row.name },
  { title: 'GOAL', of: (row) => row.goal },
  { title: 'WORK', of: (row) => row.work },
];

const blockColumns: readonly Column<BenchResult>[] = [
  { title: 'ROW', of: (row) => row.row },
  { title: 'ARGON', of: (row) => formatFigure(row.ours, row.unit), align: 'right' },
  {
    title: 'OTHER',
    of: (row) => (row.other === undefined ? '' : formatFigure(row.other, row.unit)),
    align: 'right',
  },
  { title: 'WHICH', of: (row) => row.other_name ?? '' },
  { title: 'RATIO', of: (row) => row.ratio?.toFixed(2) ?? '', align: 'right' },
  { title: 'GOAL', of: formatGoal, align: 'right' },
  { title: 'REACHED', of: formatReached },
];

interface CryptoRow {
  readonly cipher: string;
  readonly operation: string;
  readonly unit_bytes: number;
  readonly bytes_per_s: number;
}

async function benchCryptoCommand(context: CommandContext, flags: CryptoFlags): Promise<void> {
  const durationMs = parseSeconds(flags.seconds, 600);
  const placement = chooseCpus(Math.max(...queueCounts));
  await using file = await openResult(flags.json);
  const [cpu = 0] = placement.backend;
  const rates = await native(
    loadHostAddon().measureCrypto({
      durationNs: BigInt(durationMs) * 1_000_000n,
      cpus: [cpu],
    }),
  );
  const rows: readonly CryptoRow[] = rates.map((rate) => ({
    cipher: rate.cipher,
    operation: rate.operation,
    unit_bytes: rate.unitBytes,
    bytes_per_s: Number(rate.bytesPerSecond),
  }));
  const environment = await describeEnvironment({
    peers: [],
    placement: `the cipher on CPU ${cpu}`,
    runs: `one of ${durationMs / 1000} s`,
  });
  const report = { environment, rows };
  await file?.writeFile(formatJson(report));
  await context.print(report, formatTable(cryptoColumns, rows));
}

const cryptoColumns: readonly Column<CryptoRow>[] = [
  { title: 'CIPHER', of: (row) => row.cipher },
  { title: 'OPERATION', of: (row) => row.operation },
  { title: 'UNIT', of: (row) => formatBytes(row.unit_bytes), align: 'right' },
  { title: 'GB/s', of: (row) => (row.bytes_per_s / 1e9).toFixed(2), align: 'right' },
];
