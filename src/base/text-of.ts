// SPDX-License-Identifier: Apache-2.0

/** A value for a message that refuses it. Never throws, as String() may: an object can lie. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}
