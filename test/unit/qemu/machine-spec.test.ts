// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { type Bytes, parseBytes } from '../../../src/base/byte-size.ts';
import { checkMachineSpec, filesOf, type MachineSpec } from '../../../src/qemu/machine-spec.ts';
import type { PciSlot } from '../../../src/qemu/profile.ts';
import { sampleDevice, sampleNetworkDevice, sampleSpec } from './samples.ts';

const slotZero = 0 as PciSlot;

describe('checkMachineSpec', () => {
  it.each<[string, Partial<MachineSpec>]>([
    ['one CPU', { cpuCount: 1 }],
    ['the most CPUs', { cpuCount: 255 }],
    ['the least memory', { memoryBytes: parseBytes('64MiB') }],
    ['a name of 63 characters', { name: 'n'.repeat(63) }],
    [
      'two devices in two slots',
      { blockDevices: [sampleDevice(), sampleDevice({ id: 'data', slot: slotZero })] },
    ],
    [
      'a disk and an interface',
      { blockDevices: [sampleDevice()], networkDevices: [sampleNetworkDevice()] },
    ],
    [
      'a socket path of 107 bytes',
      { blockDevices: [sampleDevice({ socketPath: `/${'s'.repeat(106)}` })] },
    ],
  ])('takes %s', (_what, change) => {
    expect(() => {
      checkMachineSpec(sampleSpec(change));
    }).not.toThrow();
  });

  it.each<[string, Partial<MachineSpec>]>([
    ['no CPU', { cpuCount: 0 }],
    ['too many CPUs', { cpuCount: 256 }],
    [
      'an interface in the slot of a disk',
      {
        blockDevices: [sampleDevice({ slot: slotZero })],
        networkDevices: [sampleNetworkDevice({ slot: slotZero })],
      },
    ],
    [
      'an interface without an address',
      { networkDevices: [sampleNetworkDevice({ macAddress: '' })] },
    ],
    [
      'an interface with more queues than cards have',
      { networkDevices: [sampleNetworkDevice({ pairCount: 9 })] },
    ],
    ['half a CPU', { cpuCount: 1.5 }],
    ['too little memory', { memoryBytes: parseBytes('63MiB') }],
    ['memory that is no whole MiB', { memoryBytes: (2 ** 27 + 1) as Bytes }],
    ['a name that begins like an option', { name: '-S' }],
    ['a name of 64 characters', { name: 'n'.repeat(64) }],
    ['a name with a comma', { name: 'a,b' }],
    ['two devices in a slot', { blockDevices: [sampleDevice(), sampleDevice({ id: 'data' })] }],
    ['two devices of a name', { blockDevices: [sampleDevice(), sampleDevice({ slot: slotZero })] }],
    ['a slot that is not there', { blockDevices: [sampleDevice({ slot: 2 as PciSlot })] }],
    ['a device without queues', { blockDevices: [sampleDevice({ queueCount: 0 })] }],
    ['a queue of two', { blockDevices: [sampleDevice({ queueSize: 2 })] }],
    ['a negative boot index', { blockDevices: [sampleDevice({ bootIndex: -1 })] }],
    ['a device id with a comma', { blockDevices: [sampleDevice({ id: 'a,b' })] }],
    ['a relative socket', { blockDevices: [sampleDevice({ socketPath: 'root.sock' })] }],
    [
      'a socket path of 108 bytes',
      { blockDevices: [sampleDevice({ socketPath: `/${'s'.repeat(107)}` })] },
    ],
    [
      'a relative kernel',
      { boot: { kind: 'kernel', kernel: { kind: 'path', path: 'vmlinuz' }, commandLine: '' } },
    ],
    [
      'a descriptor that is none',
      {
        boot: { kind: 'kernel', kernel: { kind: 'fd', fd: -1, origin: '/k' }, commandLine: '' },
      },
    ],
  ])('refuses %s', (_what, change) => {
    expect(() => {
      checkMachineSpec(sampleSpec(change));
    }).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('names the device whose slot is taken', () => {
    const blockDevices = [sampleDevice(), sampleDevice({ id: 'data' })];

    expect(() => {
      checkMachineSpec(sampleSpec({ blockDevices }));
    }).toThrow('data and root are both in slot 1');
  });
});

describe('filesOf', () => {
  it('gives what there is, the kernel first', () => {
    const kernel = { kind: 'path', path: '/k' } as const;
    const bios = { kind: 'path', path: '/b' } as const;

    expect(filesOf({ kind: 'kernel', kernel, bios, commandLine: '' })).toEqual([kernel, bios]);
    expect(filesOf({ kind: 'firmware', code: kernel, variables: bios })).toEqual([kernel, bios]);
  });
});
