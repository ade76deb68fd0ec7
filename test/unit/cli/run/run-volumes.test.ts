// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../../src/base/byte-size.ts';
import { createVolumeId } from '../../../../src/base/volume-id.ts';
import { describePlan, makeDataVolume, planVolume } from '../../../../src/cli/run/run-volumes.ts';
import { createRunPlace, samplePrepared } from './samples.ts';

const size = parseBytes('1MiB');

// makeBootVolume copies an image through a card: test/integration/run-command.test.ts.
describe('makeDataVolume', () => {
  it('makes a volume for the run, which goes with it', async () => {
    await using place = await createRunPlace();
    const { services, stack, options } = place;

    const made = await makeDataVolume(
      { kind: 'new', sizeBytes: size, cipher: 'none', isPacked: false },
      options,
    );
    expect(await services.volumes.list()).toEqual([made]);
    await stack.disposeAsync();

    expect(made).toMatchObject({ sizeBytes: size, cipher: 'none' });
    expect(await services.volumes.list()).toEqual([]);
  });

  it('keeps it where that is wanted', async () => {
    await using place = await createRunPlace({ isKept: true });
    const { services, stack, options } = place;

    const made = await makeDataVolume(
      { kind: 'new', sizeBytes: size, cipher: 'aes-256-xts', isPacked: false },
      options,
    );
    await stack.disposeAsync();

    expect(await services.volumes.list()).toEqual([made]);
  });

  it('takes one that is there, and leaves it there', async () => {
    await using place = await createRunPlace();
    const { services, stack, options } = place;
    const there = await services.volumes.create({ sizeBytes: size, cipher: 'aes-256-xts' });

    expect(
      await makeDataVolume(
        { kind: 'existing', id: there.id, isReadOnly: false, isPacked: false },
        options,
      ),
    ).toEqual(there);
    await stack.disposeAsync();

    expect(await services.volumes.list()).toEqual([there]);
  });

  it('fails for one that is not there', async () => {
    await using place = await createRunPlace();

    await expect(
      makeDataVolume(
        { kind: 'existing', id: createVolumeId(), isReadOnly: false, isPacked: false },
        place.options,
      ),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('planVolume', () => {
  it('is what a card needs but the socket', async () => {
    await using place = await createRunPlace();
    const { services } = place;
    const record = await services.volumes.create({ sizeBytes: size, cipher: 'aes-256-xts' });
    const paths = services.volumes.paths(record.id);

    expect(
      planVolume(record, services, { isBoot: true, isReadOnly: false, isPacked: false }),
    ).toEqual({
      id: record.id,
      queues: 16,
      blockBytes: 512,
      isReadOnly: false,
      isBoot: true,
      isPacked: false,
      store: { kind: 'file', path: paths.data, caching: 'auto', expectedBytes: BigInt(size) },
      cipher: {
        kind: 'volume-key',
        masterKeyPath: expect.stringMatching(/master\.key$/),
        wrappedKey: record.wrappedKey,
        mapPath: paths.map,
      },
    });
  });
});

describe('describePlan', () => {
  it('says what a run is made of, without its keys', async () => {
    await using place = await createRunPlace();
    const { services } = place;
    const record = await services.volumes.create({ sizeBytes: size, cipher: 'aes-256-xts' });
    const volumes = [
      planVolume(record, services, { isBoot: true, isReadOnly: false, isPacked: false }),
    ];

    const described = describePlan(samplePrepared(services, { volumes }).plan);

    expect(described).toEqual({
      instance: 'web-1',
      accelerator: 'tcg',
      cpus: 2,
      memory_bytes: 2 ** 29,
      volumes: [{ id: record.id, cipher: 'volume-key' }],
    });
    expect(JSON.stringify(described)).not.toContain('wrappedKey');
  });
});
