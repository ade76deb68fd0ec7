// SPDX-License-Identifier: Apache-2.0

// From one instance to QEMU's arguments. Pure. There is no monitor but QMP, no display, no network
// of QEMU's own, no gdb stub, and nothing here can ask for them (A14, D14).

import { blockDeviceProperties, deviceChardevOption, rootPortName } from './block-device.ts';
import type { BlockDevice, GuestFile, MachineSpec } from './machine-spec.ts';
import { checkMachineSpec, filesOf } from './machine-spec.ts';
import { netdevProperties, networkDeviceProperties } from './network-device.ts';
import { formatOption, type OptionPairs } from './option-text.ts';
import { type MachineProfile, portsPerDevice } from './profile.ts';
import type { SystemIdentity } from './system-identity.ts';
import type { QemuDialect } from './version.ts';

/** The descriptors that every QEMU inherits; files follow from `firstFile` on. */
export const inheritedFds = { qmp: 3, serial: 4, agent: 5, firstFile: 6 } as const;

/** The name of the guest agent's port, which its service looks for in the guest. */
export const agentPortName = 'org.qemu.guest_agent.0';

/** An option and, if it takes one, its argument. */
export type QemuOption = readonly [name: string] | readonly [name: string, argument: string];

export interface CommandLine {
  readonly args: readonly string[];
  /** Descriptors of this process that become 6, 7 … of QEMU, in this order. */
  readonly fileFds: readonly number[];
}

/** What the three channels of an instance end in: descriptors, or something for a terminal. */
export interface Channels {
  readonly qmp: string;
  readonly serial: string;
  readonly agent: string;
}

/**
 * The arguments for an instance whose channels are inherited socketpairs.
 * @throws ArgonError invalid-argument naming the member of `spec` that is wrong.
 */
export function buildCommandLine(spec: MachineSpec, dialect: QemuDialect): CommandLine {
  const files = filesOf(spec.boot).filter((file) => file.kind === 'fd');
  const fileFds = [...new Set(files.map((file) => file.fd))];
  const channels: Channels = {
    qmp: formatOption('socket', { id: 'qmp', fd: inheritedFds.qmp }),
    serial: formatOption('socket', { id: 'serial', fd: inheritedFds.serial }),
    agent: formatOption('socket', { id: 'agent', fd: inheritedFds.agent }),
  };
  const options = describeOptions(spec, dialect, channels, (file) =>
    file.kind === 'path'
      ? file.path
      : `/proc/self/fd/${inheritedFds.firstFile + fileFds.indexOf(file.fd)}`,
  );
  return { args: options.flat(), fileFds };
}

/** The options in the order in which people read them. `pathOf` says how QEMU opens a file. */
export function describeOptions(
  spec: MachineSpec,
  dialect: QemuDialect,
  channels: Channels,
  pathOf: (file: GuestFile) => string,
): readonly QemuOption[] {
  checkMachineSpec(spec);
  return [
    ...confinement(spec),
    ...hardware(spec),
    ...channelOptions(spec.profile, channels),
    ...rootPorts(spec.profile),
    ...bootOptions(spec, pathOf),
    ...spec.blockDevices.flatMap((device): readonly QemuOption[] => [
      ['-chardev', deviceChardevOption(device, dialect)],
      ['-device', formatOption('vhost-user-blk-pci', initialProperties(device, spec))],
    ]),
    ...(spec.networkDevices ?? []).flatMap((device): readonly QemuOption[] => [
      ['-chardev', deviceChardevOption(device, dialect)],
      ['-netdev', formatOption('vhost-user', netdevProperties(device))],
      [
        '-device',
        formatOption('virtio-net-pci', networkDeviceProperties(device, spec.accelerator)),
      ],
    ]),
    ...(spec.start === 'held' ? [['-S'] as const] : []),
  ];
}

// With -kernel, QEMU's loader ROM has boot index 0 and refuses to share it; no disk boots then.
function initialProperties(device: BlockDevice, spec: MachineSpec): OptionPairs {
  const { bootIndex, ...rest } = device;
  const isTried = spec.boot.kind === 'firmware' && bootIndex !== undefined;
  return blockDeviceProperties(isTried ? { ...rest, bootIndex } : rest);
}

function confinement(spec: MachineSpec): readonly QemuOption[] {
  return [
    ['-name', formatOption(undefined, { guest: spec.name, 'debug-threads': true })],
    ['-nodefaults'],
    ['-no-user-config'],
    ['-display', 'none'],
    ['-sandbox', formatOption('on', spec.profile.sandbox)],
  ];
}

