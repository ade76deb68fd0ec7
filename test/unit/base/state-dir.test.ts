// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ensureStateSubdir, locateStateDir } from '../../../src/base/state-dir.ts';

describe('locateStateDir', () => {
  it.each([
    [{}, '/here/.argon'],
    [{ ARGON_STATE: '' }, '/here/.argon'],
    [{ ARGON_STATE: '/var/lib/argon' }, '/var/lib/argon'],
    [{ ARGON_STATE: 'state' }, '/here/state'],
    [{ ARGON_STATE: '../state/' }, '/state'],
  ])('is absolute for %j', (environment, path) => {
    expect(locateStateDir(environment, '/here')).toBe(path);
  });
});

describe('ensureStateSubdir', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'argon-state-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('makes what is missing for nobody but its owner, and keeps what is there', async () => {
    const stateDir = locateStateDir({ ARGON_STATE: join(folder, 'state') }, '/');

    const first = await ensureStateSubdir(stateDir, 'runs', 'one');
    const again = await ensureStateSubdir(stateDir, 'runs', 'one');

    expect(first).toBe(join(folder, 'state', 'runs', 'one'));
    expect(again).toBe(first);
    for (const path of [stateDir, join(stateDir, 'runs'), first]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    }
  });

  it('fails where a file is in the way', async () => {
    await writeFile(join(folder, 'volumes'), '');
    const stateDir = locateStateDir({ ARGON_STATE: folder }, '/');

    await expect(ensureStateSubdir(stateDir, 'volumes')).rejects.toThrow('EEXIST');
  });
});
