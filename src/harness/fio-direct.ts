// SPDX-License-Identifier: Apache-2.0

// fio with io_uring straight on a file: what the host gives without any back end.

import { join } from 'node:path';

import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { run } from '../base/subprocess.ts';
import { parseFioResult } from '../guest/fio-result.ts';
import type { BenchSample, Workload } from './workload.ts';

export interface FioOptions extends Cancellable {
  readonly workload: Workload;
  /** A file that is there and written, of `sizeBytes`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Whether requests go around the page cache. */
  readonly isDirect: boolean;
  readonly cpus: readonly number[];
  readonly durationMs: number;
  readonly warmupMs: number;
}

/** fio's arguments; a function of its own so that what is compared can be read in a test. */
export function fioArguments(options: FioOptions): readonly string[] {
  const { workload, path, sizeBytes, isDirect, cpus, durationMs, warmupMs } = options;
  return [
    '--name=bench',
    `--filename=${path}`,
    `--size=${sizeBytes}`,
    `--rw=${workload.rw}`,
    `--bs=${workload.blockBytes}`,
    `--iodepth=${workload.depth}`,
    '--ioengine=io_uring',
    `--direct=${isDirect ? 1 : 0}`,
    `--cpus_allowed=${cpus.join(',')}`,
    '--time_based',
    `--runtime=${durationMs}ms`,
    `--ramp_time=${warmupMs}ms`,
    '--norandommap',
    '--randrepeat=0',
    '--output-format=json',
  ];
}

/** The file that fio works on in a folder. */
export function fioFile(dir: string): string {
  return join(dir, 'fio.data');
}

/** Measures a file. fio is front end and back end in one. */
export async function runFio(options: FioOptions): Promise<BenchSample> {
  const output = await run('fio', fioArguments(options), { signal: options.signal });
  const result = parseFioResult(output);
  const direction = options.workload.rw.endsWith('read') ? result.read : result.write;
  if (direction === undefined || result.errorCount > 0) {
    throw new ArgonError('data-loss', 'fio made no requests, or some of them failed');
  }
  return {
    iops: Math.round(direction.iops),
    bytes_per_s: Math.round(direction.bytesPerS),
    p50_ns: direction.latencyNs?.p50 ?? 0,
    ...(direction.latencyNs === undefined
      ? {}
      : { p99_ns: direction.latencyNs.p99, p999_ns: direction.latencyNs.p999 }),
  };
}
