// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { subnetType } from '../../../../src/api/generated/argon/v1/network-resources.ts';
import { expectMap } from '../../../../src/cli/document/parse.ts';
import { readSource } from '../../../../src/cli/document/source.ts';
import {
  isLabField,
  itemsOf,
  labeled,
  readFields,
  refuseTwice,
} from '../../../../src/cli/lab/fields.ts';

const mapOf = (text: string) => expectMap(readSource(text, 'f'), 'it');

describe('fields of a lab file', () => {
  it('are those that a request may set, with labels for names', () => {
    const names = subnetType.fields.filter(isLabField).map(({ name }) => name);

    expect(names).not.toContain('name');
    expect(names).not.toContain('etag');
    const fields = { displayName: 'a', vpc: 'lab', ipv4Cidr: '10.0.0.0/24' };
    expect(
      readFields(mapOf('{display_name: a, vpc: lab, ipv4_cidr: 10.0.0.0/24}'), subnetType),
    ).toEqual(fields);
  });

  it('are held against the rules of the API, with the place', () => {
    expect(() => readFields(mapOf('{vpc: lab, ipv4_cidr: ten}'), subnetType)).toThrow(
      'f:1:23: ipv4_cidr does not match',
    );
    expect(() => readFields(mapOf('{create_time: 1}'), subnetType)).toThrow('by the host alone');
  });

  it('name a resource, and each once', () => {
    const map = mapOf('a: [{}, {}]');
    const [first, second] = itemsOf(map, 'a');
    if (first === undefined || second === undefined) throw new Error('there are two');

    expect(itemsOf(map, 'b')).toEqual([]);
    expect(() => labeled(first, '')).toThrow('f:1:5: it has no display_name');
    expect(() => {
      refuseTwice([labeled(first, 'x'), labeled(second, 'x')]);
    }).toThrow('f:1:9: there is a "x" at f:1:5 too');
  });
});
