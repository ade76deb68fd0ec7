// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../../src/base/byte-size.ts';
import { createVolumeId } from '../../../../src/base/volume-id.ts';
import { planBoot } from '../../../../src/cli/run/boot-plan.ts';
import { createRunPlace, writeKernel } from './samples.ts';

// Debian, tiny and disk images are built or copied: test/integration and test/guest.
describe('planBoot', () => {
  it("boots a user's own kernel directly, without a volume", async () => {
    await using place = await createRunPlace();
    const kernelPath = await writeKernel(place.path);
    const initrdPath = join(place.path, 'initrd');
    await writeFile(initrdPath, 'x');

    const plan = await planBoot(
      { kind: 'kernel', kernelPath, initrdPath, commandLine: 'quiet' },
      place.context.stateDir,
      place.options,
    );

    expect(plan).toEqual({
      source: {
        kind: 'kernel',
        kernel: { kind: 'path', path: kernelPath },
        initrd: { kind: 'path', path: initrdPath },
        commandLine: 'quiet',
      },
      name: 'bzImage',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      volume: undefined,
      memoryBytes: 2 ** 29,
    });
  });

  it('gives a kernel a console where no command line is given', async () => {
    await using place = await createRunPlace();
    const kernelPath = await writeKernel(place.path);

    const { source } = await planBoot(
      { kind: 'kernel', kernelPath, initrdPath: undefined, commandLine: undefined },
      place.context.stateDir,
      place.options,
    );

    expect(source).toMatchObject({ commandLine: expect.stringContaining('console=ttyS0') });
  });

  it('names a kernel or a volume that is not there', async () => {
    await using place = await createRunPlace();
    const { stateDir } = place.context;
    const kernelPath = join(place.path, 'missing');

    await expect(
      planBoot(
        { kind: 'kernel', kernelPath, initrdPath: undefined, commandLine: undefined },
        stateDir,
        place.options,
      ),
    ).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining(kernelPath) });
    await expect(
      planBoot({ kind: 'volume', id: createVolumeId() }, stateDir, place.options),
    ).rejects.toMatchObject({ code: 'not-found' });
    await expect(
      planBoot({ kind: 'disk-image', path: kernelPath }, stateDir, place.options),
    ).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining(kernelPath) });
    expect(await place.services.volumes.list()).toEqual([]);
  });

  it('boots a volume through firmware, and calls it by what it was made from', async () => {
    await using place = await createRunPlace();
    const { volumes } = place.services;
    const sizeBytes = parseBytes('1MiB');
    const named = await volumes.create({ sizeBytes, cipher: 'aes-256-xts', source: 'debian' });
    const empty = await volumes.create({ sizeBytes, cipher: 'aes-256-xts' });

    const plans = [];
    for (const { id } of [named, empty]) {
      plans.push(await planBoot({ kind: 'volume', id }, place.context.stateDir, place.options));
    }

    expect(plans).toMatchObject([
      { name: 'debian', volume: named, digest: undefined, memoryBytes: 2 ** 30 },
      { name: empty.id, volume: empty },
    ]);
    expect(plans[0]?.source).toMatchObject({
      kind: 'firmware',
      variables: { path: join(place.folder.path, 'variables.fd') },
    });
  });
});
