// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  isBefore,
  type Stage,
  stageOf,
  type TroubleKind,
  troubleOf,
} from '../../../src/guest/console-signs.ts';

// Lines as consoles have really shown them.
const stageLines: readonly (readonly [string, Stage])[] = [
  ['SeaBIOS (version 1.16.2-debian-1.16.2-1)', 'firmware'],
  ['BdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x10,0x0)', 'firmware'],
  ['Booting from ROM...', 'kernel'],
  ['BdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x10,0x0)', 'kernel'],
  ['EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path', 'kernel'],
  ['[    0.000000] Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)', 'kernel'],
  ['[    0.000000][    T0] Linux version 6.18.0', 'kernel'],
  ['[    2.345678] Run /init as init process', 'init'],
  ['[   10.123456] systemd[1]: Inserted module autofs4', 'init'],
];

const troubleLines: readonly (readonly [string, TroubleKind])[] = [
  ['[    2.599926] Kernel panic - not syncing: sysrq triggered crash', 'panic'],
  ['[    2.599926][    T1] Kernel panic - not syncing: Attempted to kill init!', 'panic'],
  ['Kernel panic - not syncing: Fatal exception', 'panic'],
  ['/ # [    2.599926] Kernel panic - not syncing: sysrq triggered crash', 'panic'],
  ['---[ end Kernel panic - not syncing: sysrq triggered crash ]---', 'panic'],
  ['[    1.234567] VFS: Cannot open root device "vda1" or unknown-block(0,0)', 'no-root'],
  ['[    1.234567] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown', 'no-root'],
  ['[   99.123456] BUG: kernel NULL pointer dereference, address: 0000000000000000', 'oops'],
  ['[   99.123456] Oops: 0002 [#1] PREEMPT SMP NOPTI', 'oops'],
  ['[   99.123456] general protection fault, probably for non-canonical address', 'oops'],
  ['[   99.123456] kernel BUG at mm/slub.c:307!', 'oops'],
  ['[   99.123456] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:99]', 'hung'],
  ['[  242.123456] INFO: task fio:411 blocked for more than 120 seconds.', 'hung'],
  ['[   99.123456] rcu: INFO: rcu_preempt self-detected stall on CPU', 'hung'],
  ['ALERT!  UUID=0a1b does not exist.  Dropping to a shell!', 'no-root'],
  ['You are in emergency mode. After logging in, type "journalctl -xb"', 'emergency'],
  ['Cannot open access to console, the root account is locked.', 'emergency'],
  ['No bootable device.', 'no-boot-device'],
  ['BdsDxe: No bootable option or device was found.', 'no-boot-device'],
  ['BdsDxe: starting Boot0001 "EFI Internal Shell" from Fv(7CB8BDC9)', 'no-boot-device'],
];

describe('stageOf', () => {
  it.each(stageLines)('takes %j for %s', (line, stage) => {
    expect(stageOf(line)).toBe(stage);
  });

  it.each([
    '',
    'the kernel says Linux version 6',
    'BdsDxe: starting Boot0001 "EFI Internal Shell"',
  ])('sees no stage in %j', (line) => {
    expect(stageOf(line)).toBeUndefined();
  });
});

describe('troubleOf', () => {
  it.each(troubleLines)('takes %j for %s', (line, kind) => {
    expect(troubleOf(line, true)).toMatchObject({ kind, isFatal: kind !== 'hung' });
  });

  it.each([
    ['Shell> ', 'no-boot-device'],
    ['(initramfs) ', 'no-root'],
    ['Give root password for maintenance', 'emergency'],
    ['Press Enter for maintenance', 'emergency'],
  ])('sees the prompt %j before its line ends', (line, kind) => {
    expect(troubleOf(line, false)).toMatchObject({ kind });
  });

  it.each([
    'grep found "Kernel panic - not syncing" in the log',
    "test 12 BUG: that's what it is called",
    'echo Oops: ',
    '[    1.000000] Run /init as init process',
    'powerShell> ',
  ])('is calm about %j', (line) => {
    expect(troubleOf(line, true)).toBeUndefined();
  });

  it('waits for the end of a line that is no prompt', () => {
    expect(troubleOf('Kernel panic - not syncing: VF', false)).toBeUndefined();
  });

  it('keeps a bounded piece of the line', () => {
    const trouble = troubleOf(`Kernel panic - not syncing: ${'x'.repeat(4_000)}`, true);

    expect(trouble?.line.length).toBe(200);
  });
});

describe('isBefore', () => {
  it('orders stages as they are reached', () => {
    expect(isBefore('firmware', 'kernel')).toBe(true);
    expect(isBefore('kernel', 'kernel')).toBe(false);
    expect(isBefore('ready', 'agent')).toBe(false);
  });
});
