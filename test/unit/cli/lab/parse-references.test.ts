// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { interfaceType } from '../../../../src/api/generated/argon/v1/interfaces.ts';
import {
  routeTableType,
  securityGroupType,
} from '../../../../src/api/generated/argon/v1/network-resources.ts';
import {
  mapReferences,
  pickFields,
  referencesOf,
} from '../../../../src/cli/lab/parse-references.ts';

const group = {
  displayName: 'web',
  vpc: 'lab',
  ingress: [{ protocol: 'all', securityGroup: 'db' }],
  egress: [{ protocol: 'all', cidr: '0.0.0.0/0', securityGroup: '' }],
};

describe('references', () => {
  it('are found in fields, in lists and in messages of lists', () => {
    expect(referencesOf(securityGroupType, group)).toEqual([
      { kind: 'vpc', text: 'lab' },
      { kind: 'security-group', text: 'db' },
    ]);
    const one = { subnet: 'front', securityGroups: ['a', 'b'], macAddress: '02:00' };
    expect(referencesOf(interfaceType, one).map(({ text }) => text)).toEqual(['front', 'a', 'b']);
    const table = { routes: [{ destination: '::/0', interface: 'nat' }] };
    expect(referencesOf(routeTableType, table)).toEqual([{ kind: 'interface', text: 'nat' }]);
  });

  it('become others in their places, and nothing else does', () => {
    expect(mapReferences(securityGroupType, group, (kind, text) => `${kind}/${text}`)).toEqual({
      ...group,
      vpc: 'vpc/lab',
      ingress: [{ protocol: 'all', securityGroup: 'security-group/db' }],
    });
  });

  it('are picked like any other field', () => {
    const fields = securityGroupType.fields.filter(({ name }) => name === 'vpc');

    expect(pickFields(group, fields)).toEqual({ vpc: 'lab' });
  });

  it('can be left out', () => {
    const one = { subnet: 'front', securityGroups: ['a'], macAddress: '02:00' };

    expect(mapReferences(interfaceType, one, () => undefined)).toEqual({
      subnet: undefined,
      securityGroups: [],
      macAddress: '02:00',
    });
  });
});
