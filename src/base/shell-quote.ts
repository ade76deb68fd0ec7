// SPDX-License-Identifier: Apache-2.0

/** A word as a POSIX shell must see it to hand on exactly these characters. */
export function quoteForShell(word: string): string {
  // What follows needs no quotes in any shell; a leading = or ~ is expanded by some.
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
