// SPDX-License-Identifier: Apache-2.0

// The one description of a network interface's device in QEMU's words, for the command line and
// for hot-plug: a socket, a vhost-user netdev on it, and the device that the guest sees.

import { chardevName, rootPortName } from './block-device.ts';
import type { NetworkDevice } from './machine-spec.ts';
import type { Accelerator } from './profile.ts';

/** Properties of a `virtio-net-pci`, as `-device` and `device_add` take them. */
export type NetworkDeviceProperties = Readonly<Record<string, string | number | boolean>>;

/** What AWS carries within a VPC, and our card: the driver is told. */
const hostMtuBytes = 9001;

export function networkDeviceProperties(
  device: NetworkDevice,
  accelerator: Accelerator,
): NetworkDeviceProperties {
  const { id, slot, macAddress, pairCount } = device;
  return {
    id,
    bus: rootPortName(slot),
    netdev: netdevName(device),
    mac: macAddress,
    'disable-legacy': 'on',
    host_mtu: hostMtuBytes,
    // Nothing boots from a network here.
    romfile: '',
    ...(pairCount > 1 ? { mq: true } : {}),
    ...vectorsFor(accelerator),
  };
}

/** Properties of the netdev between the device and its socket. */
export function netdevProperties(device: NetworkDevice): {
  readonly id: string;
  readonly chardev: string;
  readonly queues: number;
} {
  return { id: netdevName(device), chardev: chardevName(device), queues: device.pairCount };
}

export function netdevName({ id }: Pick<NetworkDevice, 'id'>): string {
  return `${id}-net`;
}

// QEMU 7.2 takes vhost-user network devices with MSI-X to have KVM's irqfd, and without KVM ends by
// SIGSEGV when the guest's driver starts. An interrupt line does in both.
function vectorsFor(accelerator: Accelerator): { readonly vectors?: 0 } {
  return accelerator === 'tcg' ? { vectors: 0 } : {};
}
