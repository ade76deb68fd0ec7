// SPDX-License-Identifier: Apache-2.0

// What benchmarks' flags and surroundings have in common.

import { type FileHandle, open } from 'node:fs/promises';
import { cpus } from 'node:os';

import { ArgonError } from '../base/errors.ts';

export interface Placement {
  readonly frontEnd: number;
  readonly backend: readonly number[];
}

/** The front end has a CPU of its own; back ends have others, as many as they can use. */
export function chooseCpus(backendMax: number, count: number = cpus().length): Placement {
  if (count < 2) {
    throw new ArgonError('failed-precondition', 'a benchmark needs two CPUs, and there is one');
  }
  const others = Array.from({ length: count }, (_, cpu) => cpu).filter((cpu) => cpu !== 1);
  return { frontEnd: 1, backend: others.slice(0, backendMax) };
}

/** How often a row is measured. */
export function parseRuns(text: string): number {
  const runs = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (runs === 0) {
    throw new ArgonError('invalid-argument', `--runs is "${text}", and should be from 1 to 999`);
  }
  return runs;
}

/** Before anything is measured: whether there is a place for the result. */
export async function openResult(path: string | undefined): Promise<FileHandle | undefined> {
  return path === undefined ? undefined : await open(path, 'w');
}

/** Milliseconds from seconds with at most one decimal. */
export function parseSeconds(text: string, secondsMax: number, flag = '--seconds'): number {
  const [whole = '', tenths = '0', ...rest] = text.split('.');
  const isNumber = /^\d{1,4}$/.test(whole) && /^\d$/.test(tenths) && rest.length === 0;
  const durationMs = isNumber ? Number(whole) * 1000 + Number(tenths) * 100 : 0;
  if (durationMs === 0 || durationMs > secondsMax * 1000) {
    throw new ArgonError(
      'invalid-argument',
      `${flag} is "${text}", and should be from 0.1 to ${secondsMax}`,
    );
  }
  return durationMs;
}
