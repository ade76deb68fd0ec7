// SPDX-License-Identifier: Apache-2.0

// One instance as QEMU shall make it: a profile, what is particular to the instance, and the
// devices that cards serve. Plain data; command-line.ts turns it into arguments.

import type { Bytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { type Accelerator, type MachineProfile, type PciSlot, parsePciSlot } from './profile.ts';
import { checkIdentity, type SystemIdentity } from './system-identity.ts';

/** A file that QEMU opens: by its path, or as a descriptor that it inherits (a sealed memfd). */
export type GuestFile =
  | { readonly kind: 'path'; readonly path: string }
  | {
      readonly kind: 'fd';
      readonly fd: number;
      /** The file whose content the descriptor holds; `--print-qemu` shows it instead. */
      readonly origin: string;
    };

/** How the guest comes up. */
export type BootSource =
  | {
      /** QEMU loads a Linux kernel itself. */
      readonly kind: 'kernel';
      readonly kernel: GuestFile;
      readonly initrd?: GuestFile;
      readonly commandLine: string;
      /** SeaBIOS to use instead of the one that QEMU finds, so that it can be verified too. */
      readonly bios?: GuestFile;
    }
  | {
      /** UEFI firmware looks for a boot loader on the disk with the lowest boot index. */
      readonly kind: 'firmware';
      readonly code: GuestFile;
      /** The variable store, a copy of the instance's own. QEMU writes to it. */
      readonly variables: GuestFile;
    };

/** A volume: a vhost-user-blk device whose back end listens on a socket. */
export interface BlockDevice {
  /** The id of the device in QEMU; its chardev is called the same with `-socket` after it. */
  readonly id: string;
  readonly socketPath: string;
  readonly slot: PciSlot;
  readonly queueCount: number;
  /** Descriptors a queue; QEMU's default is 128. */
  readonly queueSize?: number;
  /** The driver may choose a packed ring (virtio 1.2, 2.8) where the back end has them. */
  readonly isPacked?: boolean;
  /** Firmware tries devices in this order, those without it never. No meaning with a kernel. */
  readonly bootIndex?: number;
}

/** A network interface: a vhost-user network device whose back end listens on a socket. */
export interface NetworkDevice {
  /** As a block device's. */
  readonly id: string;
  readonly socketPath: string;
  readonly slot: PciSlot;
  /** Six pairs of hex digits. */
  readonly macAddress: string;
  /** Pairs of queues. */
  readonly pairCount: number;
}

export interface MachineSpec {
  readonly profile: MachineProfile;
  /** Shown by ps and top. */
  readonly name: string;
  readonly accelerator: Accelerator;
  /** A model with QEMU's `,feature=on` behind it, instead of the profile's. */
  readonly cpuModel?: string;
  readonly cpuCount: number;
  readonly memoryBytes: Bytes;
  readonly boot: BootSource;
  /** Without one the guest finds QEMU's tables. */
  readonly identity?: SystemIdentity;
  readonly blockDevices: readonly BlockDevice[];
  readonly networkDevices?: readonly NetworkDevice[];
  /** `held`: no instruction runs until QMP `cont` (A7). */
  readonly start: 'held' | 'running';
}

const mib = 2 ** 20;
const socketPathMaxBytes = 107; // sun_path of unix(7) holds 108 with the final NUL.

/**
 * Checks what the types cannot say.
 * @throws ArgonError invalid-argument naming the member.
 */
export function checkMachineSpec(spec: MachineSpec): void {
  checkPattern(spec.name, 'the name of the instance', /^[A-Za-z0-9][\w.-]{0,62}$/);
  // More than 255 needs an x2APIC set-up that the profiles do not have.
  parseInteger(spec.cpuCount, 'the number of CPUs', { min: 1, max: 255 });
  if (spec.memoryBytes < 64 * mib || spec.memoryBytes % mib !== 0) {
    throw new ArgonError(
      'invalid-argument',
      `the memory of the instance is ${spec.memoryBytes} bytes`,
      { hint: 'give it whole MiB, at least 64' },
    );
  }
  for (const file of filesOf(spec.boot)) checkFile(file);
  if (spec.identity !== undefined) checkIdentity(spec.identity);
  const taken = new Map<number, string>();
  const ids = new Set<string>();
  for (const device of spec.blockDevices) checkBlockDevice(device, spec.profile);
  for (const device of spec.networkDevices ?? []) checkNetworkDevice(device, spec.profile);
  for (const device of [...spec.blockDevices, ...(spec.networkDevices ?? [])]) {
    const other = taken.get(device.slot);
    if (other !== undefined || ids.has(device.id)) {
      throw new ArgonError(
        'invalid-argument',
        other === undefined
          ? `two devices are called ${device.id}`
          : `${device.id} and ${other} are both in slot ${device.slot}`,
      );
    }
    taken.set(device.slot, device.id);
    ids.add(device.id);
  }
}

/** Checks a device that is to be in the machine from the start or plugged later. */
export function checkBlockDevice(device: BlockDevice, profile: MachineProfile): void {
  checkPluggable(device, profile);
  // 1024 is the largest queue of QEMU's virtio; 256 queues are what a card answers (block.md 2.3).
  parseInteger(device.queueCount, `the queues of ${device.id}`, { min: 1, max: 256 });
  if (device.queueSize !== undefined) {
    parseInteger(device.queueSize, `the queue size of ${device.id}`, { min: 4, max: 1024 });
  }
  if (device.bootIndex !== undefined) {
    parseInteger(device.bootIndex, `the boot index of ${device.id}`, { min: 0, max: 1_000 });
  }
}

/** As checkBlockDevice(). */
export function checkNetworkDevice(device: NetworkDevice, profile: MachineProfile): void {
  checkPluggable(device, profile);
  const { id, macAddress, pairCount } = device;
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(macAddress)) {
    throw new ArgonError('invalid-argument', `the MAC address of ${id} is "${macAddress}"`);
  }
  // What our card answers.
  parseInteger(pairCount, `the pairs of queues of ${id}`, { min: 1, max: 8 });
}

