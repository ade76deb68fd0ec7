// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  addBlockDevice,
  addDeviceChardev,
  addNetdev,
  addNetworkDevice,
  deleteDevice,
  negotiate,
  pause,
  powerDown,
  qmpVerbs,
  queryCpuCount,
  queryDeviceChardev,
  queryPciIds,
  queryStatus,
  quit,
  removeDeviceChardev,
  removeNetdev,
  reset,
  resume,
} from '../../../src/qemu/qmp-commands.ts';
import { dialectOf } from '../../../src/qemu/version.ts';
import { dialect72, sampleDevice, sampleNetworkDevice } from './samples.ts';

const malformed = expect.objectContaining({ code: 'invalid-argument' });

describe('qmpVerbs', () => {
  it('is exactly the reviewed list (D7)', () => {
    expect(qmpVerbs).toEqual([
      'chardev-add',
      'chardev-remove',
      'cont',
      'device_add',
      'device_del',
      'netdev_add',
      'netdev_del',
      'qmp_capabilities',
      'query-chardev',
      'query-cpus-fast',
      'query-pci',
      'query-status',
      'quit',
      'stop',
      'system_powerdown',
      'system_reset',
    ]);
  });

  it('holds nothing that reads or writes a guest, its disks or QEMU itself', () => {
    const banned =
      /memory|memsave|dump|screen|monitor|migrat|block|qom|^x-|snapshot|nbd|getfd|object/;

    expect(qmpVerbs.filter((verb) => banned.test(verb))).toEqual([]);
  });
});

describe('commands without arguments', () => {
  it.each([
    [negotiate(), 'qmp_capabilities'],
    [resume(), 'cont'],
    [pause(), 'stop'],
    [powerDown(), 'system_powerdown'],
    [reset(), 'system_reset'],
    [quit(), 'quit'],
  ])('%# asks for one verb and expects nothing', (command, verb) => {
    expect(command.verb).toBe(verb);
    expect(command.args).toBeUndefined();
    expect(command.parseReply({})).toBeUndefined();
    expect(() => command.parseReply('yes')).toThrow(malformed);
  });
});

describe('queries', () => {
  it('reads the run state, and no other word', () => {
    const { parseReply } = queryStatus();

    expect(parseReply({ status: 'prelaunch', running: false })).toBe('prelaunch');
    expect(() => parseReply({ status: 'dancing' })).toThrow(malformed);
    expect(() => parseReply([])).toThrow(malformed);
  });

  it('counts CPUs', () => {
    expect(queryCpuCount().parseReply([{}, {}])).toBe(2);
    expect(() => queryCpuCount().parseReply({})).toThrow(malformed);
  });

  it('collects the ids of devices on every bus and behind every bridge', () => {
    const behind = { devices: [{ qdev_id: 'root' }] };
    const bus = {
      devices: [{ qdev_id: '' }, {}, { qdev_id: 'rp0', pci_bridge: behind }, { pci_bridge: {} }],
    };

    expect(queryPciIds().parseReply([bus, behind])).toEqual(['rp0', 'root', 'root']);
    expect(() => queryPciIds().parseReply([{ devices: 1 }])).toThrow(malformed);
  });

  it('survives a bus that is nested without end', () => {
    const loop: { devices: unknown[] } = { devices: [] };
    loop.devices.push({ pci_bridge: loop });

    expect(queryPciIds().parseReply([loop])).toEqual([]);
  });

  it('tells whether a socket is connected', () => {
    const { parseReply } = queryDeviceChardev({ id: 'root' });
    const entry = (filename: string): unknown => [
      { label: 'qmp', filename: 'unix:' },
      { label: 'root-socket', filename },
    ];

    expect(parseReply(entry('unix:/run/root.sock'))).toBe('connected');
    expect(parseReply(entry('disconnected:unix:/run/root.sock'))).toBe('disconnected');
    expect(parseReply([])).toBeUndefined();
    expect(() => parseReply([{ label: 'root-socket' }])).toThrow(malformed);
  });
});

describe('hot-plug commands', () => {
  it('add a socket that reconnects, in the words of the version', () => {
    const data = {
      addr: { type: 'unix', data: { path: '/run/argon/root.sock' } },
      server: false,
    };

    expect(addDeviceChardev(sampleDevice(), dialect72).args).toEqual({
      id: 'root-socket',
      backend: { type: 'socket', data: { ...data, reconnect: 1 } },
    });
    expect(
      addDeviceChardev(sampleDevice(), dialectOf({ major: 10, minor: 0, micro: 0 })).args,
    ).toEqual({
      id: 'root-socket',
      backend: { type: 'socket', data: { ...data, 'reconnect-ms': 1000 } },
    });
  });

  it('add no device but a vhost-user disk', () => {
    expect(addBlockDevice(sampleDevice()).args).toEqual({
      driver: 'vhost-user-blk-pci',
      id: 'root',
      bus: 'rp1',
      chardev: 'root-socket',
      'disable-legacy': 'on',
      'num-queues': 2,
    });
  });

  it('take both away by their names', () => {
    expect(deleteDevice({ id: 'root' }).args).toEqual({ id: 'root' });
    expect(removeDeviceChardev({ id: 'root' }).args).toEqual({ id: 'root-socket' });
  });
});

describe('commands of network interfaces', () => {
  it('join a socket to a device, and take the joint out', () => {
    const device = sampleNetworkDevice();

    expect(addNetdev(device).args).toEqual({
      type: 'vhost-user',
      id: 'eni-net',
      chardev: 'eni-socket',
      queues: 1,
    });
    expect(addNetworkDevice(device, 'tcg').args).toMatchObject({
      driver: 'virtio-net-pci',
      id: 'eni',
      netdev: 'eni-net',
      vectors: 0,
    });
    expect(removeNetdev(device).args).toEqual({ id: 'eni-net' });
  });
});
