// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseBytes } from '../../../../src/base/byte-size.ts';
import { prepareRun } from '../../../../src/cli/run/prepare-run.ts';
import { createRunPlace, type RunPlace, sampleRequest, writeKernel } from './samples.ts';

describe('prepareRun', () => {
  let pathBefore: string | undefined;

  beforeEach(() => {
    pathBefore = process.env['PATH'];
  });

  afterEach(() => {
    process.env['PATH'] = pathBefore;
  });

  /** Puts a program before all others that says it is this QEMU. */
  async function haveQemu(place: RunPlace, says: string): Promise<void> {
    const folder = join(place.path, 'bin');
    await mkdir(folder);
    await writeFile(join(folder, 'qemu-system-x86_64'), `#!/bin/sh\necho "${says}"\n`);
    await chmod(join(folder, 'qemu-system-x86_64'), 0o755);
    process.env['PATH'] = `${folder}:${pathBefore ?? ''}`;
  }

  async function kernelBoot(place: RunPlace) {
    const kernelPath = await writeKernel(place.path);
    return { kind: 'kernel', kernelPath, initrdPath: undefined, commandLine: 'quiet' } as const;
  }

  it('makes a plan of a request, and writes down what it is made of', async () => {
    await using place = await createRunPlace();
    await haveQemu(place, 'QEMU emulator version 7.2.22 (Debian)');
    const there = await place.services.volumes.create({
      sizeBytes: parseBytes('1MiB'),
      cipher: 'aes-256-xts',
    });
    const request = sampleRequest({
      boot: await kernelBoot(place),
      dataVolumes: [
        { kind: 'existing', id: there.id, isReadOnly: false, isPacked: false },
        { kind: 'new', sizeBytes: parseBytes('2MiB'), cipher: 'none', isPacked: false },
      ],
      cpuCount: 3,
    });

    const prepared = await prepareRun(request, place.context, place.folder, place.stack);

    const { plan } = prepared;
    expect(plan.machine).toMatchObject({
      name: `argon-${place.folder.id}`,
      accelerator: 'tcg',
      cpuCount: 3,
      memoryBytes: 2 ** 29,
      boot: { kind: 'kernel', commandLine: 'quiet' },
    });
    expect(plan.volumes).toMatchObject([
      { id: there.id, isBoot: false, cipher: { kind: 'volume-key' } },
      { isBoot: false, cipher: { kind: 'none' } },
    ]);
    expect(prepared).toMatchObject({ imageName: 'bzImage', qemu: { version: { major: 7 } } });
    const manifest = await readFile(join(place.folder.path, 'manifest.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ image: 'bzImage', cpus: 3, accelerator: 'tcg' });
  });

  it('gives the guest the memory that was asked for', async () => {
    await using place = await createRunPlace();
    await haveQemu(place, 'QEMU emulator version 7.2.22 (Debian)');
    const request = sampleRequest({
      boot: await kernelBoot(place),
      memoryBytes: parseBytes('2GiB'),
    });

    const { plan } = await prepareRun(request, place.context, place.folder, place.stack);

    expect(plan.machine.memoryBytes).toBe(2 ** 31);
  });

  it.each([
    [{ isPrintOnly: true }, 1],
    [{ isKept: true }, 1],
    [{}, 0],
  ])('with %j leaves %d volumes when the run is over', async (flags, left) => {
    await using place = await createRunPlace();
    await haveQemu(place, 'QEMU emulator version 7.2.22 (Debian)');
    const request = sampleRequest({
      boot: await kernelBoot(place),
      dataVolumes: [
        { kind: 'new', sizeBytes: parseBytes('1MiB'), cipher: 'none', isPacked: false },
      ],
      ...flags,
    });

    await prepareRun(request, place.context, place.folder, place.stack);
    await place.stack.disposeAsync();

    expect(await place.services.volumes.list()).toHaveLength(left);
  });

  it('refuses a QEMU that is too old before it makes anything', async () => {
    await using place = await createRunPlace();
    await haveQemu(place, 'QEMU emulator version 6.2.0');
    const request = sampleRequest({
      boot: await kernelBoot(place),
      dataVolumes: [
        { kind: 'new', sizeBytes: parseBytes('1MiB'), cipher: 'none', isPacked: false },
      ],
    });

    await expect(
      prepareRun(request, place.context, place.folder, place.stack),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
    expect(await place.services.volumes.list()).toEqual([]);
  });
});
