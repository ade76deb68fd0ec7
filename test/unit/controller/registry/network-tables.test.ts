// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Registry } from '../../../../src/controller/registry/registry.ts';
import { networkId, sampleState, sampleVpc } from '../../network/samples.ts';
import { createTempDir } from '../../temp-dir.ts';
import { sampleInstance, sampleInterfaceAttachment } from '../samples.ts';
import { putNetworks } from './put-networks.ts';

describe('the tables of networks', () => {
  it('have after they were opened again what they had', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'registry.db');
    {
      using registry = new Registry(path);
      putNetworks(registry);
    }

    using registry = new Registry(path);

    expect(registry.networks.state()).toEqual(sampleState());
    expect(registry.networks.get('vpc', networkId('vpc', 1))).toEqual(sampleVpc());
    expect(registry.networks.get('vpc', networkId('vpc', 2))).toBeUndefined();
  });

  it('keep what a row refers to', () => {
    using registry = new Registry(':memory:');
    const { networks } = registry;
    putNetworks(registry);

    expect(() => {
      networks.delete('subnet', networkId('subnet', 1));
    }).toThrow('FOREIGN KEY');
    networks.delete('interface', networkId('eni', 1));
    networks.delete('subnet', networkId('subnet', 1));

    expect(networks.state()).toEqual(sampleState({ interface: [], subnet: [] }));
  });

  it('have a number for each uplink, the lowest that is free, until its VPC goes', () => {
    using registry = new Registry(':memory:');
    const { networks } = registry;
    const [first, second, third] = [sampleVpc(1), sampleVpc(2), sampleVpc(3)];
    for (const vpc of [first, second, third]) networks.put('vpc', vpc);
    for (const { id } of [second, first, second]) networks.placeUplink(id, 1_024);
    expect(networks.uplinkPlaces()).toEqual([
      { vpc: second.id, index: 1_024 },
      { vpc: first.id, index: 1_025 },
    ]);

    networks.delete('vpc', second.id);
    networks.deleteUplinkPlace(third.id);
    expect(networks.uplinkPlaces()).toEqual([{ vpc: first.id, index: 1_025 }]);
    networks.placeUplink(third.id, 1_024);
    expect(networks.uplinkPlaces().map(({ vpc }) => vpc)).toEqual([third.id, first.id]);
    networks.deleteUplinkPlace(first.id);
    expect(networks.uplinkPlaces()).toHaveLength(1);
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

  it('have attachments with the address of their interface', () => {
    using registry = new Registry(':memory:');
    const { networks } = registry;
    putNetworks(registry);
    registry.putInstance(sampleInstance(1));
    const { macAddress = '' } = networks.get('interface', networkId('eni', 1)) ?? {};
    const attachment = sampleInterfaceAttachment(1, 1, { macAddress, phase: 'reserved' });

    registry.putDevice({ ...attachment, phase: 'plugged' });
    registry.putDevice(attachment);

    expect(networks.attachment(attachment.interface)).toEqual(attachment);
    expect(registry.devices(attachment.instance)).toEqual([attachment]);
    expect(registry.devices()).toEqual([attachment]);
    expect(registry.usedSlots()).toEqual([attachment.slot]);
    expect(() => {
      networks.delete('interface', attachment.interface);
    }).toThrow();
    registry.deleteDevice(attachment);
    expect(networks.attachment(attachment.interface)).toBeUndefined();
    registry.putDevice(attachment);
    registry.deleteInstance(attachment.instance);
    expect(registry.devices()).toEqual([]);
  });
});
