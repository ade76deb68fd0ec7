// SPDX-License-Identifier: Apache-2.0

// What the flags of benchmarks have in common.

import { ArgonError } from '../base/errors.ts';

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
