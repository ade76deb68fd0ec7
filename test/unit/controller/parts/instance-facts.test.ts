// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { defaultMetadata } from '../../../../src/controller/model.ts';
import { factsOf } from '../../../../src/controller/parts/instance-facts.ts';
import { sampleInstance, sampleKey, volumeId } from '../samples.ts';

describe('factsOf()', () => {
  it('has the keys, the user data and the options, and shows no tags unless they say so', () => {
    const publicKeys = [{ name: 'laptop', key: sampleKey('ssh-ed25519') }];
    const tags = [{ key: 'role', value: 'web' }];
    const userData = new Uint8Array([0, 255]);
    const known = { publicKeys, tags, userData };

    expect(factsOf(sampleInstance(1, known))).toMatchObject({
      publicKeys,
      tags: {},
      userData: 'AP8=',
      options: { endpoint: 'enabled', tokens: 'required', tokenHopLimit: 1 },
      launchTimeMs: sampleInstance(1).createTimeMs,
    });
    const metadata = { ...defaultMetadata, endpoint: 'disabled', hasTags: true } as const;
    expect(factsOf(sampleInstance(1, { ...known, metadata }))).toMatchObject({
      tags: { role: 'web' },
      options: { endpoint: 'disabled' },
    });
    expect(factsOf(sampleInstance())).not.toHaveProperty('userData');
  });

  it('has an image of its own for each image and each volume, and where it boots from', () => {
    const volumes = [1, 2].map((number) =>
      factsOf(sampleInstance(1, { image: 'none', bootVolume: volumeId(number) })),
    );
    const all = [factsOf(sampleInstance()), ...volumes];

    for (const { imageId } of all) expect(imageId).toMatch(/^ami-[0-9a-f]{17}$/);
    expect(new Set(all.map(({ imageId }) => imageId)).size).toBe(3);
    expect(all.map(({ blockDevices }) => blockDevices?.['root'])).toEqual([
      undefined,
      '/dev/vda',
      '/dev/vda',
    ]);
  });
});
