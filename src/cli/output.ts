// SPDX-License-Identifier: Apache-2.0

// What a command prints. The result goes to stdout, as a table for people or as JSON or YAML for
// programs; everything else (progress, logs, hints) goes to stderr and never between.

import type { Writable } from 'node:stream';

import { ArgonError } from '../base/errors.ts';

/** `name`: names of resources and nothing else, a line each. */
export const outputFormats = ['table', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  readonly align?: 'left' | 'right';
}

/** Aligned columns with a title line; nothing but the titles for no rows. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => column.of(row))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...cells.map((line) => (line[index] ?? '').length)),
  );
  return cells
    .map((line) =>
      columns
        .map((column, index) => {
          const text = line[index] ?? '';
          const width = widths[index] ?? 0;
          return column.align === 'right' ? text.padStart(width) : text.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** JSON with bigints as numbers where they are exact, else as digits: for people's programs. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, plainNumbers, 2)}\n`;
}

/** The same in one line, for streams: a line each. */
export function formatJsonLine(value: unknown): string {
  return `${JSON.stringify(value, plainNumbers)}\n`;
}

/** A YAML 1.2 document that says what the JSON does. */
export async function formatYaml(value: unknown): Promise<string> {
  // Most commands print no YAML, and start sooner without its reader.
  const { stringify } = await import('yaml');
  return stringify(value, plainNumbers, { lineWidth: 0, aliasDuplicateObjects: false });
}

function plainNumbers(_key: unknown, member: unknown): unknown {
  if (typeof member !== 'bigint') return member;
  const number = Number(member);
  return Number.isSafeInteger(number) ? number : String(member);
}

/**
 * An error as the command line shows it: what, with the object in it, then what to do; and if more
 * is asked for, the reason and what else a host said of it, and the causes.
 */
export function formatError(error: ArgonError, isVerbose: boolean): string {
  const hint = error.hint === undefined ? '' : `hint: ${error.hint}\n`;
  const more = isVerbose ? `${detailsOf(error)}${causesOf(error)}` : '';
  return `error: ${error.message}\n${hint}${more}`;
}

function detailsOf({ code, details }: ArgonError): string {
  return Object.entries({ code, ...details })
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

function causesOf(error: Error): string {
  const cause = error.cause;
  return cause instanceof Error ? `cause: ${cause.stack ?? cause.message}\n${causesOf(cause)}` : '';
}

/** Writes all of a text and waits until it is handed over; a reader that has gone is no error. */
export async function writeAll(stream: Writable, text: string | Uint8Array): Promise<void> {
  const written = Promise.withResolvers<void>();
  stream.write(text, (error) => {
    if (error === undefined || error === null || isBrokenPipe(error)) written.resolve();
    else written.reject(ArgonError.from(error));
  });
  await written.promise;
}

function isBrokenPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}
