// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  type PlugOptions,
  plugBlockDevice,
  plugNetworkDevice,
  unplugBlockDevice,
  unplugNetworkDevice,
} from '../../../src/qemu/hotplug.ts';
import { type FakeCommand, openFake, refusal } from './fake-qmp.ts';
import { dialect72, sampleDevice, sampleNetworkDevice, smallProfile } from './samples.ts';

const device = sampleDevice();

function plugOptions(signal = AbortSignal.timeout(300_000)): PlugOptions {
  return { signal, profile: smallProfile, dialect: dialect72 };
}

/** query-chardev's answer while the socket is connected, or after `n` times not yet. */
function connectedAfter(
  n: number,
  label = 'root-socket',
): (command: FakeCommand) => { return: unknown } {
  let asked = 0;
  return ({ execute }) => {
    if (execute !== 'query-chardev') return { return: {} };
    asked += 1;
    const prefix = asked > n ? '' : 'disconnected:';
    return { return: [{ label, filename: `${prefix}unix:/run/x` }] };
  };
}

describe('plugBlockDevice', () => {
  it('adds the socket, waits until it is connected, then adds the device', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = connectedAfter(1);

    await plugBlockDevice(qmp, device, plugOptions());

    expect(qemu.verbs).toEqual(['chardev-add', 'query-chardev', 'query-chardev', 'device_add']);
  });

  it('never adds a device to a socket that nobody listens on: QEMU would hang', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = connectedAfter(Infinity);

    const failure = plugBlockDevice(qmp, device, { ...plugOptions(), connectTimeoutMs: 1 });

    await expect(failure).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('/run/argon/root.sock'),
    });
    expect(qemu.verbs).not.toContain('device_add');
    expect(qemu.verbs.at(-1)).toBe('chardev-remove');
  });

  it('takes the socket out again when QEMU refuses the device', async () => {
    const { qemu, qmp } = await openFake();
    const connected = connectedAfter(0);
    qemu.answer = (command) => {
      if (command.execute === 'device_add') return refusal('slot 0 in use');
      return command.execute === 'chardev-remove' ? refusal('busy') : connected(command);
    };

    await expect(plugBlockDevice(qmp, device, plugOptions())).rejects.toThrow('slot 0 in use');
    expect(qemu.verbs.at(-1)).toBe('chardev-remove');
  });

  it('takes nothing out that it did not add', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => refusal("Chardev 'root-socket' already exists");

    await expect(plugBlockDevice(qmp, device, plugOptions())).rejects.toThrow('already exists');
    expect(qemu.verbs).toEqual(['chardev-add']);
  });

  it('rolls back when its caller gives up', async () => {
    const { qemu, qmp } = await openFake();
    const giveUp = new AbortController();
    qemu.answer = (command) => {
      if (command.execute === 'query-chardev') giveUp.abort();
      return connectedAfter(Infinity)(command);
    };

    await expect(plugBlockDevice(qmp, device, plugOptions(giveUp.signal))).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(qemu.verbs.at(-1)).toBe('chardev-remove');
  });

  it('asks QEMU for nothing when the device cannot be', async () => {
    const { qemu, qmp } = await openFake();

    await expect(
      plugBlockDevice(qmp, sampleDevice({ queueCount: 0 }), plugOptions()),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(qemu.verbs).toEqual([]);
  });
});

