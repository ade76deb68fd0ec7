// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  netdevName,
  netdevProperties,
  networkDeviceProperties,
} from '../../../src/qemu/network-device.ts';
import { sampleNetworkDevice } from './samples.ts';

describe('networkDeviceProperties', () => {
  it('puts the device behind its root port, modern only, without MSI-X under TCG', () => {
    expect(networkDeviceProperties(sampleNetworkDevice(), 'tcg')).toEqual({
      id: 'eni',
      bus: 'rp0',
      netdev: 'eni-net',
      mac: '02:00:00:00:00:01',
      'disable-legacy': 'on',
      host_mtu: 9001,
      romfile: '',
      vectors: 0,
    });
  });

  it('leaves the vectors to QEMU on KVM, and has queues for more CPUs than one', () => {
    const properties = networkDeviceProperties(sampleNetworkDevice({ pairCount: 2 }), 'kvm');

    expect(properties).not.toHaveProperty('vectors');
    expect(properties).toMatchObject({ mq: true });
  });
});

describe('netdevProperties', () => {
  it('name the socket and the pairs of queues', () => {
    const device = sampleNetworkDevice({ pairCount: 4 });

    expect(netdevProperties(device)).toEqual({ id: 'eni-net', chardev: 'eni-socket', queues: 4 });
    expect(netdevName({ id: 'x' })).toBe('x-net');
  });
});
