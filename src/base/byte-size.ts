// SPDX-License-Identifier: Apache-2.0

import { type Brand, brand } from './brand.ts';
import { ArgonError } from './errors.ts';
import { textOf } from './text-of.ts';

/** A size in bytes: a whole number from 0 to 2^53 - 1. */
export type Bytes = Brand<number, 'Bytes'>;

const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/**
 * Reads a size as users write it: `4096`, `64KiB`, `1GiB`, `1.5G`. Units are binary.
 * @throws ArgonError invalid-argument, naming the text.
 */
export function parseBytes(text: unknown): Bytes {
  if (typeof text === 'number') return checkedBytes(text, String(text));
  const match = typeof text === 'string' ? /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) : null;
  const unit = units[(match?.[2] ?? 'none').toUpperCase()];
  if (match?.[1] === undefined || unit === undefined) {
    throw new ArgonError('invalid-argument', `"${textOf(text)}" is not a size`, {
      hint: 'write a number with a unit, for example 4096, 64KiB, 512MiB or 1GiB',
    });
  }
  return checkedBytes(Number(match[1]) * unit, String(text));
}

/** A count of bytes with a binary unit, for people: `1.0 GiB`, `512 B`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let count = String(bytes);
  let unit = 'B';
  for (const next of ['KiB', 'MiB', 'GiB', 'TiB']) {
    // What is shown decides, so that nothing rounds to 1024.0 of a unit.
    if (Number(count) < 1024) break;
    value /= 1024;
    count = value.toFixed(1);
    unit = next;
  }
  return `${count} ${unit}`;
}

function checkedBytes(value: number, text: string): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ArgonError('invalid-argument', `"${text}" is not a whole number of bytes`);
  }
  return brand<Bytes>(value);
}
