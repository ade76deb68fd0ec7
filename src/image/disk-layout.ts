// SPDX-License-Identifier: Apache-2.0

// Where things are on the disk of image `debian`, and the identifiers in it. Identifiers come from
// the image's digest: equal inputs give equal disks, and two versions of the image differ.

import { createHash } from 'node:crypto';

export const sectorBytes = 512;

const mebibyte = 1024 * 1024;

export interface Extent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Everything starts and ends at a whole MiB, so that 4096-byte sectors would do too. */
export const debianLayout = {
  // 500 MB are used; the rest is free for the user and takes no room in a sparse file.
  sizeBytes: 2048 * mebibyte,
  // The EFI system partition has room for two kernel images of 20 MB, to replace one safely.
  esp: { offsetBytes: mebibyte, sizeBytes: 63 * mebibyte },
  // The last MiB has the second copy of the partition table.
  root: { offsetBytes: 64 * mebibyte, sizeBytes: (2048 - 64 - 1) * mebibyte },
} as const satisfies { sizeBytes: number; esp: Extent; root: Extent };

export interface DiskIds {
  readonly disk: string;
  readonly espPartition: string;
  readonly rootPartition: string;
  readonly rootFileSystem: string;
  /** Spreads names in the directories of the root file system. */
  readonly rootHashSeed: string;
  /** 8 hex digits, as FAT has it. */
  readonly espVolume: string;
}

export function diskIds(digest: string): DiskIds {
  return {
    disk: uuidOf(digest, 'disk'),
    espPartition: uuidOf(digest, 'esp partition'),
    rootPartition: uuidOf(digest, 'root partition'),
    rootFileSystem: uuidOf(digest, 'root file system'),
    rootHashSeed: uuidOf(digest, 'root hash seed'),
    espVolume: uuidOf(digest, 'esp volume').slice(0, 8),
  };
}

/** What sfdisk(8) reads. Types: UEFI 2.10, 5.3.3; Discoverable Partitions Specification. */
export function partitionScript({ disk, espPartition, rootPartition }: DiskIds): string {
  const { esp, root } = debianLayout;
  const espType = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
  const rootType = '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709'; // root, x86-64
  return [
    'label: gpt',
    `label-id: ${disk}`,
    'unit: sectors',
    `${sectors(esp)}, type=${espType}, uuid=${espPartition}, name="esp"`,
    `${sectors(root)}, type=${rootType}, uuid=${rootPartition}, name="root"`,
    '',
  ].join('\n');
}

function sectors({ offsetBytes, sizeBytes }: Extent): string {
  return `start=${offsetBytes / sectorBytes}, size=${sizeBytes / sectorBytes}`;
}

/** RFC 9562, 5.8: UUID version 8, whose bits are up to us. */
function uuidOf(digest: string, purpose: string): string {
  const hex = createHash('sha256').update(`${digest} ${purpose}`).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(12, 15)}`];
  return [...parts, `8${hex.slice(15, 18)}`, hex.slice(18, 30)].join('-');
}
