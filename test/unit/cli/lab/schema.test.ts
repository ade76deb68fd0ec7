// SPDX-License-Identifier: Apache-2.0

// Goal: an editor's schema and the reader agree on every name and every word.

import { describe, expect, it } from 'vitest';

import { readLab } from '../../../../src/cli/lab/lab.ts';
import { type JsonSchema, labSchema, sizePattern } from '../../../../src/cli/lab/schema.ts';

function part(schema: unknown, ...path: readonly string[]): JsonSchema {
  let at = schema as JsonSchema;
  for (const key of path) at = at[key] as unknown as JsonSchema;
  return at;
}

const properties = (section: string): readonly string[] =>
  Object.keys(part(labSchema(), 'properties', section, 'items', 'properties'));

describe('labSchema()', () => {
  it.each(['volumes', 'instances', 'interfaces', 'faults'])(
    'has the fields of %s that the reader takes, and no other',
    (section) => {
      for (const name of properties(section)) {
        // The value is of the wrong kind for any of them; the name must not be what is refused.
        expect(() => readLab(`${section}: [{${name}: [[]]}]`, 'f')).not.toThrow('has no field');
      }
      expect(() => readLab(`${section}: [{other: 1}]`, 'f')).toThrow('has no field');
      const hint = properties(section).toSorted();
      expect(hint).not.toContain('etag');
      expect(hint).not.toContain('name');
    },
  );

  it('spells enum values as files do', () => {
    const volume = part(labSchema(), 'properties', 'volumes', 'items', 'properties');

    expect(volume['cipher']).toEqual({ enum: ['aes-256-xts', 'none'] });
    expect(part(labSchema(), 'properties', 'faults', 'items', 'properties')['operations']).toEqual({
      type: 'array',
      items: { enum: ['read', 'write', 'flush', 'discard', 'write-zeroes'] },
      minItems: 1,
      maxItems: 5,
      uniqueItems: true,
    });
  });

  it('takes sizes in bytes or with a unit', () => {
    const volume = part(labSchema(), 'properties', 'volumes', 'items', 'properties');
    expect(part(volume, 'size_bytes')['anyOf']).toEqual([
      { type: 'integer', minimum: 0, maximum: 2 ** 48 },
      { type: 'string', pattern: sizePattern },
    ]);
  });

  it.each(['4096', '64KiB', '1.5G', '1 GiB', '2TB', 'large', '1 B', '-1', '1e3'])(
    'takes the size "%s" as the reader does',
    (size) => {
      const isTaken = new RegExp(sizePattern).test(size);

      const read = (): unknown =>
        readLab(`volumes: [{display_name: a, size_bytes: "${size}"}]`, 'f');
      if (isTaken) expect(read()).toBeDefined();
      else expect(read).toThrow('size_bytes');
    },
  );

  it('wants a display name of all that is found by it', () => {
    expect(part(labSchema(), 'properties', 'volumes', 'items')['required']).toEqual([
      'display_name',
    ]);
    expect(part(labSchema(), 'properties', 'faults', 'items')['required']).toEqual(['volume']);
  });
});
