// SPDX-License-Identifier: Apache-2.0

// The one description of a volume's device in QEMU's words, for the command line and for hot-plug.

import type { BlockDevice } from './machine-spec.ts';
import { formatOption } from './option-text.ts';
import type { QemuDialect } from './version.ts';

/** Properties of a `vhost-user-blk-pci`, as `-device` and `device_add` take them. */
export interface BlockDeviceProperties extends Readonly<Record<string, string | number>> {
  readonly id: string;
  readonly bus: string;
  readonly chardev: string;
}

export function blockDeviceProperties(device: BlockDevice): BlockDeviceProperties {
  return {
    id: device.id,
    bus: rootPortName(device.slot),
    chardev: chardevName(device),
    // Firmware drives a transitional device as legacy and fails with our cards.
    'disable-legacy': 'on',
    'num-queues': device.queueCount,
    ...(device.queueSize === undefined ? {} : { 'queue-size': device.queueSize }),
    ...(device.isPacked === true ? { packed: 'on' } : {}),
    ...(device.bootIndex === undefined ? {} : { bootindex: device.bootIndex }),
  };
}

/** The argument of `-chardev` for the device's socket; QEMU connects, the backplane listens. */
export function deviceChardevOption(
  device: Pick<BlockDevice, 'id' | 'socketPath'>,
  { reconnect }: QemuDialect,
): string {
  return formatOption('socket', {
    id: chardevName(device),
    path: device.socketPath,
    [reconnect.key]: reconnect.value,
  });
}

export function chardevName(device: Pick<BlockDevice, 'id'>): string {
  return `${device.id}-socket`;
}

export function rootPortName(slot: number): string {
  return `rp${slot}`;
}
