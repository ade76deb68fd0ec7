// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { debianLayout, diskIds, partitionScript } from '../../../src/image/disk-layout.ts';

describe('debianLayout', () => {
  it('has partitions that touch nothing, on whole MiB', () => {
    const { esp, root, sizeBytes } = debianLayout;
    const mebibyte = 1024 * 1024;

    expect(esp.offsetBytes).toBe(mebibyte); // Behind the partition table.
    expect(esp.offsetBytes + esp.sizeBytes).toBe(root.offsetBytes);
    expect(root.offsetBytes + root.sizeBytes).toBe(sizeBytes - mebibyte); // Before its copy.
    for (const bytes of [esp.sizeBytes, root.sizeBytes]) expect(bytes % mebibyte).toBe(0);
  });
});

describe('diskIds()', () => {
  it('follows from the digest', () => {
    expect(diskIds('a')).toEqual(diskIds('a'));
    expect(diskIds('a').rootFileSystem).not.toBe(diskIds('b').rootFileSystem);
  });

  it('gives every thing its own id, of the right form', () => {
    const { espVolume, ...uuids } = diskIds('a');

    expect(new Set(Object.values(uuids)).size).toBe(5);
    expect(espVolume).toMatch(/^[0-9a-f]{8}$/);
    for (const uuid of Object.values(uuids)) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});

describe('partitionScript()', () => {
  it('names sectors, types and ids', () => {
    const ids = diskIds('a');

    expect(partitionScript(ids).split('\n')).toEqual([
      'label: gpt',
      `label-id: ${ids.disk}`,
      'unit: sectors',
      'start=2048, size=129024, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, ' +
        `uuid=${ids.espPartition}, name="esp"`,
      'start=131072, size=4061184, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, ' +
        `uuid=${ids.rootPartition}, name="root"`,
      '',
    ]);
  });
});
