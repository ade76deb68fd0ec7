// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Registry } from '../../../../src/controller/registry/registry.ts';
import { networkId, sampleState, sampleVpc } from '../../network/samples.ts';
import { createTempDir } from '../../temp-dir.ts';

function fill({ networks }: Registry): void {
  const state = sampleState();
  for (const record of state.vpc) networks.put('vpc', record);
  for (const record of state['route-table']) networks.put('route-table', record);
  for (const record of state['security-group']) networks.put('security-group', record);
  for (const record of state['network-acl']) networks.put('network-acl', record);
  for (const record of state.subnet) networks.put('subnet', record);
  for (const record of state.interface) networks.put('interface', record);
}

describe('the tables of networks', () => {
  it('have after they were opened again what they had', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'registry.db');
    {
      using registry = new Registry(path);
      fill(registry);
    }

    using registry = new Registry(path);

    expect(registry.networks.state()).toEqual(sampleState());
    expect(registry.networks.get('vpc', networkId('vpc', 1))).toEqual(sampleVpc());
    expect(registry.networks.get('vpc', networkId('vpc', 2))).toBeUndefined();
  });

  it('keep what a row refers to', () => {
    using registry = new Registry(':memory:');
    const { networks } = registry;
    fill(registry);

    expect(() => {
      networks.delete('subnet', networkId('subnet', 1));
    }).toThrow('FOREIGN KEY');
    networks.delete('interface', networkId('eni', 1));
    networks.delete('subnet', networkId('subnet', 1));

    expect(networks.state()).toEqual(sampleState({ interface: [], subnet: [] }));
  });

  it('replace a record, and have no name twice', () => {
    using registry = new Registry(':memory:');
    const { networks } = registry;
    networks.put('vpc', sampleVpc());

    networks.put('vpc', sampleVpc(1, { revision: 2 }));

    expect(networks.page('vpc').items).toEqual([sampleVpc(1, { revision: 2 })]);
    expect(() => {
      networks.put('vpc', sampleVpc(2, { displayName: 'vpc-1' }));
    }).toThrow(expect.objectContaining({ code: 'already-exists' }));
  });
});
