// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { run } from '../../../src/base/subprocess.ts';

describe('run', () => {
  it('gives what the program wrote to stdout', async () => {
    expect(await run('printf', ['%s', 'two words'])).toBe('two words');
  });

  it('hands over arguments as they are, without a shell', async () => {
    expect(await run('printf', ['%s', '$HOME; `id` *'])).toBe('$HOME; `id` *');
  });

  it('feeds stdin, which is empty otherwise', async () => {
    expect(await run('cat', [], { input: 'hello' })).toBe('hello');
    expect(await run('cat', [])).toBe('');
  });

  it('does not mind a program that leaves its input unread', async () => {
    expect(await run('true', [], { input: 'x'.repeat(1_000_000) })).toBe('');
  });

  it('runs in the folder and environment it is given', async () => {
    const text = await run('sh', ['-c', 'pwd; echo "$WORD-$LC_ALL"'], {
      cwd: '/usr',
      env: { PATH: process.env['PATH'], WORD: 'here' },
    });

    expect(text).toBe('/usr\nhere-\n');
  });

  it('has programs speak English where it is not told otherwise', async () => {
    expect(await run('sh', ['-c', 'echo "$LC_ALL"'])).toBe('C.UTF-8\n');
  });

  it('passes on the lines of stderr as they come', async () => {
    const lines: string[] = [];

    await run('sh', ['-c', 'printf "one\\ntw" >&2; printf "o\\nrest" >&2'], {
      onStderrLine: (line) => lines.push(line),
    });

    expect(lines).toEqual(['one', 'two']);
  });

  it('names program, exit code and last lines of one that fails', async () => {
    await expect(run('sh', ['-c', 'echo first >&2; echo last >&2; exit 3'])).rejects.toMatchObject({
      code: 'internal',
      message: 'sh failed with exit code 3:\n  first\n  last',
    });
  });

  it('keeps only the last lines, and of a line without end only its own end', async () => {
    const script = 'seq 100 >&2; head -c 100000 /dev/zero | tr "\\0" x >&2; exit 1';
    const failure = await run('sh', ['-c', script]).catch((thrown: unknown) => thrown);

    const message = failure instanceof Error ? failure.message : '';
    expect(message.length).toBeLessThan(5000);
    expect(message).toContain('  100\n');
    expect(message).not.toContain('  88\n');
  });

  it('names the signal that ended a program', async () => {
    await expect(run('sh', ['-c', 'kill -TERM $$'])).rejects.toMatchObject({
      message: 'sh failed with signal SIGTERM',
    });
  });

  it('ends a program that writes without end', async () => {
    await expect(run('cat', ['/dev/zero'])).rejects.toMatchObject({
      message: 'cat failed with signal SIGKILL',
    });
  });

  it('says how to get a program that is missing', async () => {
    await expect(run('argon-no-such-program', [])).rejects.toMatchObject({
      code: 'failed-precondition',
      message: 'argon-no-such-program could not be started',
      hint: 'run ./setup, which installs it',
    });
  });

  it('says why a program could not be started that is there', async () => {
    // A folder is no program, for root neither.
    await expect(run('/usr', [])).rejects.toMatchObject({
      code: 'permission-denied',
      message: '/usr could not be started',
      hint: undefined,
    });
  });

  it('ends the program with its signal', async () => {
    const controller = new AbortController();
    const running = run('sh', ['-c', 'echo up >&2; exec sleep 60'], {
      signal: controller.signal,
      onStderrLine: () => {
        controller.abort();
      },
    });

    await expect(running).rejects.toMatchObject({
      code: 'cancelled',
      message: 'cancelled while running sh',
    });
  });

  it('starts nothing once its signal has ended', async () => {
    const timeout = AbortSignal.abort(new DOMException('over', 'TimeoutError'));

    await expect(run('argon-no-such-program', [], { signal: timeout })).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
  });
});
