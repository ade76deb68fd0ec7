// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr } from '../../../src/network/model/address.ts';
import type { Uplink } from '../../../src/network/model/records.ts';
import { routerMac } from '../../../src/network/model/subnet-addresses.ts';
import {
  devicesOf,
  parseDevices,
  uplinkAddresses,
  uplinkDevice,
  uplinkMac,
} from '../../../src/network/uplink.ts';
import { sampleVpc } from './samples.ts';

const uplink: Uplink = {
  tap: 'outside0',
  namespace: undefined,
  ipv4Cidr: parseCidr('198.51.100.8/30'),
};

const wide: Uplink = { ...uplink, ipv6Cidr: parseCidr('fd00:ffff::/64') };

describe('the link of an uplink', () => {
  it('has the router first and the host second', () => {
    expect(uplinkAddresses(uplink)).toEqual({ router: '198.51.100.9', host: '198.51.100.10' });
    expect(uplinkAddresses(wide).hostIpv6).toBe('fd00:ffff::2');
  });

  it('has a MAC address for each end, which are no groups', () => {
    const [device, router] = [uplinkMac(sampleVpc(7)), routerMac(sampleVpc(7))];

    expect([...device]).toEqual([6, 0, 0, 0, 0, 7]);
    expect(device).not.toEqual(router);
    expect(uplinkMac(sampleVpc(8))).not.toEqual(device);
  });
});

describe('the device of an uplink', () => {
  it('has what is behind the router as its routes, and nothing else', () => {
    const ipv4Cidrs = ['10.0.0.0/16', '10.9.0.0/20'].map(parseCidr);

    expect(uplinkDevice(sampleVpc(1, { ipv4Cidrs }), uplink, 1024)).toEqual({
      index: 1024,
      vpc: sampleVpc().id,
      tap: 'outside0',
      namespacePath: '',
      mac: '060000000001',
      ipv4: {
        address: '198.51.100.10',
        gateway: '198.51.100.9',
        prefixLength: 30,
        routes: ipv4Cidrs,
      },
    });
  });

  it('has IPv6 where the uplink has a block of it, by the address of every router', () => {
    const ipv6Cidrs = ['fd00:1::/56'].map(parseCidr);

    expect(uplinkDevice(sampleVpc(1, { ipv6Cidrs }), wide, 1024).ipv6).toEqual({
      address: 'fd00:ffff::2',
      gateway: 'fe80:ec2::1',
      prefixLength: 64,
      routes: ipv6Cidrs,
    });
  });

  it.each([
    ['lab', '/run/netns/lab'],
    ['/proc/7/ns/net', '/proc/7/ns/net'],
    [undefined, ''],
  ])('is in the namespace %s', (namespace, namespacePath) => {
    const device = uplinkDevice(sampleVpc(), { ...uplink, namespace }, 0);

    expect(device.namespacePath).toBe(namespacePath);
  });

  it('is of a VPC that has an uplink and a place', () => {
    const vpcs = [sampleVpc(1, { uplink }), sampleVpc(2)];
    const places = vpcs.map(({ id }, index) => ({ vpc: id, index }));

    expect(devicesOf(vpcs, places).map(({ vpc }) => vpc)).toEqual([vpcs[0]?.id]);
    expect(devicesOf(vpcs, [])).toEqual([]);
  });

  it('is the same after a way as JSON, and is refused as anything else', () => {
    const places = [{ vpc: sampleVpc().id, index: 5 }];
    const devices = devicesOf([sampleVpc(1, { uplink: wide })], places);
    const [device] = devices;
    const { ipv4, ipv6 } = device ?? {};
    const [narrow] = devicesOf([sampleVpc(1, { uplink })], places);
    expect(parseDevices(JSON.parse(JSON.stringify([narrow])))).toEqual([narrow]);

    expect(parseDevices(JSON.parse(JSON.stringify(devices)))).toEqual(devices);
    for (const wrong of [
      {},
      [7],
      [{ ...device, index: 4096 }],
      [{ ...device, mac: '06:00' }],
      [{ ...device, ipv4: undefined }],
      [{ ...device, ipv4: { ...ipv4, prefixLength: 31 } }],
      [{ ...device, ipv4: { ...ipv4, address: 'fd00::1' } }],
      [{ ...device, ipv4: { ...ipv4, gateway: 'fd00::1' } }],
      [{ ...device, ipv4: { ...ipv4, routes: ['fd00::/56'] } }],
      [{ ...device, ipv6: ipv4 }],
      [{ ...device, ipv6: { ...ipv6, prefixLength: 127 } }],
      [{ ...device, ipv6: { ...ipv6, routes: ['10.0.0.0/16'] } }],
    ]) {
      expect(() => parseDevices(wrong)).toThrow();
    }
  });
});
