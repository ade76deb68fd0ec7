// SPDX-License-Identifier: Apache-2.0

// Lab files on disk, and the schema that editors check them against.

import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { ArgonError, codeOfErrno, errnoName } from '../../base/errors.ts';
import type { ResourceDocument } from '../document/write.ts';
import { formatYaml } from '../output.ts';
import { type Lab, readLab } from './lab.ts';

/** Where the JSON Schema of lab files is, which the generator writes. */
export const labSchemaPath = fileURLToPath(
  new URL('../../api/generated/lab.schema.json', import.meta.url),
);

/** Reads a lab file; `-` is stdin. */
export async function openLab(path: string): Promise<Lab> {
  if (path === '-') return readLab(await readAll(process.stdin), 'stdin');
  try {
    return readLab(await readFile(path, 'utf8'), path);
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno === undefined) throw thrown;
    throw new ArgonError(codeOfErrno(errno), `${path} cannot be read (${errno})`, {
      cause: thrown,
      hint: 'give the path of a lab file; argon config dump writes one',
    });
  }
}

/** A lab file whose first line tells editors where its schema is. */
export async function labFileText(lab: ResourceDocument): Promise<string> {
  const head = `# yaml-language-server: $schema=${labSchemaPath}\n`;
  return Object.keys(lab).length === 0 ? head : `${head}${await formatYaml(lab)}`;
}
