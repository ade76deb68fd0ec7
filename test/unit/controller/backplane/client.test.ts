// SPDX-License-Identifier: Apache-2.0

// Programs stand in for the backplane; test/integration/backplane.test.ts runs the real one.

import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import {
  type BackplaneOptions,
  startOrAdoptBackplane,
} from '../../../../src/controller/backplane/client.ts';
import type { HostAddon } from '../../../../src/native/addons.ts';
import { fakeHost, nativeError } from '../../fake-host.ts';
import { createTempDir, type TempDir } from '../../temp-dir.ts';
import { FakeStream, greeting } from './fake-stream.ts';

const log = pino({ level: 'silent' });

/** Whoever made the file `backplane.sock` is taken for a backplane. */
function hostOf(errno = 'ECONNREFUSED'): HostAddon {
  class Stream extends FakeStream {
    constructor() {
      super(() => greeting(99));
    }

    override async open(path = ''): Promise<void> {
      if (existsSync(path)) return;
      throw nativeError('not-found', `connect to ${path}: ${errno}`, errno);
    }
  }
  return { ...fakeHost(), FdStream: Stream };
}

interface Place extends TempDir {
  readonly options: BackplaneOptions;
}

async function createPlace(script: string, host = hostOf()): Promise<Place> {
  const dir = await createTempDir();
  const program = join(dir.path, 'backplane');
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o700);
  const signal = AbortSignal.timeout(300_000);
  return { ...dir, options: { runtimeDir: dir.path, log, signal, program, host } };
}

describe('startOrAdoptBackplane()', () => {
  it('starts one where none is, away from the environment, and its lines are kept', async () => {
    await using place = await createPlace('/usr/bin/env >&2; : >"$1/backplane.sock"');

    const { pid, wasRunning, backplane } = await startOrAdoptBackplane(place.options);

    expect({ pid, wasRunning }).toEqual({ pid: 99, wasRunning: false });
    const lines = (await readFile(join(place.path, 'backplane.log'), 'utf8')).trim().split('\n');
    // What a shell sets by itself.
    expect(lines.filter((line) => !/^(?:PWD|SHLVL|OLDPWD|_)=/.test(line))).toEqual([]);
    await backplane[Symbol.asyncDispose]();
  });

  it('adopts the one that runs', async () => {
    await using place = await createPlace('exit 1');
    await writeFile(join(place.path, 'backplane.sock'), '');

    expect((await startOrAdoptBackplane(place.options)).wasRunning).toBe(true);
  });

  it('fails with the last line of one that ends', async () => {
    await using place = await createPlace('echo first >&2; echo the reason >&2; exit 3');

    await expect(startOrAdoptBackplane(place.options)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the backplane ended with exit code 3: the reason',
    });
  });

  it('fails when it is not built', async () => {
    await using place = await createPlace('');
    const program = join(place.path, 'nothing', 'here');

    await expect(startOrAdoptBackplane({ ...place.options, program })).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('./setup'),
    });
    expect(existsSync(dirname(program))).toBe(false);
  });

  it('ends the one that it started when it is given up', async () => {
    await using place = await createPlace('echo $$ >"$1/pid"; exec sleep 600');
    const abort = new AbortController();
    const starting = startOrAdoptBackplane({ ...place.options, signal: abort.signal });
    const pidFile = join(place.path, 'pid');
    const pid = async (): Promise<number> => Number(await readFile(pidFile, 'utf8').catch(() => 0));
    await expect.poll(pid, { timeout: 20_000 }).toBeGreaterThan(0);
    abort.abort();

    await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
    const childPid = await pid();
    await expect.poll(() => existsSync(`/proc/${childPid}`), { timeout: 20_000 }).toBe(false);
  });

  it('does not start one over a socket that cannot be reached', async () => {
    await using place = await createPlace('exit 1', hostOf('EACCES'));

    await expect(startOrAdoptBackplane(place.options)).rejects.toMatchObject({
      message: expect.stringContaining('EACCES'),
    });
    expect(existsSync(join(place.path, 'backplane.log'))).toBe(false);
  });
});
