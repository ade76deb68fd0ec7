// SPDX-License-Identifier: Apache-2.0

// `argon bench block` and `argon bench crypto`.

import { type FileHandle, open } from 'node:fs/promises';
import { cpus } from 'node:os';

import type { Command } from 'commander';

import { formatBytes, parseBytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import { parseChoice } from '../base/parse.ts';
import { ensureStateSubdir } from '../base/state-dir.ts';
import { argonBackend } from '../harness/argon-backend.ts';
import { benchBlock } from '../harness/bench-block.ts';
import { describeEnvironment } from '../harness/bench-environment.ts';
import { qsdBackend } from '../harness/qsd-backend.ts';
import {
  type BenchRow,
  type BenchStore,
  type BenchTarget,
  standardWorkloads,
  type Workload,
} from '../harness/workload.ts';
import { loadFrontendAddon, loadHostAddon } from '../native/binding.ts';
import { native } from '../native/error-kind.ts';
import type { CommandContext } from './context.ts';
import { type Column, formatJson, formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface BlockFlags {
  readonly json?: string;
  readonly peer?: string;
  readonly size: string;
  readonly seconds: string;
  readonly stores: string;
  readonly rw: string;
}

interface CryptoFlags {
  readonly json?: string;
  readonly seconds: string;
}

const stores = ['null', 'memory', 'tmpfs', 'disk'] as const;
const directions = ['randread', 'randwrite', 'read', 'write'] as const;

export function addBenchCommand(program: Command, run: Run): void {
  const bench = program.command('bench').description('measure back ends without a guest');
  bench
    .command('block')
    .description('load the block back end over its socket, beside a peer on the same machine')
    .option('--json <file>', 'write environment and rows to a file')
    .option('--peer <name>', 'measure another back end too: qemu-storage-daemon')
    .option('--size <size>', 'size of the device', '256MiB')
    .option('--seconds <n>', 'how long each row is measured; a tenth or more', '2')
    .option('--stores <list>', 'which of null,memory,tmpfs,disk', stores.join(','))
    .option('--rw <list>', 'which of randread,randwrite,read,write', directions.join(','))
    .addHelpText(
      'after',
      `
The front end polls on CPU 1 and the back end runs on CPU 0, one queue. Every row is measured
after the whole device was written once. "memory" has no counterpart in the peer; compare it
with the peer's tmpfs file.
`,
    )
    .action(async (flags: BlockFlags) => run(async (context) => benchBlockCommand(context, flags)));
  bench
    .command('crypto')
    .description('the bare rates of the ciphers on one core, which bound the rest')
    .option('--json <file>', 'write environment and rows to a file')
    .option('--seconds <n>', 'how long each row is measured; a tenth or more', '1')
    .action(async (flags: CryptoFlags) =>
      run(async (context) => benchCryptoCommand(context, flags)),
    );
}

/** The CPUs of front end and back end: two different ones where there are two. */
function chooseCpus(): { readonly frontEnd: number; readonly backend: number } {
  if (cpus().length < 2) {
    throw new ArgonError('failed-precondition', 'a benchmark needs two CPUs, and there is one');
  }
  return { frontEnd: 1, backend: 0 };
}

function parseStores(text: string): readonly BenchTarget[] {
  const named: readonly BenchStore[] = text
    .split(',')
    .map((name) => parseChoice(name, '--stores', stores));
  return named.flatMap((store) => [
    { store, cipher: 'none' },
    { store, cipher: 'encrypted' },
  ]);
}

function parseWorkloads(text: string): readonly Workload[] {
  const named = text.split(',').map((name) => parseChoice(name, '--rw', directions));
  return standardWorkloads.filter(({ rw }) => named.includes(rw));
}

/** Milliseconds from seconds with at most one decimal. */
function parseSeconds(text: string, secondsMax: number): number {
  const [whole = '', tenths = '0', ...rest] = text.split('.');
  const isNumber = /^\d{1,4}$/.test(whole) && /^\d$/.test(tenths) && rest.length === 0;
  const durationMs = isNumber ? Number(whole) * 1000 + Number(tenths) * 100 : 0;
  if (durationMs === 0 || durationMs > secondsMax * 1000) {
    throw new ArgonError(
      'invalid-argument',
      `--seconds is "${text}", and should be from 0.1 to ${secondsMax}`,
    );
  }
  return durationMs;
}

// Before anything is measured: whether there is a place for the result.
async function openReport(path: string | undefined): Promise<FileHandle | undefined> {
  return path === undefined ? undefined : await open(path, 'w');
}

async function benchBlockCommand(context: CommandContext, flags: BlockFlags): Promise<void> {
  const peer =
    flags.peer === undefined
      ? undefined
      : parseChoice(flags.peer, '--peer', ['qemu-storage-daemon']);
  const asked = {
    targets: parseStores(flags.stores),
    workloads: parseWorkloads(flags.rw),
    sizeBytes: parseBytes(flags.size),
    durationMs: parseSeconds(flags.seconds, 3600),
  };
  const cpuOf = chooseCpus();
  await using file = await openReport(flags.json);
  const rows = await benchBlock({
    ...asked,
    addon: loadFrontendAddon(),
    backends: peer === undefined ? [argonBackend] : [argonBackend, qsdBackend],
    frontEndCpu: cpuOf.frontEnd,
    backendCpu: cpuOf.backend,
    diskDir: await ensureStateSubdir(context.stateDir, 'bench'),
    progress: context.stages,
    signal: context.signal,
  });
  context.stages.ok();
  const report = { environment: await describeEnvironment(cpuOf, peer), rows };
  await file?.writeFile(formatJson(report));
  await context.print(report, formatTable(blockColumns, rows));
}

const blockColumns: readonly Column<BenchRow>[] = [
  { title: 'BACKEND', of: (row) => row.backend },
  { title: 'STORE', of: (row) => row.store },
  { title: 'CIPHER', of: (row) => row.cipher },
  { title: 'RW', of: (row) => row.rw },
  { title: 'BLOCK', of: (row) => formatBytes(row.bs), align: 'right' },
  { title: 'DEPTH', of: (row) => String(row.iodepth), align: 'right' },
  { title: 'KIOPS', of: (row) => (row.iops / 1000).toFixed(1), align: 'right' },
  { title: 'GB/s', of: (row) => (row.bytes_per_s / 1e9).toFixed(2), align: 'right' },
  { title: 'P50 us', of: (row) => (row.p50_ns / 1000).toFixed(1), align: 'right' },
  { title: 'P99 us', of: (row) => (row.p99_ns / 1000).toFixed(1), align: 'right' },
  { title: 'P99.9 us', of: (row) => (row.p999_ns / 1000).toFixed(1), align: 'right' },
  { title: 'CPU', of: (row) => row.backend_cpu.toFixed(2), align: 'right' },
];

interface CryptoRow {
  readonly cipher: string;
  readonly operation: string;
  readonly unit_bytes: number;
  readonly bytes_per_s: number;
}

async function benchCryptoCommand(context: CommandContext, flags: CryptoFlags): Promise<void> {
  const durationMs = parseSeconds(flags.seconds, 600);
  const cpuOf = chooseCpus();
  await using file = await openReport(flags.json);
  const rates = await native(
    loadHostAddon().measureCrypto({
      durationNs: BigInt(durationMs) * 1_000_000n,
      cpus: [cpuOf.backend],
    }),
  );
  const rows: readonly CryptoRow[] = rates.map((rate) => ({
    cipher: rate.cipher,
    operation: rate.operation,
    unit_bytes: rate.unitBytes,
    bytes_per_s: Number(rate.bytesPerSecond),
  }));
  const report = { environment: await describeEnvironment(cpuOf, undefined), rows };
  await file?.writeFile(formatJson(report));
  await context.print(report, formatTable(cryptoColumns, rows));
}

const cryptoColumns: readonly Column<CryptoRow>[] = [
  { title: 'CIPHER', of: (row) => row.cipher },
  { title: 'OPERATION', of: (row) => row.operation },
  { title: 'UNIT', of: (row) => formatBytes(row.unit_bytes), align: 'right' },
  { title: 'GB/s', of: (row) => (row.bytes_per_s / 1e9).toFixed(2), align: 'right' },
];
