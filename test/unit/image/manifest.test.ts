// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { formatManifest, type ImageManifest, parseManifest } from '../../../src/image/manifest.ts';

const manifest: ImageManifest = {
  name: 'tiny',
  digest: 'd1',
  files: [{ name: 'vmlinuz', sizeBytes: 14_186_432, sha256: 'f1' }],
  packages: [{ name: 'fio', version: '3.33-3', sha256: 'p1' }],
};

describe('parseManifest()', () => {
  it('reads what formatManifest() wrote', () => {
    expect(parseManifest(formatManifest(manifest), 'manifest')).toEqual(manifest);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', undefined, 'tiny is not JSON'],
    ['no object', [], 'tiny is not an object'],
    ['no digest', { ...manifest, digest: 1 }, 'digest in tiny is not a string'],
    [
      'a negative size',
      { ...manifest, files: [{ name: 'x', sizeBytes: -1, sha256: '' }] },
      'file size in tiny is -1',
    ],
    ['no version', { ...manifest, packages: [{ name: 'fio' }] }, 'package version in tiny'],
  ])('refuses %s', (_what, value, message) => {
    const text = value === undefined ? '{' : JSON.stringify(value);

    expect(() => parseManifest(text, 'tiny')).toThrow(message);
  });
});
