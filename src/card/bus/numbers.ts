// SPDX-License-Identifier: Apache-2.0

import { ArgonError } from '../../base/errors.ts';
import { parseString } from '../../base/parse.ts';

/**
 * A 64-bit number as decimal text, as it goes over the card bus.
 * @throws ArgonError invalid-argument.
 */
export function parseBigint(value: unknown, what: string): bigint {
  const text = parseString(value, what);
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new ArgonError('invalid-argument', `${what} is not a 64-bit number`);
  }
  return BigInt(text);
}
