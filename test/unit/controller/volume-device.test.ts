// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { createVolumeId } from '../../../src/base/volume-id.ts';
import { deviceOfVolume } from '../../../src/controller/volume-device.ts';
import type { KeyService } from '../../../src/keys/key-service.ts';
import type { VolumeRecord } from '../../../src/volume/volume-record.ts';

const keys: KeyService = {
  createVolumeKey: async () => new Uint8Array(96),
  grant: (wrappedKey) => ({ kind: 'local-master-key', masterKeyPath: '/keys/m', wrappedKey }),
};
const volumes = { paths: (id: string) => ({ data: `/v/${id}/data`, map: `/v/${id}/map` }) };
const serving = {
  socketPath: '/run/x.sock',
  queues: 4,
  blockBytes: 512,
  isReadOnly: false,
  memoryPolicy: 'sealed',
} as const;

function record(changes: Partial<VolumeRecord> = {}): VolumeRecord {
  return {
    id: createVolumeId(),
    sizeBytes: parseBytes('16MiB'),
    cipher: 'aes-256-xts',
    source: '',
    createdAt: 'now',
    wrappedKey: new Uint8Array(96).fill(7),
    ...changes,
  };
}

describe('deviceOfVolume', () => {
  it('is the file of the volume at its size, with its key and map', () => {
    const volume = record();

    expect(deviceOfVolume(volume, volumes, keys, serving)).toEqual({
      id: volume.id,
      ...serving,
      store: {
        kind: 'file',
        path: `/v/${volume.id}/data`,
        caching: 'auto',
        expectedBytes: 16_777_216n,
      },
      cipher: {
        kind: 'volume-key',
        masterKeyPath: '/keys/m',
        wrappedKey: volume.wrappedKey,
        mapPath: `/v/${volume.id}/map`,
      },
    });
  });

  it('has no key and no map for a volume that is not encrypted', () => {
    const volume = record({ cipher: 'none', wrappedKey: undefined });

    expect(deviceOfVolume(volume, volumes, keys, serving).cipher).toEqual({ kind: 'none' });
  });

  it('never serves an encrypted volume without its key', () => {
    const volume = record({ wrappedKey: undefined });

    expect(() => deviceOfVolume(volume, volumes, keys, serving)).toThrow(
      expect.objectContaining({ code: 'data-loss', message: expect.stringContaining(volume.id) }),
    );
  });
});
