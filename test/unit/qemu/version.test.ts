// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  compareVersions,
  detectQemu,
  dialectOf,
  formatVersion,
  parseQemuVersion,
} from '../../../src/qemu/version.ts';

describe('parseQemuVersion', () => {
  it.each([
    ['QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright', '7.2.22'],
    ['QEMU emulator version 10.0.2\n', '10.0.2'],
  ])('reads %j', (text, version) => {
    expect(formatVersion(parseQemuVersion(text))).toBe(version);
  });

  it.each(['', 'qemu-img version 7.2.22', 'QEMU emulator version seven'])('refuses %j', (text) => {
    expect(() => parseQemuVersion(text)).toThrow(/does not say it is/);
  });
});

describe('compareVersions', () => {
  it('orders by major, then minor, then micro, as numbers', () => {
    const texts = ['7.2.9', '7.2.22', '7.10.0', '9.1.99', '9.2.0', '10.0.0'];
    const versions = texts.map((text) => parseQemuVersion(`QEMU emulator version ${text}`));

    expect(versions.toReversed().toSorted(compareVersions).map(formatVersion)).toEqual(texts);
  });
});

describe('dialectOf', () => {
  it('says reconnect before 9.2 and reconnect-ms from there on', () => {
    expect(dialectOf({ major: 9, minor: 1, micro: 3 }).reconnect).toEqual({
      key: 'reconnect',
      value: 1,
    });
    expect(dialectOf({ major: 9, minor: 2, micro: 0 }).reconnect).toEqual({
      key: 'reconnect-ms',
      value: 1000,
    });
  });
});

describe('detectQemu', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'argon-version-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function fakeQemu(version: string): Promise<string> {
    const program = join(folder, 'qemu');
    await writeFile(program, `#!/bin/sh\necho "QEMU emulator version ${version}"\n`);
    await chmod(program, 0o755);
    return program;
  }

  const signal = AbortSignal.timeout(300_000);

  it('asks the program and picks its dialect', async () => {
    const program = await fakeQemu('10.1.0');

    expect(await detectQemu({ signal, program })).toEqual({
      program,
      version: { major: 10, minor: 1, micro: 0 },
      dialect: { reconnect: { key: 'reconnect-ms', value: 1000 } },
    });
  });

  it('refuses a version older than Debian 12 has', async () => {
    const program = await fakeQemu('7.1.9');

    await expect(detectQemu({ signal, program })).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining('7.1.9'),
    });
  });

  it('says what to do when there is none', async () => {
    await expect(detectQemu({ signal, program: join(folder, 'none') })).rejects.toMatchObject({
      code: 'failed-precondition',
      hint: expect.stringContaining('setup'),
    });
  });
});