function checkPluggable(
  device: Pick<BlockDevice, 'id' | 'socketPath' | 'slot'>,
  profile: MachineProfile,
): void {
  checkPattern(device.id, 'the id of a device', /^[A-Za-z][\w.-]{0,62}$/);
  checkAbsolute(device.socketPath, `the socket of ${device.id}`);
  if (Buffer.byteLength(device.socketPath) > socketPathMaxBytes) {
    throw new ArgonError(
      'invalid-argument',
      `the socket path of ${device.id} is longer than ${socketPathMaxBytes} bytes`,
      { hint: 'choose a shorter state folder with ARGON_STATE' },
    );
  }
  parsePciSlot(device.slot, profile);
}

/** The files of a boot source, in the order in which descriptors are handed down. */
export function filesOf(boot: BootSource): readonly GuestFile[] {
  if (boot.kind === 'firmware') return [boot.code, boot.variables];
  return [boot.kernel, boot.initrd, boot.bios].filter((file) => file !== undefined);
}

function checkFile(file: GuestFile): void {
  if (file.kind === 'path') checkAbsolute(file.path, 'a boot file');
  else parseInteger(file.fd, 'the descriptor of a boot file', { min: 0, max: 2 ** 20 });
}

function checkAbsolute(path: string, what: string): void {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new ArgonError('invalid-argument', `${what} is "${path}", which is no absolute path`);
  }
}

function checkPattern(text: string, what: string, pattern: RegExp): void {
  if (!pattern.test(text)) {
    throw new ArgonError('invalid-argument', `${what} is "${text}"`, {
      hint: 'use a letter and then letters, digits, "-", "_" and "."; 63 at most',
    });
  }
}
