// SPDX-License-Identifier: Apache-2.0

// Goal: an editor's schema and the reader agree on every name and every word.

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { writeLabSchema } from '../../../../src/api/generator/lab-schema.ts';
import { readSchema } from '../../../../src/api/generator/read-schema.ts';
import { readLab } from '../../../../src/cli/lab/lab.ts';
import { readProto } from './proto-folder.ts';

const protoFolder = join(import.meta.dirname, '../../../../src/api/proto');
const labSchema: unknown = JSON.parse(writeLabSchema(readSchema(protoFolder), 'argon.v1'));

type Part = Readonly<Record<string, unknown>>;

function part(...path: readonly string[]): Part {
  let at = labSchema as Part;
  for (const key of path) at = at[key] as Part;
  return at;
}

const fields = (section: string): Part => part('properties', section, 'items', 'properties');

const sizes = part('properties', 'volumes', 'items', 'properties', 'size_bytes')['anyOf'];
const sizePattern = (sizes as readonly Part[]).map(({ pattern }) => pattern)[1] as string;

describe('writeLabSchema()', () => {
  it.each([
    'prefix_lists',
    'dhcp_options',
    'vpcs',
    'security_groups',
    'network_acls',
    'route_tables',
    'subnets',
    'private_zones',
    'volumes',
    'instances',
    'interfaces',
    'faults',
  ])('has the fields of %s that the reader takes, and no other', (section) => {
    for (const name of Object.keys(fields(section))) {
      // The value is of the wrong kind for any of them; the name must not be what is refused.
      expect(() => readLab(`${section}: [{${name}: [[]]}]`, 'f')).not.toThrow('has no field');
    }
    expect(() => readLab(`${section}: [{other: 1}]`, 'f')).toThrow('has no field');
    expect(fields(section)).not.toHaveProperty('etag');
    expect(fields(section)).not.toHaveProperty('name');
  });

  it('takes a label where the API has the name of another resource', () => {
    const label = { description: 'A display name of the file, or an id.' };

    expect(fields('subnets')['vpc']).toEqual({ type: 'string', ...label });
    expect(fields('interfaces')['security_groups']).toMatchObject({
      items: { type: 'string', ...label },
    });
    expect(fields('route_tables')['routes']).toMatchObject({
      items: { properties: { interface: { type: 'string', ...label } } },
    });
  });

  it('spells enum values as files do', () => {
    expect(fields('volumes')['cipher']).toMatchObject({ enum: ['aes-256-xts', 'none'] });
    expect(fields('faults')['operations']).toEqual({
      type: 'array',
      items: { enum: ['read', 'write', 'flush', 'discard', 'write-zeroes'] },
      minItems: 1,
      maxItems: 5,
      uniqueItems: true,
    });
  });

  it('takes sizes in bytes or with a unit', () => {
    expect(part('properties', 'volumes', 'items', 'properties', 'size_bytes')).toMatchObject({
      description: expect.stringMatching(/In bytes, or with a unit as in 512MiB\.$/) as unknown,
      anyOf: [
        { type: 'integer', minimum: 0, maximum: 2 ** 48 },
        { type: 'string', pattern: sizePattern },
      ],
    });
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
    expect(part('properties', 'volumes', 'items')['required']).toEqual(['display_name']);
    expect(part('properties', 'faults', 'items')['required']).toEqual(['volume']);
  });

  it('says of each field what the schema says of it', () => {
    expect(fields('instances')['cpu_count']).toEqual({
      type: 'integer',
      minimum: 0,
      maximum: 64,
      description: 'How many virtual CPUs; 0 is 2.',
    });
  });

  it('wants the resources that files have', async () => {
    const files = [await readProto('message Own { bool deep = 1; }')];

    expect(() => writeLabSchema({ files }, 'argon.test')).toThrow('there is no HostInfo');
  });
});
