// SPDX-License-Identifier: Apache-2.0

// The rows of `argon bench block`: what of ours is measured, what it is compared with, and how much
// of that it should reach. A goal is our figure over the other's; of latencies the other's over
// ours, so that more is always better.

import { ArgonError } from '../base/errors.ts';
import {
  type BackendPolling,
  type BenchCipher,
  type BenchStore,
  type Contender,
  type Measure,
  random4k,
  sequential128k,
  type Workload,
} from './workload.ts';

/** A row that is measured by load. */
export interface SpeedRow {
  readonly name: string;
  /** For people. */
  readonly work: string;
  readonly measure: Measure;
  readonly ours: Contender;
  readonly other?: Contender;
  /** At least this ratio; without one the row is for information. */
  readonly goal?: number;
}

function ours(
  store: BenchStore,
  cipher: BenchCipher,
  workload: Workload,
  polling: BackendPolling = 'always',
): Contender {
  return { kind: 'argon', target: { store, cipher }, polling, workload };
}

// Its iothread polls as it does by itself, except where a row is about not polling.
function qsd(
  store: BenchStore,
  cipher: BenchCipher,
  workload: Workload,
  polling: BackendPolling = 'adaptive',
): Contender {
  return { kind: 'qemu-storage-daemon', target: { store, cipher }, polling, workload };
}

function fio(store: 'tmpfs' | 'disk', workload: Workload): Contender {
  return { kind: 'fio', store, workload };
}

const read1 = random4k('randread', 1);
const read32 = random4k('randread', 32);
const write32 = random4k('randwrite', 32);
const sleeping: Workload = { ...read1, wait: 'eventfd' };

const nullRows: readonly SpeedRow[] = [
  {
    name: 'null-read-32',
    work: '4 KiB random read, depth 32, null store',
    measure: 'iops',
    ours: ours('null', 'none', read32),
    other: qsd('null', 'none', read32),
    goal: 1.7,
  },
  {
    name: 'null-read-1',
    work: '4 KiB random read, depth 1, null store, polling',
    measure: 'iops',
    ours: ours('null', 'none', read1),
    other: qsd('null', 'none', read1),
    goal: 3,
  },
  {
    name: 'null-eventfd-1',
    work: 'p50 at depth 1, null store, eventfds, back ends poll as they like',
    measure: 'p50_ns',
    ours: ours('null', 'none', sleeping, 'adaptive'),
    other: qsd('null', 'none', sleeping),
    goal: 1,
  },
  {
    name: 'null-sleep-1',
    work: 'p50 at depth 1, null store, eventfds, back ends never poll',
    measure: 'p50_ns',
    ours: ours('null', 'none', sleeping, 'off'),
    other: qsd('null', 'none', sleeping, 'off'),
    goal: 1,
  },
];

const memoryRows: readonly SpeedRow[] = [
  {
    name: 'memory-read-32',
    work: '4 KiB random read, depth 32, memory store, beside a plain tmpfs file',
    measure: 'iops',
    ours: ours('memory', 'none', read32),
    other: qsd('tmpfs', 'none', read32),
    goal: 4,
  },
  {
    name: 'memory-encrypted-read-32',
    work: '4 KiB random read, depth 32, memory store, encrypted, beside LUKS on tmpfs',
    measure: 'iops',
    ours: ours('memory', 'encrypted', read32),
    other: qsd('tmpfs', 'encrypted', read32),
    goal: 10,
  },
  {
    name: 'memory-encryption-cost',
    work: '4 KiB random read, depth 32, memory store: encrypted beside plain',
    measure: 'iops',
    ours: ours('memory', 'encrypted', read32),
    other: ours('memory', 'none', read32),
    goal: 0.7,
  },
  ...(['read', 'write'] as const).map(
    (rw): SpeedRow => ({
      name: `memory-encrypted-${rw}-128k`,
      work: `128 KiB sequential ${rw}, memory store, encrypted, beside the bare cipher`,
      measure: 'bytes_per_s',
      ours: ours('memory', 'encrypted', sequential128k(rw)),
      other: { kind: 'aes-256-xts', operation: rw === 'read' ? 'decrypt' : 'encrypt' },
      goal: 0.6,
    }),
  ),
];

