// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { createContext, openHostServices } from '../../../src/cli/context.ts';
import { createTempDir } from '../temp-dir.ts';

describe('createContext', () => {
  const { signal } = new AbortController();
  let stateBefore: string | undefined;

  beforeEach(() => {
    stateBefore = process.env['ARGON_STATE'];
  });

  afterEach(() => {
    if (stateBefore === undefined) delete process.env['ARGON_STATE'];
    else process.env['ARGON_STATE'] = stateBefore;
    process.exitCode = undefined;
  });

  it('finds the state folder without making it', () => {
    process.env['ARGON_STATE'] = '/dev/null/state'; // Nothing can be made there.

    const context = createContext('json', false, signal);

    expect(context.stateDir).toBe('/dev/null/state');
    expect(context.format).toBe('json');
    expect(context.signal).toBe(signal);
  });

  it('sets the exit code for later', () => {
    createContext('table', false, signal).exitWith(5);

    expect(process.exitCode).toBe(5);
  });
});

describe('openHostServices', () => {
  it('gives volumes whose keys are under the master key of the state folder', async () => {
    await using dir = await createTempDir();
    const stateDir = locateStateDir({ ARGON_STATE: dir.path }, '/');

    const { volumes, keys } = await openHostServices(stateDir);
    const record = await volumes.create({ sizeBytes: parseBytes('1MiB'), cipher: 'aes-256-xts' });

    expect(await volumes.list()).toEqual([record]);
    expect(keys.grant(new Uint8Array(96)).masterKeyPath).toBe(join(dir.path, 'keys/master.key'));
    expect(existsSync(join(dir.path, 'keys/master.key'))).toBe(true);
  });
});
