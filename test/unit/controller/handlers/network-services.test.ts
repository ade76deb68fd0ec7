// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addVpc, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

const gone = { code: 'not-found' };

describe('the service NetworkServices', () => {
  it('makes, finds, changes and deletes an option set, which a VPC may hold', async () => {
    const handlers = openNetworks();
    const { vpc } = await addVpc(handlers);
    const made = await call(handlers, 'NetworkServices.CreateDhcpOptions', {
      dhcpOptions: { domainName: 'corp.internal', domainNameServers: ['ArgonProvidedDNS'] },
    });
    const { name } = made;

    const changed = await call(handlers, 'NetworkServices.UpdateDhcpOptions', {
      dhcpOptions: { name, ntpServers: ['10.0.0.9'], netbiosNodeType: 2 },
      updateMask: ['ntp_servers', 'netbios_node_type'],
    });
    const held = await call(handlers, 'Networks.UpdateVpc', {
      vpc: { name: vpc, dhcpOptions: name },
      updateMask: ['dhcp_options'],
    });

    expect(changed).toMatchObject({ domainName: 'corp.internal', ntpServers: ['10.0.0.9'] });
    expect(await call(handlers, 'NetworkServices.GetDhcpOptions', { name })).toEqual(changed);
    const { dhcpOptions } = await call(handlers, 'NetworkServices.ListDhcpOptions', {});
    expect(dhcpOptions).toEqual([changed]);
    expect(held).toMatchObject({ dhcpOptions: name, ipv4Cidrs: ['10.0.0.0/16'] });
    await expect(
      call(handlers, 'NetworkServices.DeleteDhcpOptions', { name }),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
    await call(handlers, 'Networks.UpdateVpc', {
      vpc: { name: vpc },
      updateMask: ['dhcp_options'],
    });
    await call(handlers, 'NetworkServices.DeleteDhcpOptions', { name });
    await expect(call(handlers, 'NetworkServices.GetDhcpOptions', { name })).rejects.toMatchObject(
      gone,
    );
  });

  it('makes, finds, changes and deletes a private zone of VPCs', async () => {
    const handlers = openNetworks();
    const { vpc } = await addVpc(handlers);
    const records = [
      { name: 'db.corp', type: 'PRIVATE_RECORD_TYPE_A' as const, values: ['10.0.1.9'] },
    ];
    const made = await call(handlers, 'NetworkServices.CreatePrivateZone', {
      privateZone: { domainName: 'corp', vpcs: [vpc], records },
    });
    const { name } = made;
    expect(made).toMatchObject({ domainName: 'corp', vpcs: [vpc], records: [{ ttlSeconds: 0 }] });

    await expect(call(handlers, 'Networks.DeleteVpc', { name: vpc })).rejects.toThrow('zone-');
    const changed = await call(handlers, 'NetworkServices.UpdatePrivateZone', {
      privateZone: { name, vpcs: [] },
      updateMask: ['vpcs'],
    });

    expect(changed).toMatchObject({ vpcs: [], records });
    expect(await call(handlers, 'NetworkServices.GetPrivateZone', { name })).toEqual(changed);
    const { privateZones } = await call(handlers, 'NetworkServices.ListPrivateZones', {});
    expect(privateZones).toEqual([changed]);
    await call(handlers, 'NetworkServices.DeletePrivateZone', { name });
    await expect(call(handlers, 'NetworkServices.GetPrivateZone', { name })).rejects.toMatchObject(
      gone,
    );
  });

  it('names the field of a record that cannot be', async () => {
    const handlers = openNetworks();
    const type = 'PRIVATE_RECORD_TYPE_MX' as const;
    const records = [{ name: 'corp', type, values: ['mail.corp'] }];

    await expect(
      call(handlers, 'NetworkServices.CreatePrivateZone', {
        privateZone: { domainName: 'corp', records },
      }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('private_zone.records[0].values[0] cannot be') as unknown,
      hint: 'write it as in "10 mail.corp.internal"',
    });
  });
});
