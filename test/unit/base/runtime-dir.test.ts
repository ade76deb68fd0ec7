// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ensureRuntimeDir, hostTag, locateRuntimeDir } from '../../../src/base/runtime-dir.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { createTempDir } from '../temp-dir.ts';

function stateDir(path: string): ReturnType<typeof locateStateDir> {
  return locateStateDir({ ARGON_STATE: path }, '/');
}

describe('a runtime folder', () => {
  it('is one for a state folder, by whatever path, and another for another', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'a'));
    await symlink(join(dir.path, 'a'), join(dir.path, 'b'));

    const found = locateRuntimeDir(stateDir(join(dir.path, 'a')), '/tmp');

    expect(found).toMatch(/^\/tmp\/argon-\d+-[0-9a-f]{12}$/);
    expect(locateRuntimeDir(stateDir(join(dir.path, 'b')), '/tmp')).toBe(found);
    expect(locateRuntimeDir(stateDir(join(dir.path, 'c')), '/tmp')).not.toBe(found);
    expect(found.endsWith(hostTag(stateDir(join(dir.path, 'a'))))).toBe(true);
  });

  it('is made for us alone, and may be there already', async () => {
    await using dir = await createTempDir();
    const runtime = locateRuntimeDir(stateDir('/state'), dir.path);

    await ensureRuntimeDir(runtime);
    await ensureRuntimeDir(runtime);

    expect((await stat(runtime)).mode & 0o777).toBe(0o700);
  });

  it('is refused where others may enter, and where it is no folder', async () => {
    await using dir = await createTempDir();
    const open = locateRuntimeDir(stateDir('/open'), dir.path);
    await ensureRuntimeDir(open);
    await chmod(open, 0o755);
    const link = locateRuntimeDir(stateDir('/link'), dir.path);
    await mkdir(join(dir.path, 'elsewhere'), { mode: 0o700 });
    await symlink(join(dir.path, 'elsewhere'), link);
    const file = locateRuntimeDir(stateDir('/file'), dir.path);
    await writeFile(file, '');

    for (const path of [open, link]) {
      await expect(ensureRuntimeDir(path)).rejects.toMatchObject({ code: 'permission-denied' });
    }
    await expect(ensureRuntimeDir(file)).rejects.toMatchObject({ code: 'EEXIST' });
  });
});
