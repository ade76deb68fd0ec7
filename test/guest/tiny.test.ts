// SPDX-License-Identifier: Apache-2.0

// Goal: the tiny guest boots, runs commands and tells how they ended; what goes wrong with a guest
// is seen at once and named. Each test is one `argon run` as a user types it.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Argon } from './support/argon.ts';

/** The kernel and initrd of the tiny image, as if a user had brought them. */
async function tinyFiles(argon: Argon): Promise<{ kernel: string; initrd: string }> {
  const images = join(argon.stateDir, 'images');
  for (const name of (await readdir(images)).filter((entry) => entry.startsWith('tiny-'))) {
    const files = await readdir(join(images, name));
    const kernel = files.find((file) => file.includes('kernel') || file.startsWith('vmlinuz'));
    const initrd = files.find((file) => file.startsWith('init'));
    if (kernel !== undefined && initrd !== undefined) {
      return { kernel: join(images, name, kernel), initrd: join(images, name, initrd) };
    }
  }
  throw new Error('the tiny image has not been made');
}

describe('argon run', () => {
  it("ends with the guest's exit code and gives its output", async () => {
    await using argon = await Argon.create();

    const outcome = await argon.run('run', '--', 'echo out; echo err >&2; exit 7');

    expect(outcome.exitCode).toBe(7);
    expect(outcome.stdout).toBe('out\n');
    expect(outcome.stderr).toContain('err\n');
    expect(outcome.stderr).toMatch(/\[ {1,4}\d+\.\ds\] kernel … ok/);
  });

  it('prints one JSON object where that is asked for', async () => {
    await using argon = await Argon.create();

    const { stdout } = await argon.run('-o', 'json', 'run', '--', 'uname -s');

    expect(JSON.parse(stdout)).toMatchObject({ exit_code: 0, stdout: 'Linux\n', stderr: '' });
  });

  it('sees a panic at once, shows the last console lines and ends with 5', async () => {
    await using argon = await Argon.create();

    const outcome = await argon.run('run', '--', 'echo c > /proc/sysrq-trigger; sleep 600');

    expect(outcome.exitCode).toBe(5);
    expect(outcome.stderr).toContain('Kernel panic - not syncing');
    expect(outcome.stderr).toContain('error: the guest panicked');
  });

  it('ends with 4 and names the stage when a guest never comes up', async () => {
    await using argon = await Argon.create();
    await argon.succeed('run', '--', 'true');
    const { kernel } = await tinyFiles(argon);

    // Without an initrd the kernel finds no root; told to wait for one, it waits for ever.
    const append = 'console=ttyS0 root=/dev/vda rootwait';
    const outcome = await argon.tryInGuest(
      ['--timeout', '20', '--kernel', kernel, '--append', append],
      'true',
    );

    expect(outcome.exitCode).toBe(4);
    expect(outcome.stderr).toMatch(/error: the guest was still at stage kernel after \d+/);
    expect(outcome.stderr).toMatch(/QEMU says of the machine: running; vCPU 0 used \d+ % of a CPU/);
  });

  it('boots a kernel and initrd of the user’s own', async () => {
    await using argon = await Argon.create();
    await argon.succeed('run', '--', 'true');
    const { kernel, initrd } = await tinyFiles(argon);

    const append = 'console=ttyS0 argon.mine=yes';
    const stdout = await argon.inGuest(
      ['--kernel', kernel, '--initrd', initrd, '--append', append],
      'cat /proc/cmdline',
    );

    expect(stdout).toContain('argon.mine=yes');
  });

  it('leaves a folder with console, command line, QMP and manifest', async () => {
    await using argon = await Argon.create();

    await argon.succeed('run', '--volume', 'size=16MiB', '--', 'true');

    const runs = join(argon.stateDir, 'runs');
    const [id = ''] = await readdir(runs);
    expect(await readdir(join(runs, id))).toEqual(
      expect.arrayContaining(['card.log', 'console.log', 'manifest.json', 'qemu.cmd', 'qmp.log']),
    );
    expect(await readFile(join(runs, id, 'console.log'), 'utf8')).toContain('Linux version');
    expect(await readFile(join(runs, id, 'qmp.log'), 'utf8')).toContain('qmp_capabilities');
  });
});
