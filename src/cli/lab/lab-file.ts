// SPDX-License-Identifier: Apache-2.0

// Lab files on disk, and the schema beside a host that editors check them against.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';

import { ArgonError, codeOfErrno, errnoName } from '../../base/errors.ts';
import { ensureStateSubdir, type StateDir } from '../../base/state-dir.ts';
import type { ResourceDocument } from '../document/write.ts';
import { formatJson, formatYaml } from '../output.ts';
import { type Lab, readLab } from './lab.ts';
import { labSchema } from './schema.ts';

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

/** A lab file whose first line tells editors where its schema is; the schema is written there. */
export async function labFileText(stateDir: StateDir, lab: ResourceDocument): Promise<string> {
  const path = join(await ensureStateSubdir(stateDir, 'host'), 'lab.schema.json');
  await writeFile(path, formatJson(labSchema()));
  const isEmpty = Object.keys(lab).length === 0;
  return `# yaml-language-server: $schema=${path}\n${isEmpty ? '' : await formatYaml(lab)}`;
}
