// SPDX-License-Identifier: Apache-2.0

// Writes initramfs archives: cpio "newc", as in the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst. Equal trees give equal bytes: entries
// are sorted, everything belongs to root, and all times are one constant.

import assert from 'node:assert/strict';

import { assertNever } from '../base/errors.ts';

interface EntryBase {
  /** Path in the archive, without a leading slash. */
  readonly path: string;
  /** Permission bits, such as 0o755. */
  readonly mode: number;
}

/** One file of a tree. */
export type CpioEntry =
  | (EntryBase & { readonly kind: 'file'; readonly data: Uint8Array })
  | (EntryBase & { readonly kind: 'directory' })
  | (EntryBase & { readonly kind: 'symlink'; readonly target: string })
  | (EntryBase & {
      readonly kind: 'character-device';
      readonly major: number;
      readonly minor: number;
    });

const typeBits = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  'character-device': 0o020000,
} as const satisfies Record<CpioEntry['kind'], number>;

const alignmentBytes = 4; // "cpio file format": header with name, and data, are padded to 4.
const archiveBlockBytes = 512; // What cpio(1) pads archives to; the kernel does not need it.

/** The archive of `entries`, which have distinct paths; folders need no entry of their own. */
export function encodeCpio(entries: readonly CpioEntry[], mtimeSeconds: number): Buffer {
  const parts: Uint8Array[] = [];
  for (const [index, entry] of withParents(entries).entries()) {
    parts.push(...encodeEntry(entry, index + 1, mtimeSeconds));
  }
  const trailer: CpioEntry = {
    kind: 'file',
    path: 'TRAILER!!!',
    mode: 0,
    data: new Uint8Array(),
  };
  parts.push(...encodeEntry(trailer, 0, 0, 0));
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
  parts.push(padding(sizeBytes, archiveBlockBytes));
  return Buffer.concat(parts);
}

/** Sorts by path and adds the folders that are missing, so that a folder precedes its files. */
function withParents(entries: readonly CpioEntry[]): readonly CpioEntry[] {
  const byPath = new Map<string, CpioEntry>();
  for (const entry of entries) {
    assert(/^[^/]+(\/[^/]+)*$/.test(entry.path), `"${entry.path}" is not a path in an archive`);
    assert(!byPath.has(entry.path), `two entries of one archive are "${entry.path}"`);
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries) {
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth += 1) {
      const parent = names.slice(0, depth).join('/');
      const known = byPath.get(parent);
      if (known === undefined) {
        byPath.set(parent, { kind: 'directory', path: parent, mode: 0o755 });
      } else {
        assert(known.kind === 'directory', `"${parent}" holds "${path}" but is no folder`);
      }
    }
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function encodeEntry(
  entry: CpioEntry,
  inode: number,
  mtimeSeconds: number,
  type: number = typeBits[entry.kind],
): readonly Uint8Array[] {
  const name = Buffer.from(`${entry.path}\0`, 'utf8');
  const data = dataOf(entry);
  const device = entry.kind === 'character-device' ? entry : { major: 0, minor: 0 };
  const header = [
    inode,
    type | entry.mode,
    0, // uid
    0, // gid
    entry.kind === 'directory' ? 2 : 1, // Links; the kernel joins equal inodes only above 1.
    mtimeSeconds,
    data.length,
    0, // Major and minor of the file system that the file is on.
    0,
    device.major,
    device.minor,
    name.length,
    0, // Checksum: only in the "crc" variant.
  ].map((field) => field.toString(16).toUpperCase().padStart(8, '0'));
  const head = Buffer.concat([Buffer.from(`070701${header.join('')}`, 'latin1'), name]);
  return [head, padding(head.length, alignmentBytes), data, padding(data.length, alignmentBytes)];
}

function dataOf(entry: CpioEntry): Uint8Array {
  switch (entry.kind) {
    case 'file':
      return entry.data;
    case 'symlink':
      return Buffer.from(entry.target, 'utf8');
    case 'directory':
    case 'character-device':
      return new Uint8Array();
    default:
      return assertNever(entry);
  }
}

function padding(sizeBytes: number, unitBytes: number): Uint8Array {
  return new Uint8Array((unitBytes - (sizeBytes % unitBytes)) % unitBytes);
}