describe('unplugBlockDevice', () => {
  const options = { signal: AbortSignal.timeout(300_000), timeoutMs: 50_000 };

  it('waits for the guest and proves it by removing the socket', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) => {
      if (execute === 'device_del') {
        qemu.sendEvent('DEVICE_DELETED', { path: '/machine/peripheral/root/virtio-backend' });
        qemu.sendEvent('DEVICE_DELETED', { device: 'other' });
        qemu.sendEvent('DEVICE_DELETED', { device: 'root' });
      }
      return { return: {} };
    };

    expect(await unplugBlockDevice(qmp, device, options)).toBe('removed');
    expect(qemu.verbs).toEqual(['device_del', 'chardev-remove']);
  });

  it('is busy when the guest refuses, at once', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) => {
      if (execute === 'chardev-remove') return refusal("Chardev 'root-socket' is busy");
      qemu.sendEvent('DEVICE_UNPLUG_GUEST_ERROR', { device: 'root' });
      return { return: {} };
    };

    expect(await unplugBlockDevice(qmp, device, options)).toBe('busy');
  });

  it('does not believe an event alone', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) => {
      qemu.sendEvent('DEVICE_DELETED', { device: 'root' });
      return execute === 'chardev-remove' ? refusal('busy') : { return: {} };
    };

    expect(await unplugBlockDevice(qmp, device, options)).toBe('busy');
  });

  it('is busy when the guest says nothing in time', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) => (execute === 'device_del' ? { return: {} } : refusal('busy'));

    expect(await unplugBlockDevice(qmp, device, { ...options, timeoutMs: 1 })).toBe('busy');
  });

  it('goes on waiting when an earlier request is under way', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) => {
      if (execute !== 'device_del') return { return: {} };
      qemu.sendEvent('DEVICE_DELETED', { device: 'root' });
      return refusal('Device root is already in the process of unplug');
    };

    expect(await unplugBlockDevice(qmp, device, options)).toBe('removed');
  });

  it('has nothing to wait for when the device is gone already', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) =>
      execute === 'device_del'
        ? refusal("Device 'root' not found", 'DeviceNotFound')
        : refusal("Chardev 'root-socket' not found");

    expect(await unplugBlockDevice(qmp, device, options)).toBe('removed');
  });

  it('passes on any other refusal, and its caller giving up', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => refusal("Bus 'rp1' does not support hotplugging");
    await expect(unplugBlockDevice(qmp, device, options)).rejects.toThrow('hotplugging');

    const giveUp = new AbortController();
    qemu.answer = () => {
      giveUp.abort();
      return { return: {} };
    };
    await expect(
      unplugBlockDevice(qmp, device, { signal: giveUp.signal, timeoutMs: 50_000 }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('plugNetworkDevice', () => {
  const nic = sampleNetworkDevice();
  const options = { ...plugOptions(), accelerator: 'tcg' } as const;

  it('adds the netdev once the socket is connected, then the device', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = connectedAfter(1, 'eni-socket');

    await plugNetworkDevice(qmp, nic, options);

    expect(qemu.verbs).toEqual([
      'chardev-add',
      'query-chardev',
      'query-chardev',
      'netdev_add',
      'device_add',
    ]);
  });

  it('takes netdev and socket out again when QEMU refuses the device', async () => {
    const { qemu, qmp } = await openFake();
    const connected = connectedAfter(0, 'eni-socket');
    qemu.answer = (command) =>
      command.execute === 'device_add' ? refusal('slot 0 in use') : connected(command);

    await expect(plugNetworkDevice(qmp, nic, options)).rejects.toThrow('slot 0 in use');
    expect(qemu.verbs.slice(-2)).toEqual(['netdev_del', 'chardev-remove']);
  });
});

describe('unplugNetworkDevice', () => {
  const nic = { id: 'eni' };
  const options = { signal: AbortSignal.timeout(300_000), timeoutMs: 1 };
  const pci = (ids: readonly string[]) => [
    { bus: 0, devices: ids.map((id) => ({ qdev_id: id, bus: 0 })) },
  ];

  it('takes no netdev from under a device that is there', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) => ({ return: execute === 'query-pci' ? pci(['eni']) : {} });

    expect(await unplugNetworkDevice(qmp, nic, options)).toBe('busy');

    expect(qemu.verbs).toEqual(['device_del', 'query-pci']);
  });

  it('takes netdev and socket out when the device is gone, as far as they are there', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = ({ execute }) => {
      if (execute === 'query-pci') return { return: pci(['other']) };
      return execute === 'netdev_del' ? refusal("Device 'eni-net' not found") : { return: {} };
    };

    expect(await unplugNetworkDevice(qmp, nic, options)).toBe('removed');

    expect(qemu.verbs).toEqual(['device_del', 'query-pci', 'netdev_del', 'chardev-remove']);
  });
});