function hardware(spec: MachineSpec): readonly QemuOption[] {
  const { profile } = spec;
  const flash: OptionPairs =
    spec.boot.kind === 'firmware'
      ? { pflash0: 'firmware-code', pflash1: 'firmware-variables' }
      : {};
  const mib = spec.memoryBytes / 2 ** 20;
  return [
    [
      '-machine',
      formatOption(profile.machine, {
        'memory-backend': 'memory',
        ...profile.machineOptions,
        ...flash,
      }),
    ],
    ...Object.entries(profile.globals).map(([name, value]): QemuOption => {
      const [driver = '', ...property] = name.split('.');
      return ['-global', formatOption(undefined, { driver, property: property.join('.'), value })];
    }),
    [
      '-accel',
      spec.accelerator === 'tcg'
        ? formatOption('tcg', { thread: 'multi' })
        : formatOption('kvm', {}),
    ],
    ['-cpu', spec.cpuModel ?? profile.cpuModels[spec.accelerator]],
    ['-smp', formatOption(undefined, { cpus: spec.cpuCount })],
    ['-m', `${mib}M`],
    [
      '-object',
      // The seals stay at QEMU's default (seal, shrink, grow): a card maps nothing that can shrink.
      formatOption('memory-backend-memfd', { id: 'memory', size: `${mib}M`, share: true }),
    ],
    // A reset ends QEMU and so comes back to the boot gate (A8). A panic is reported and nothing
    // more: the guest then finishes its report and does as its own settings say.
    ['-action', formatOption(undefined, { reboot: 'shutdown', panic: 'none' })],
    ['-boot', formatOption(undefined, { strict: true, menu: false })],
    ...(spec.identity === undefined ? [] : firmwareTables(spec.identity)),
  ];
}

function firmwareTables({ uuid, assetTag }: SystemIdentity): readonly QemuOption[] {
  return [
    ['-smbios', formatOption(undefined, { type: 1, uuid, serial: uuid })],
    ['-smbios', formatOption(undefined, { type: 2, asset: assetTag })],
  ];
}

function channelOptions(profile: MachineProfile, channels: Channels): readonly QemuOption[] {
  return [
    ['-chardev', channels.qmp],
    ['-mon', formatOption(undefined, { chardev: 'qmp', mode: 'control' })],
    ['-chardev', channels.serial],
    ['-device', formatOption('isa-serial', { chardev: 'serial' })],
    ['-chardev', channels.agent],
    [
      '-device',
      formatOption('virtio-serial-pci', {
        id: 'agent-bus',
        bus: 'pcie.0',
        addr: hex(profile.agentPciDevice),
        'disable-legacy': true,
        max_ports: 2, // The agent's and the one that QEMU keeps for a virtconsole.
      }),
    ],
    [
      '-device',
      formatOption('virtserialport', { bus: 'agent-bus.0', chardev: 'agent', name: agentPortName }),
    ],
    ['-device', formatOption('pvpanic-pci', { bus: 'pcie.0', addr: hex(profile.panicPciDevice) })],
  ];
}

function rootPorts(profile: MachineProfile): readonly QemuOption[] {
  const { count, firstPciDevice, options } = profile.rootPorts;
  return Array.from({ length: count }, (_, slot): QemuOption => {
    const pciFunction = slot % portsPerDevice;
    const pciDevice = firstPciDevice + Math.floor(slot / portsPerDevice);
    return [
      '-device',
      formatOption('pcie-root-port', {
        id: rootPortName(slot),
        bus: 'pcie.0',
        addr: `${hex(pciDevice)}.${pciFunction}`,
        ...(pciFunction === 0 ? { multifunction: true } : {}),
        chassis: slot + 1,
        slot: slot + 1,
        ...options,
      }),
    ];
  });
}

function bootOptions(
  { boot }: MachineSpec,
  pathOf: (file: GuestFile) => string,
): readonly QemuOption[] {
  if (boot.kind === 'kernel') {
    return [
      ...(boot.bios === undefined ? [] : [['-bios', pathOf(boot.bios)] as const]),
      ['-kernel', pathOf(boot.kernel)],
      ...(boot.initrd === undefined ? [] : [['-initrd', pathOf(boot.initrd)] as const]),
      ['-append', boot.commandLine],
    ];
  }
  const code = { 'node-name': 'firmware-code', filename: pathOf(boot.code), 'read-only': true };
  const variables = { 'node-name': 'firmware-variables', filename: pathOf(boot.variables) };
  return [
    ['-blockdev', formatOption(undefined, { driver: 'file', ...code })],
    ['-blockdev', formatOption(undefined, { driver: 'file', ...variables })],
  ];
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
