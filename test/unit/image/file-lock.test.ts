// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { lockFile } from '../../../src/image/file-lock.ts';
import { createTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

function never(): void {
  throw new Error('somebody else has the lock');
}

describe('lockFile()', () => {
  it('gives a free lock at once, again after it was given back', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'lock');

    const first = await lockFile(path, { signal, onWait: never });
    await first[Symbol.asyncDispose]();
    const second = await lockFile(path, { signal, onWait: never });
    await second[Symbol.asyncDispose]();

    await expect(second[Symbol.asyncDispose]()).resolves.toBeUndefined(); // Twice does nothing.
  });

  it('makes the second wait, and says so once', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'lock');
    const events: string[] = [];
    const waiting = Promise.withResolvers<void>();

    const first = await lockFile(path, { signal, onWait: never });
    const takeSecond = async (): Promise<void> => {
      const onWait = (): void => {
        events.push('waiting');
        waiting.resolve();
      };
      await using lock = await lockFile(path, { signal, onWait });
      events.push(lock === first ? 'the same' : 'second has it');
    };
    const second = takeSecond();
    await waiting.promise;
    events.push('first ends');
    await first[Symbol.asyncDispose]();
    await second;

    expect(events).toEqual(['waiting', 'first ends', 'second has it']);
  });

  it('stops waiting when it is cancelled, and leaves the lock to its owner', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'lock');
    const canceller = new AbortController();

    const first = await lockFile(path, { signal, onWait: never });
    const second = lockFile(path, {
      signal: canceller.signal,
      onWait: () => {
        canceller.abort();
      },
    });

    await expect(second).rejects.toThrow(expect.objectContaining({ code: 'cancelled' }));
    await first[Symbol.asyncDispose]();
    await using third = await lockFile(path, { signal, onWait: never });
    expect(third).toBeDefined();
  });

  it('loses the lock of an owner that is killed', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'lock');
    const source = new URL('../../../src/image/file-lock.ts', import.meta.url);
    const script = `
      const { lockFile } = await import(${JSON.stringify(source.href)});
      const signal = new AbortController().signal;
      await lockFile(${JSON.stringify(path)}, { signal, onWait() {} });
      process.stdout.write('locked');
      process.stdin.resume();`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    await once(owner.stdout, 'data');

    const closed = once(owner, 'close');
    owner.kill('SIGKILL');
    await closed;

    await using next = await lockFile(path, { signal, onWait: () => {} });
    expect(next).toBeDefined();
  });

  it('names a lock that cannot be made', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'missing', 'lock');

    await expect(lockFile(path, { signal, onWait: never })).rejects.toThrow(
      /^the lock .*missing\/lock cannot be taken: .*No such file or directory$/,
    );
  });
});
