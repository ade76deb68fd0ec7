// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { createVolumeId } from '../../../src/base/volume-id.ts';
import {
  encodeVolumeRecord,
  parseVolumeRecord,
  type VolumeRecord,
} from '../../../src/volume/volume-record.ts';

const place = '/state/volumes/vol1/volume.json';

function record(changes: Partial<VolumeRecord> = {}): VolumeRecord {
  return {
    id: createVolumeId(),
    sizeBytes: parseBytes('16MiB'),
    cipher: 'aes-256-xts',
    source: '',
    createdAt: '2026-01-02T03:04:05.678Z',
    wrappedKey: new Uint8Array(96).fill(0x5a),
    ...changes,
  };
}

/** The JSON of a record with members replaced; undefined takes one away. */
function altered(changes: Readonly<Record<string, unknown>>): string {
  const object = JSON.parse(encodeVolumeRecord(record())) as Record<string, unknown>;
  return JSON.stringify({ ...object, ...changes });
}

describe('a volume record', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(
        fc.record({
          units: fc.integer({ min: 1, max: 2 ** 40 }),
          isPlain: fc.boolean(),
          source: fc.string({ unit: 'grapheme' }),
          createdAt: fc.string(),
          key: fc.uint8Array({ minLength: 96, maxLength: 96 }),
        }),
        ({ units, isPlain, source, createdAt, key }) => {
          const written = record({
            sizeBytes: parseBytes(units * 4096),
            cipher: isPlain ? 'none' : 'aes-256-xts',
            source,
            createdAt,
            wrappedKey: isPlain ? undefined : key,
          });

          expect(parseVolumeRecord(encodeVolumeRecord(written), place)).toEqual(written);
        },
      ),
    );
  });

  it('is a text file that people can read', () => {
    const text = encodeVolumeRecord(record({ wrappedKey: undefined, cipher: 'none' }));

    expect(text).toMatch(/^\{\n {2}"formatVersion": 1,\n/);
    expect(text).toMatch(/\}\n$/);
    expect(text).not.toContain('wrappedKey');
  });
});

describe('parseVolumeRecord', () => {
  it.each([
    ['no JSON', '{'],
    ['an empty file', ''],
    ['a list', '[]'],
    ['no format version', altered({ formatVersion: undefined })],
    ['a later format version', altered({ formatVersion: 2 })],
    ['no id', altered({ id: undefined })],
    ['an id that is a path', altered({ id: '../../etc' })],
    ['no size', altered({ sizeBytes: undefined })],
    ['a size of 0', altered({ sizeBytes: 0 })],
    ['a size that is no multiple of the unit', altered({ sizeBytes: 4097 })],
    ['a negative size', altered({ sizeBytes: -4096 })],
    ['an unknown cipher', altered({ cipher: 'rot13' })],
    ['no source', altered({ source: undefined })],
    ['no time', altered({ createdAt: 7 })],
    ['no key for a cipher', altered({ wrappedKey: undefined })],
    ['a key cut short', altered({ wrappedKey: Buffer.alloc(95).toString('base64') })],
    ['a key too long', altered({ wrappedKey: Buffer.alloc(97).toString('base64') })],
    ['a key that is no text', altered({ wrappedKey: [1, 2, 3] })],
  ])('takes %s for damage, and names the file', (_what, text) => {
    expect(() => parseVolumeRecord(text, place)).toThrow(
      expect.objectContaining({
        code: 'data-loss',
        message: expect.stringContaining(place),
        cause: expect.any(Error),
      }),
    );
  });

  it('names the member that is wrong', () => {
    expect(() => parseVolumeRecord(altered({ sizeBytes: 'big' }), place)).toThrow('"big"');
    expect(() => parseVolumeRecord(altered({ cipher: 'rot13' }), place)).toThrow('cipher');
  });

  it('never shows the wrapped key in an error', () => {
    const key = Buffer.alloc(95, 0x77).toString('base64');

    expect(() => parseVolumeRecord(altered({ wrappedKey: key }), place)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(key) }),
    );
  });

  it('forgets a key that stands beside a volume without a cipher', () => {
    const text = altered({ cipher: 'none' });

    expect(parseVolumeRecord(text, place).wrappedKey).toBeUndefined();
  });
});
