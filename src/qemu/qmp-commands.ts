// SPDX-License-Identifier: Apache-2.0

// The commands that Argon may give to QEMU, as data: a verb of a closed list, its arguments and how
// its reply is read. What is not here cannot be asked: no memory dump, no screen dump, no
// migration, no human monitor, no block jobs, no qom-set (D7).

import {
  isObject,
  type JsonObject,
  parseArray,
  parseChoice,
  parseObject,
  parseString,
} from '../base/parse.ts';
import { blockDeviceProperties, chardevName } from './block-device.ts';
import type { BlockDevice, NetworkDevice } from './machine-spec.ts';
import { netdevName, netdevProperties, networkDeviceProperties } from './network-device.ts';
import type { Accelerator } from './profile.ts';
import type { QemuDialect } from './version.ts';

/** The verbs that may cross the channel. The client refuses any other. */
export const qmpVerbs = [
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
] as const;

export type QmpVerb = (typeof qmpVerbs)[number];

export interface QmpCommand<Reply> {
  readonly verb: QmpVerb;
  readonly args?: JsonObject;
  /** Reads QEMU's reply; throws an ArgonError where it is not what the verb returns. */
  readonly parseReply: (value: unknown) => Reply;
}

/** QEMU's run states, as `query-status` gives them. */
export const runStates = [
  'debug',
  'inmigrate',
  'internal-error',
  'io-error',
  'paused',
  'postmigrate',
  'prelaunch',
  'finish-migrate',
  'restore-vm',
  'running',
  'save-vm',
  'shutdown',
  'suspended',
  'watchdog',
  'guest-panicked',
  'colo',
] as const;

/** `prelaunch` is a held instance that has run no instruction. */
export type RunState = (typeof runStates)[number];

/** What state the machine is in. */
export function queryStatus(): QmpCommand<RunState> {
  return {
    verb: 'query-status',
    parseReply: (value) =>
      parseChoice(parseObject(value, 'query-status')['status'], 'the run state', runStates),
  };
}

/** How many virtual CPUs there are. */
export function queryCpuCount(): QmpCommand<number> {
  return {
    verb: 'query-cpus-fast',
    parseReply: (value) => parseArray(value, 'query-cpus-fast').length,
  };
}

/** The ids of all PCI devices that have one. For inventories, not for finding free slots. */
export function queryPciIds(): QmpCommand<readonly string[]> {
  return {
    verb: 'query-pci',
    parseReply: (value) =>
      parseArray(value, 'query-pci').flatMap((bus) => pciIds(parseObject(bus, 'a bus'))),
  };
}

/** Releases a held or stopped instance. */
export function resume(): QmpCommand<void> {
  return { verb: 'cont', parseReply: parseNothing };
}

/** Stops all virtual CPUs. */
export function pause(): QmpCommand<void> {
  return { verb: 'stop', parseReply: parseNothing };
}

/** Presses the power button; the guest decides what it does. */
export function powerDown(): QmpCommand<void> {
  return { verb: 'system_powerdown', parseReply: parseNothing };
}

/** Resets the machine; under our command line that ends QEMU, for it to be verified again (A8). */
export function reset(): QmpCommand<void> {
  return { verb: 'system_reset', parseReply: parseNothing };
}

/** Ends QEMU at once, as if power were cut. */
export function quit(): QmpCommand<void> {
  return { verb: 'quit', parseReply: parseNothing };
}

/** Leaves negotiation; the client sends it by itself. */
export function negotiate(): QmpCommand<void> {
  return { verb: 'qmp_capabilities', parseReply: parseNothing };
}

/** The socket of a device; QEMU connects to it. */
export function addDeviceChardev(
  device: Pick<BlockDevice, 'id' | 'socketPath'>,
  dialect: QemuDialect,
): QmpCommand<void> {
  const { key, value } = dialect.reconnect;
  const addr = { type: 'unix', data: { path: device.socketPath } };
  return {
    verb: 'chardev-add',
    args: {
      id: chardevName(device),
      backend: { type: 'socket', data: { addr, server: false, [key]: value } },
    },
    parseReply: ignore, // An empty object, or the pty's name for the kind that has one.
  };
}

/** Whether QEMU is connected to the socket of a device; undefined when it has no such socket. */
export function queryDeviceChardev(
  device: Pick<BlockDevice, 'id'>,
): QmpCommand<'connected' | 'disconnected' | undefined> {
  return {
    verb: 'query-chardev',
    parseReply: (value) => {
      const chardevs = parseArray(value, 'query-chardev').map((item) =>
        parseObject(item, 'a chardev'),
      );
      const found = chardevs.find((chardev) => chardev['label'] === chardevName(device));
      if (found === undefined) return undefined;
      const isOpen = !parseString(found['filename'], 'the file name').startsWith('disconnected:');
      return isOpen ? 'connected' : 'disconnected';
    },
  };
}

/** Fails while a device uses the socket, which makes it the proof that the device is gone. */
export function removeDeviceChardev(device: Pick<BlockDevice, 'id'>): QmpCommand<void> {
  return {
    verb: 'chardev-remove',
    args: { id: chardevName(device) },
    parseReply: parseNothing,
  };
}

/** Plugs a volume's device. Its driver and that of interfaces are the only ones ever plugged. */
export function addBlockDevice(device: BlockDevice): QmpCommand<void> {
  return {
    verb: 'device_add',
    args: { driver: 'vhost-user-blk-pci', ...blockDeviceProperties(device) },
    parseReply: parseNothing,
  };
}

/** What joins an interface's device to its socket. QEMU waits in it for the back end. */
export function addNetdev(device: NetworkDevice): QmpCommand<void> {
  return {
    verb: 'netdev_add',
    args: { type: 'vhost-user', ...netdevProperties(device) },
    parseReply: parseNothing,
  };
}

/** QEMU also does it under a device that uses it, which then has no link. */
export function removeNetdev(device: Pick<NetworkDevice, 'id'>): QmpCommand<void> {
  return { verb: 'netdev_del', args: { id: netdevName(device) }, parseReply: parseNothing };
}

/** Plugs an interface's device. */
export function addNetworkDevice(
  device: NetworkDevice,
  accelerator: Accelerator,
): QmpCommand<void> {
  return {
    verb: 'device_add',
    args: { driver: 'virtio-net-pci', ...networkDeviceProperties(device, accelerator) },
    parseReply: parseNothing,
  };
}

/** Asks the guest to let go of a device; DEVICE_DELETED says when it has. */
export function deleteDevice(device: Pick<BlockDevice, 'id'>): QmpCommand<void> {
  return { verb: 'device_del', args: { id: device.id }, parseReply: parseNothing };
}

function parseNothing(value: unknown): void {
  parseObject(value, 'the empty reply');
}

function ignore(): void {}

// QEMU nests the devices behind a bridge two levels down. Depth is bounded by the bus numbers of
// PCI.
function pciIds(bus: JsonObject, depth = 0): readonly string[] {
  if (depth > 255) return [];
  return parseArray(bus['devices'], 'the devices of a bus').flatMap((item) => {
    const device = parseObject(item, 'a device');
    const own = typeof device['qdev_id'] === 'string' ? [device['qdev_id']] : [];
    const bridge = device['pci_bridge'];
    const hasDevices = isObject(bridge) && 'devices' in bridge;
    return [...own, ...(hasDevices ? pciIds(bridge, depth + 1) : [])].filter((id) => id !== '');
  });
}
