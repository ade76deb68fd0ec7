// SPDX-License-Identifier: Apache-2.0

import { ArgonError } from '../base/errors.ts';

const cpuMax = 1023;

/**
 * Reads a CPU list as taskset writes it: `0`, `0,2`, `0-3,8`.
 * @throws ArgonError invalid-argument, naming the text.
 */
export function parseCpuList(text: string): readonly number[] {
  const cpus = text.split(',').flatMap((item) => {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(item.trim());
    const first = Number(match?.[1]);
    const last = match?.[2] === undefined ? first : Number(match[2]);
    if (match === null || first > last || last > cpuMax) {
      throw new ArgonError('invalid-argument', `"${text}" is not a CPU list`, {
        hint: 'write numbers and ranges, for example 0,2-3',
      });
    }
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(cpus)];
}
