// SPDX-License-Identifier: Apache-2.0

// Plain values that several tests of this folder begin with.

import { parseBytes } from '../../../src/base/byte-size.ts';
import type { BlockDevice, MachineSpec, NetworkDevice } from '../../../src/qemu/machine-spec.ts';
import { type MachineProfile, parsePciSlot, parseProfile } from '../../../src/qemu/profile.ts';
import { dialectOf, type QemuProgram } from '../../../src/qemu/version.ts';

/** A profile with two root ports, so that whole command lines can be read. */
export const smallProfile: MachineProfile = parseProfile({
  name: 'small',
  machine: 'q35',
  machineOptions: { smm: 'off', 'dump-guest-core': 'off' },
  globals: { 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support': 'on' },
  cpuModels: { kvm: 'host', tcg: 'max' },
  sandbox: { obsolete: 'deny', spawn: 'deny' },
  agentPciDevice: 8,
  panicPciDevice: 9,
  rootPorts: { count: 2, firstPciDevice: 16, options: { 'io-reserve': '0' } },
});

export const version72 = { major: 7, minor: 2, micro: 22 } as const;
export const dialect72 = dialectOf(version72);

export function sampleProgram(program: string): QemuProgram {
  return { program, version: version72, dialect: dialect72 };
}

export function sampleDevice(change: Partial<BlockDevice> = {}): BlockDevice {
  return {
    id: 'root',
    socketPath: '/run/argon/root.sock',
    slot: parsePciSlot(1, smallProfile),
    queueCount: 2,
    ...change,
  };
}

export function sampleNetworkDevice(change: Partial<NetworkDevice> = {}): NetworkDevice {
  return {
    id: 'eni',
    socketPath: '/run/argon/eni.sock',
    slot: parsePciSlot(0, smallProfile),
    macAddress: '02:00:00:00:00:01',
    pairCount: 1,
    ...change,
  };
}

export function sampleSpec(change: Partial<MachineSpec> = {}): MachineSpec {
  return {
    profile: smallProfile,
    name: 'web-1',
    accelerator: 'tcg',
    cpuCount: 2,
    memoryBytes: parseBytes('512MiB'),
    boot: {
      kind: 'kernel',
      kernel: { kind: 'path', path: '/images/vmlinuz' },
      initrd: { kind: 'path', path: '/images/initrd' },
      commandLine: 'console=ttyS0 panic=-1',
    },
    blockDevices: [],
    start: 'running',
    ...change,
  };
}
