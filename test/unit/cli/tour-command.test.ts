// SPDX-License-Identifier: Apache-2.0

// The stops of the tour in a guest that is none. All of it, with a real one, is `npm start`.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { addTourCommand, Guide, type GuideOptions } from '../../../src/cli/tour-command.ts';
import type { CommandResult } from '../../../src/guest/exec.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

interface Visit extends AsyncDisposable {
  readonly guide: Guide;
  readonly bootFile: string;
  readonly dataFile: string;
  /** Commands that the guest was given. */
  readonly commands: string[];
  /** All that was said. */
  said(): string;
}

/** `answer`: the guest's stdout for a command, or all of its result. */
async function visit(
  answer: (command: string, dataFile: string) => Promise<string | CommandResult>,
  changes: Partial<GuideOptions> = {},
): Promise<Visit> {
  const dir = await createTempDir();
  const bootFile = join(dir.path, 'boot');
  const dataFile = join(dir.path, 'data');
  await writeFile(bootFile, Buffer.alloc(4096, 0x5a));
  await writeFile(dataFile, Buffer.alloc(4096, 0xa5));
  const commands: string[] = [];
  let said = '';
  const guide = new Guide({
    guest: {
      exec: async (command) => {
        commands.push(command);
        const result = await answer(command, dataFile);
        return typeof result === 'string' ? success(result) : result;
      },
    },
    bootFile,
    dataFile,
    accelerator: 'kvm',
    say: async (text) => {
      said += text;
    },
    signal: new AbortController().signal,
    ...changes,
  });
  return {
    guide,
    bootFile,
    dataFile,
    commands,
    said: () => said,
    [Symbol.asyncDispose]: async () => dir[Symbol.asyncDispose](),
  };
}

function success(stdout: string): CommandResult {
  return {
    exitCode: 0,
    stdout: Buffer.from(stdout),
    stderr: Buffer.alloc(0),
    isTruncated: false,
  };
}

function markerOf(command: string): string {
  return /ARGON-[0-9A-F]{24}/.exec(command)?.[0] ?? '';
}

describe('the disks', () => {
  it('are shown as the guest lists them', async () => {
    await using tour = await visit(async () => 'NAME SERIAL\nvda  vol1\n');

    await tour.guide.showDisks();

    expect(tour.commands).toEqual([expect.stringMatching(/^lsblk /)]);
    expect(tour.said()).toMatch(/\n {3}NAME SERIAL\n {3}vda {2}vol1\n$/);
  });

  it('are not there when the guest cannot list them, and it says why', async () => {
    await using tour = await visit(async () => ({
      ...success(''),
      exitCode: 127,
      stderr: Buffer.from('sh: lsblk: not found\n'),
    }));

    await expect(tour.guide.showDisks()).rejects.toMatchObject({
      message: 'in the guest: sh: lsblk: not found',
    });
  });
});

describe('the marker', () => {
  it('is written and read in the guest, and is not in the files', async () => {
    await using tour = await visit(async () => '1\n');

    await tour.guide.showMarker();

    const marker = markerOf(tour.commands[0] ?? '');
    expect(tour.commands[0]).toMatch(/dd of=\/dev\/vdb .*head -c 4096 \/dev\/vdb/);
    expect(tour.said()).toContain(`The guest writes ${marker} to /dev/vdb`);
    expect(tour.said()).toMatch(/in the guest's disk: +1\n/);
    expect(tour.said()).toMatch(/in the backing file: +0\n/);
    expect(tour.said()).toContain('a5 a5 a5 a5');
    expect(tour.said()).toContain('"Debian GNU/Linux" in the file it booted from: 0 times');
  });

  it('is another one each time', async () => {
    await using tour = await visit(async () => '1\n');

    await tour.guide.showMarker();
    await tour.guide.showMarker();

    expect(new Set(tour.commands.map(markerOf)).size).toBe(2);
  });

  it('in the backing file ends the tour', async () => {
    await using tour = await visit(async (command, dataFile) => {
      await writeFile(dataFile, Buffer.concat([Buffer.alloc(512), Buffer.from(markerOf(command))]));
      return '1\n';
    });

    await expect(tour.guide.showMarker()).rejects.toMatchObject({
      message: 'plaintext of the guest is in a backing file',
    });
    expect(tour.said()).toMatch(/in the backing file: +1\n/);
  });

  it('is not all: words of the system in the file it booted from end the tour too', async () => {
    await using tour = await visit(async () => '1\n');
    await writeFile(
      tour.bootFile,
      Buffer.concat([await readFile(tour.bootFile), Buffer.from('x Debian GNU/Linux y')]),
    );

    await expect(tour.guide.showMarker()).rejects.toMatchObject({
      message: 'plaintext of the guest is in a backing file',
    });
  });

  it('that the guest does not read back ends the tour', async () => {
    await using tour = await visit(async () => '0\n');

    await expect(tour.guide.showMarker()).rejects.toMatchObject({ code: 'data-loss' });
  });
});

describe('the speed', () => {
  const direction = (iops: number, bytes: number): object => ({
    iops,
    bw_bytes: bytes,
    total_ios: 10,
    io_bytes: 40_960,
    clat_ns: { percentile: { '50.000000': 100_000, '99.000000': 250_000, '99.900000': 500_000 } },
  });
  const job = { read: direction(1234.4, 2 ** 20), write: direction(5678.6, 2 ** 21), error: 0 };
  const output = JSON.stringify({ 'fio version': 'fio-3.33', jobs: [job] });

  it('is what fio measured in the guest', async () => {
    await using tour = await visit(async () => output);

    await tour.guide.showSpeed();

    expect(tour.commands).toEqual([expect.stringMatching(/^fio .*--filename=\/dev\/vdb /)]);
    expect(tour.said()).toContain('   read   1234 IOPS, 1.0 MiB/s, p99 250 us\n');
    expect(tour.said()).toContain('   write  5679 IOPS, 2.0 MiB/s, p99 250 us\n');
    expect(tour.said()).not.toContain('without KVM');
  });

  it('is called that of a guest without KVM where the guest has none', async () => {
    await using tour = await visit(async () => output, { accelerator: 'tcg' });

    await tour.guide.showSpeed();

    expect(tour.said()).toContain('This guest runs without KVM');
  });
});

describe('argon tour', () => {
  it('refuses an accelerator that is none', async () => {
    await using dir = await createTempDir();
    const touring = runCommand(addTourCommand, ['tour', '--accel', 'x'], new FakeContext(dir.path));

    await expect(touring).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('--accel is "x"'),
    });
  });

  it('needs a place for its state', async () => {
    const touring = runCommand(addTourCommand, ['tour'], new FakeContext(untouched));

    await expect(touring).rejects.toThrow('ENOTDIR');
  });
});
