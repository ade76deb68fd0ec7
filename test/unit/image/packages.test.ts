// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  parsePackages,
  parsePrintUris,
  type ResolvedPackage,
  selectPackages,
} from '../../../src/image/packages.ts';

const sha256 = 'e7d02b943971edcb8790e256c02cfab3bca6c3d37c1bf25392a57c71300615ee';

function named(name: string): ResolvedPackage {
  return { name, version: '1', fileName: `${name}_1_amd64.deb`, sizeBytes: 1, sha256 };
}

describe('parsePrintUris()', () => {
  it('keeps all but the address, sorted by name', () => {
    const output = [
      `'http://host.invalid/z.deb' zlib1g_1%3a1.2.13.dfsg-1_amd64.deb 86684 SHA256:${sha256}`,
      `'http://host.invalid/fio.deb' fio_3.33-3_amd64.deb 537684 SHA256:${sha256}`,
      '',
    ].join('\n');

    expect(parsePrintUris(output)).toEqual([
      {
        name: 'fio',
        version: '3.33-3',
        fileName: 'fio_3.33-3_amd64.deb',
        sizeBytes: 537_684,
        sha256,
      },
      {
        name: 'zlib1g',
        version: '1:1.2.13.dfsg-1',
        fileName: 'zlib1g_1%3a1.2.13.dfsg-1_amd64.deb',
        sizeBytes: 86_684,
        sha256,
      },
    ]);
  });

  it.each([
    `'http://host.invalid/x' ../x_1_amd64.deb 1 SHA256:${sha256}`,
    `'http://host.invalid/x' x_1_amd64.deb 1 MD5Sum:${sha256}`,
    `'http://host.invalid/x' x_1_amd64.deb one SHA256:${sha256}`,
    'Reading package lists...',
  ])('refuses the line %s', (line) => {
    expect(() => parsePrintUris(line)).toThrow(/line of unknown form/);
  });
});

describe('parsePackages()', () => {
  it('reads what JSON.stringify wrote', () => {
    const packages = [named('fio'), named('kmod')];

    expect(parsePackages(JSON.parse(JSON.stringify(packages)), 'memo')).toEqual(packages);
  });

  it('refuses anything else', () => {
    expect(() => parsePackages([{ ...named('fio'), sizeBytes: 0 }], 'memo')).toThrow(/memo/);
  });
});

describe('selectPackages()', () => {
  it('keeps the named packages and the kernel that one of them stands for', () => {
    const resolved = ['fio', 'libc6', 'linux-base', 'linux-image-6.1.0-9-cloud-amd64'].map(named);

    expect(selectPackages(['fio'], resolved).map(({ name }) => name)).toEqual([
      'fio',
      'linux-image-6.1.0-9-cloud-amd64',
    ]);
  });

  it('names a package that apt did not resolve', () => {
    expect(() => selectPackages(['fio', 'missing'], [named('fio')])).toThrow(
      'the package "missing" was not resolved',
    );
  });
});
