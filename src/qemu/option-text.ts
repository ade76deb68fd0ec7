// SPDX-License-Identifier: Apache-2.0

// QEMU's option syntax, the one place that writes it: `head,key=value,…`, a comma in a value
// doubled. Keys and heads are ours and plain; values may come from users.

import { ArgonError } from '../base/errors.ts';

/** A value as QEMU's options take it; booleans become `on` and `off`. */
export type OptionValue = string | number | boolean;

export type OptionPairs = Readonly<Record<string, OptionValue>>;

/**
 * Writes an option's argument. `head` is the value of its implied first key (`socket`, `q35`).
 * @throws ArgonError invalid-argument for a value that no command line can carry.
 */
export function formatOption(head: string | undefined, pairs: OptionPairs): string {
  const parts = Object.entries(pairs).map(
    ([key, value]) => `${checkPlain(key)}=${escapeOptionValue(formatValue(value))}`,
  );
  return (head === undefined ? parts : [checkPlain(head), ...parts]).join(',');
}

/** A value with each comma doubled, which is all that QEMU's option parser asks for. */
export function escapeOptionValue(value: string): string {
  if (value.includes('\0')) {
    throw new ArgonError('invalid-argument', 'a QEMU option cannot hold a NUL character');
  }
  return value.replaceAll(',', ',,');
}

function formatValue(value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}

// A head with "=" or "," would be read as another key; both come from profiles and from this
// folder.
function checkPlain(word: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(word)) {
    throw new ArgonError('invalid-argument', `"${word}" is not a QEMU option name`);
  }
  return word;
}
