// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { buildCommandLine } from '../../../src/qemu/command-line.ts';
import type { MachineSpec } from '../../../src/qemu/machine-spec.ts';
import { loadProfile } from '../../../src/qemu/profile.ts';
import { dialect72, sampleDevice, sampleNetworkDevice, sampleSpec } from './samples.ts';

/** Options with their argument behind them, one a line. */
function linesOf(spec: MachineSpec): readonly string[] {
  const { args } = buildCommandLine(spec, dialect72);
  return args
    .join('\n')
    .replaceAll(/\n(?!-)/g, ' ')
    .split('\n');
}

const common = [
  '-name guest=web-1,debug-threads=on',
  '-nodefaults',
  '-no-user-config',
  '-display none',
  '-sandbox on,obsolete=deny,spawn=deny',
];

const port = '-device pcie-root-port';
const machine = '-machine q35,memory-backend=memory,smm=off,dump-guest-core=off';
const disk = '-device vhost-user-blk-pci,id=root,bus=rp1,chardev=root-socket,disable-legacy=on';

const channels = [
  '-chardev socket,id=qmp,fd=3',
  '-mon chardev=qmp,mode=control',
  '-chardev socket,id=serial,fd=4',
  '-device isa-serial,chardev=serial',
  '-chardev socket,id=agent,fd=5',
  '-device virtio-serial-pci,id=agent-bus,bus=pcie.0,addr=0x8,disable-legacy=on,max_ports=2',
  '-device virtserialport,bus=agent-bus.0,chardev=agent,name=org.qemu.guest_agent.0',
  '-device pvpanic-pci,bus=pcie.0,addr=0x9',
  `${port},id=rp0,bus=pcie.0,addr=0x10.0,multifunction=on,chassis=1,slot=1,io-reserve=0`,
  `${port},id=rp1,bus=pcie.0,addr=0x10.1,chassis=2,slot=2,io-reserve=0`,
];

describe('buildCommandLine', () => {
  it('has the firmware tell what the machine is, if it is known', () => {
    const uuid = 'ec20adf1-0000-4000-8000-0123456789ab';

    const lines = linesOf({ ...sampleSpec(), identity: { uuid, assetTag: 'i-1' } });

    expect(lines).toContain(`-smbios type=1,uuid=${uuid},serial=${uuid}`);
    expect(lines).toContain('-smbios type=2,asset=i-1');
    expect(linesOf(sampleSpec()).join()).not.toContain('-smbios');
    expect(() => linesOf({ ...sampleSpec(), identity: { uuid: 'x', assetTag: 'i-1' } })).toThrow(
      'the UUID of the machine',
    );
  });

  it('boots a kernel under TCG', () => {
    expect(linesOf(sampleSpec())).toEqual([
      ...common,
      machine,
      '-global driver=ICH9-LPC,property=acpi-pci-hotplug-with-bridge-support,value=on',
      '-accel tcg,thread=multi',
      '-cpu max',
      '-smp cpus=2',
      '-m 512M',
      '-object memory-backend-memfd,id=memory,size=512M,share=on',
      '-action reboot=shutdown,panic=none',
      '-boot strict=on,menu=off',
      ...channels,
      '-kernel /images/vmlinuz',
      '-initrd /images/initrd',
      '-append console=ttyS0 panic=-1',
    ]);
  });

  it('boots firmware from a volume under KVM, held', () => {
    const spec = sampleSpec({
      accelerator: 'kvm',
      cpuCount: 4,
      boot: {
        kind: 'firmware',
        code: { kind: 'path', path: '/fw/code,4M.fd' },
        variables: { kind: 'path', path: '/instances/web-1/variables.fd' },
      },
      blockDevices: [sampleDevice({ bootIndex: 0 })],
      start: 'held',
    });

    expect(linesOf(spec)).toEqual([
      ...common,
      `${machine},pflash0=firmware-code,pflash1=firmware-variables`,
      '-global driver=ICH9-LPC,property=acpi-pci-hotplug-with-bridge-support,value=on',
      '-accel kvm',
      '-cpu host',
      '-smp cpus=4',
      '-m 512M',
      '-object memory-backend-memfd,id=memory,size=512M,share=on',
      '-action reboot=shutdown,panic=none',
      '-boot strict=on,menu=off',
      ...channels,
      '-blockdev driver=file,node-name=firmware-code,filename=/fw/code,,4M.fd,read-only=on',
      '-blockdev driver=file,node-name=firmware-variables,filename=/instances/web-1/variables.fd',
      '-chardev socket,id=root-socket,path=/run/argon/root.sock,reconnect=1',
      `${disk},num-queues=2,bootindex=0`,
      '-S',
    ]);
  });

  it('hands down descriptors from 6 on, each once, and names them by that number', () => {
    const kernel = { kind: 'fd', fd: 31, origin: '/images/vmlinuz' } as const;
    const spec = sampleSpec({
      boot: {
        kind: 'kernel',
        kernel,
        initrd: { kind: 'fd', fd: 17, origin: '/images/initrd' },
        bios: kernel,
        commandLine: '',
      },
    });

    expect(buildCommandLine(spec, dialect72).fileFds).toEqual([31, 17]);
    expect(linesOf(spec)).toEqual(
      expect.arrayContaining([
        '-bios /proc/self/fd/6',
        '-kernel /proc/self/fd/6',
        '-initrd /proc/self/fd/7',
      ]),
    );
  });

  it('leaves the boot index out with a kernel, whose loader has index 0 itself', () => {
    const spec = sampleSpec({ blockDevices: [sampleDevice({ bootIndex: 0 })] });

    expect(linesOf(spec).join('\n')).not.toContain('bootindex');
  });

  it('takes a CPU model from the instance before the profile', () => {
    expect(linesOf(sampleSpec({ cpuModel: 'max,la57=off' }))).toContain('-cpu max,la57=off');
  });

  it('has no way in but QMP: no monitor, network, display, gdb or shell (A14, D14)', async () => {
    const profile = await loadProfile();
    const { args } = buildCommandLine(sampleSpec({ profile }), dialect72);
    const options = new Set(args.filter((word) => word.startsWith('-')));

    expect([...options].toSorted()).toEqual([
      '-accel',
      '-action',
      '-append',
      '-boot',
      '-chardev',
      '-cpu',
      '-device',
      '-display',
      '-global',
      '-initrd',
      '-kernel',
      '-m',
      '-machine',
      '-mon',
      '-name',
      '-no-user-config',
      '-nodefaults',
      '-object',
      '-sandbox',
      '-smp',
    ]);
    expect(args.filter((word) => word.includes('mode=readline'))).toEqual([]);
    expect(args).toContain(
      'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    );
  });

  it('refuses an instance that cannot be', () => {
    expect(() => buildCommandLine(sampleSpec({ cpuCount: 0 }), dialect72)).toThrow(/CPUs/);
  });

  it('has interfaces behind the disks', () => {
    const lines = linesOf(
      sampleSpec({ blockDevices: [sampleDevice()], networkDevices: [sampleNetworkDevice()] }),
    );

    expect(lines.slice(-3)).toEqual([
      '-chardev socket,id=eni-socket,path=/run/argon/eni.sock,reconnect=1',
      '-netdev vhost-user,id=eni-net,chardev=eni-socket,queues=1',
      '-device virtio-net-pci,id=eni,bus=rp0,netdev=eni-net,mac=02:00:00:00:00:01,' +
        'disable-legacy=on,host_mtu=9001,romfile=,vectors=0',
    ]);
  });
});
