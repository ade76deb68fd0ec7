// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Puts shell scripts before the real programs of the same names until the folder is gone. */
  fakePrograms(scripts: Readonly<Record<string, string>>): Promise<void>;
}

/** A folder for one test, removed at its end: `await using dir = await createTempDir()`. */
export async function createTempDir(): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), 'argon-image-'));
  const pathBefore = process.env['PATH'];
  return {
    path,
    async fakePrograms(scripts) {
      const binDir = join(path, 'fake-bin');
      await mkdir(binDir, { recursive: true });
      for (const [name, script] of Object.entries(scripts)) {
        await writeFile(join(binDir, name), `#!/bin/sh\n${script}\n`);
        await chmod(join(binDir, name), 0o755);
      }
      process.env['PATH'] = `${binDir}:${pathBefore ?? ''}`;
    },
    async [Symbol.asyncDispose]() {
      process.env['PATH'] = pathBefore;
      await rm(path, { recursive: true, force: true });
    },
  };
}
