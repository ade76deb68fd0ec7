// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { type CpioEntry, encodeCpio } from '../../../src/image/cpio.ts';

const file: CpioEntry = { kind: 'file', path: 'a/b', mode: 0o644, data: Buffer.from('hello') };

describe('encodeCpio()', () => {
  it('writes what cpio lists, folders before their files', () => {
    const archive = encodeCpio(
      [
        { kind: 'symlink', path: 'init', mode: 0o777, target: 'a/b' },
        file,
        { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
      ],
      1_000_000_000,
    );

    const listing = execFileSync('cpio', ['-itv', '--quiet', '--numeric-uid-gid'], {
      input: archive,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      encoding: 'utf8',
    });

    expect(
      listing
        .trim()
        .split('\n')
        .map((line) => line.replace(/\s+/g, ' ')),
    ).toEqual([
      'drwxr-xr-x 2 0 0 0 Sep 9 2001 a',
      '-rw-r--r-- 1 0 0 5 Sep 9 2001 a/b',
      'drwxr-xr-x 2 0 0 0 Sep 9 2001 dev',
      'crw------- 1 0 0 5, 1 Sep 9 2001 dev/console',
      'lrwxrwxrwx 1 0 0 3 Sep 9 2001 init -> a/b',
    ]);
  });

  it('writes the fields of the format at their places', () => {
    const archive = encodeCpio([{ ...file, path: 'x' }], 0x12345678);

    const [, ...fields] = /^070701(.{8})(.{8})(.{8})(.{8})(.{8})(.{8})(.{8})/.exec(
      archive.toString('latin1'),
    ) ?? [''];
    expect(fields).toEqual([
      '00000001', // inode
      '000081A4', // regular file, 0644
      '00000000', // uid
      '00000000', // gid
      '00000001', // links
      '12345678', // time
      '00000005', // size
    ]);
    expect(archive.subarray(110, 112).toString('latin1')).toBe('x\0');
    expect(archive.subarray(112, 117).toString('latin1')).toBe('hello');
  });

  it('pads names and data to 4 bytes and the archive to 512', () => {
    for (let size = 0; size < 9; size += 1) {
      const entry = { ...file, path: 'n'.repeat(size + 1), data: Buffer.alloc(size, 'd') };

      const archive = encodeCpio([entry], 0);

      expect(archive.length % 512).toBe(0);
      expect(archive.indexOf('070701', 6) % 4).toBe(0);
    }
  });

  it('gives equal bytes for equal trees in any order', () => {
    const other: CpioEntry = { kind: 'directory', path: 'a', mode: 0o755 };

    expect(encodeCpio([file, other], 0).equals(encodeCpio([other, file], 0))).toBe(true);
  });

  it('gives distinct inodes, so that the kernel joins no files', () => {
    const archive = encodeCpio([file, { ...file, path: 'c' }], 0).toString('latin1');

    const inodes = [...archive.matchAll(/070701(.{8})/g)].map((match) => match[1]);

    expect(new Set(inodes).size).toBe(inodes.length);
  });

  it.each(['/a', 'a/', 'a//b', ''])('refuses the path "%s"', (path) => {
    expect(() => encodeCpio([{ ...file, path }], 0)).toThrow(/is not a path in an archive/);
  });

  it('refuses two entries of one path', () => {
    expect(() => encodeCpio([file, file], 0)).toThrow(/two entries of one archive are "a\/b"/);
  });

  it('refuses a file below a file', () => {
    expect(() => encodeCpio([{ ...file, path: 'a' }, file], 0)).toThrow(/is no folder/);
  });
});
