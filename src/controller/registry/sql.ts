// SPDX-License-Identifier: Apache-2.0

// Statements that tables of the registry share.

import type { DatabaseSync } from 'node:sqlite';

import { ArgonError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/parse.ts';
import type { Row } from './rows.ts';

/** Some of a list, in the order in which its members were made. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined on the last. */
  readonly nextOrdinal: number | undefined;
}

export interface PageRequest {
  readonly afterOrdinal: number;
  readonly count: number;
}

const allRows: PageRequest = { afterOrdinal: 0, count: Number.MAX_SAFE_INTEGER - 1 };

/** Rows of a table that has an ordinal. */
export function selectPage<Item>(
  database: DatabaseSync,
  table: string,
  parse: (row: JsonObject) => Item,
  { afterOrdinal, count }: PageRequest = allRows,
): Page<Item> {
  const statement = `SELECT * FROM ${table} WHERE ordinal > ? ORDER BY ordinal LIMIT ?`;
  const rows = database.prepare(statement).all(afterOrdinal, count + 1);
  const shown = rows.slice(0, count);
  const last = shown.at(-1)?.['ordinal'];
  const isMore = rows.length > shown.length && typeof last === 'number';
  return { items: shown.map(parse), nextOrdinal: isMore ? last : undefined };
}

/**
 * Adds a row, or replaces the one with its key. `what` is what may be another's already.
 * @throws ArgonError already-exists.
 */
export function upsert(
  database: DatabaseSync,
  table: string,
  key: string,
  row: Row,
  what: string,
): void {
  const names = Object.keys(row);
  const updates = names.filter((name) => name !== key).map((name) => `${name}=excluded.${name}`);
  const statement = `INSERT INTO ${table} (${names.join(', ')})
    VALUES (${names.map(() => '?').join(', ')})
    ON CONFLICT (${key}) DO UPDATE SET ${updates.join(', ')}`;
  try {
    database.prepare(statement).run(...Object.values(row));
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new ArgonError('already-exists', `${what} is taken`, { cause });
  }
}

// SQLITE_CONSTRAINT_UNIQUE of sqlite3.h.
const uniqueViolation = 2067;

function isUniqueViolation(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === uniqueViolation;
}