const tmpfsRows: readonly SpeedRow[] = [
  {
    name: 'tmpfs-read-32',
    work: '4 KiB random read, depth 32, tmpfs file, beside fio on the file',
    measure: 'iops',
    ours: ours('tmpfs', 'none', read32),
    other: fio('tmpfs', read32),
    goal: 0.85,
  },
  {
    name: 'tmpfs-encrypted-read-32',
    work: '4 KiB random read, depth 32, tmpfs file, encrypted, beside LUKS',
    measure: 'iops',
    ours: ours('tmpfs', 'encrypted', read32),
    other: qsd('tmpfs', 'encrypted', read32),
    goal: 5,
  },
  {
    name: 'tmpfs-encrypted-write-32',
    work: '4 KiB random write, depth 32, tmpfs file, encrypted, beside LUKS',
    measure: 'iops',
    ours: ours('tmpfs', 'encrypted', write32),
    other: qsd('tmpfs', 'encrypted', write32),
    goal: 4,
  },
  ...(['none', 'encrypted'] as const).map(
    (cipher): SpeedRow => ({
      name: cipher === 'none' ? 'tmpfs-read-1' : 'tmpfs-encrypted-read-1',
      work: `4 KiB random read, depth 1, tmpfs file${cipher === 'none' ? '' : ', encrypted'}`,
      measure: 'iops',
      ours: ours('tmpfs', cipher, read1),
      other: qsd('tmpfs', cipher, read1),
    }),
  ),
];

const diskRows: readonly SpeedRow[] = (['none', 'encrypted'] as const).flatMap((cipher) =>
  ([read32, write32] as const).map((workload): SpeedRow => {
    const direction = workload.rw === 'randread' ? 'read' : 'write';
    return {
      name: `disk-${cipher === 'none' ? '' : 'encrypted-'}${direction}-32`,
      work:
        `4 KiB random ${direction}, depth 32, file on disk, O_DIRECT, ` +
        `${cipher === 'none' ? 'plain' : 'encrypted'}, beside fio on the file`,
      measure: 'iops',
      ours: ours('disk', cipher, workload),
      other: fio('disk', workload),
      goal: 0.95,
    };
  }),
);

/** Queue counts that scaling is shown for. */
export const queueCounts = [1, 2, 3, 4] as const;

/** The name of the row that shows scaling to a number of queues. */
export function scalingRowName(queues: number): string {
  return `queues-${queues}`;
}

// A worker for each queue. They share CPUs where there are too few, so none spins.
const scalingRows: readonly SpeedRow[] = queueCounts.map((queues) => ({
  name: scalingRowName(queues),
  work: `4 KiB random read, depth 32 on each of ${queues} queues, memory store, encrypted`,
  measure: 'iops',
  ours: ours('memory', 'encrypted', { ...read32, queues }, 'adaptive'),
}));

/** All rows, in the order they are measured. */
export const speedRows: readonly SpeedRow[] = [
  ...nullRows,
  ...memoryRows,
  ...tmpfsRows,
  ...diskRows,
  ...scalingRows,
];

/**
 * The names among `names` that a comma-separated list of patterns asks for; `*` is anything.
 * @throws ArgonError invalid-argument for a pattern that nothing has.
 */
export function pickRows(
  names: readonly string[],
  patterns: string,
  command = 'argon bench block',
): ReadonlySet<string> {
  const picked = new Set<string>();
  for (const pattern of patterns.split(',')) {
    const matcher = new RegExp(
      `^${pattern.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`).replaceAll('*', '.*')}$`,
    );
    const found = names.filter((name) => matcher.test(name));
    if (found.length === 0) {
      throw new ArgonError('invalid-argument', `no row of the benchmark is named "${pattern}"`, {
        hint: `"${command} --list" shows the names; * stands for anything`,
      });
    }
    for (const name of found) picked.add(name);
  }
  return picked;
}
