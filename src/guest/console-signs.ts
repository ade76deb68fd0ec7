// SPDX-License-Identifier: Apache-2.0

// What single lines of a guest's console mean: how far its boot has come, and that it is in
// trouble. Pure tables; stages.ts uses them. Texts are those of Linux 6.1, systemd 252, SeaBIOS
// 1.16 and EDK II 2022.11, as Debian 12 has them; the words have been the same for many years.

/** How far a guest has come. Each stage implies those before it. */
export const stages = ['firmware', 'kernel', 'init', 'agent', 'ready'] as const;

export type Stage = (typeof stages)[number];

export type TroubleKind =
  /** The kernel stopped for good. */
  | 'panic'
  /** The kernel found itself broken and goes on, maybe. */
  | 'oops'
  /** Something has made no progress for long; under TCG on a busy host it may be only slow. */
  | 'hung'
  /** The kernel or the initramfs did not find the root file system. */
  | 'no-root'
  /** systemd gave up and offers a shell. */
  | 'emergency'
  /** Firmware found nothing to boot, or offers its own shell instead. */
  | 'no-boot-device';

export interface Trouble {
  readonly kind: TroubleKind;
  /** The line that says so. */
  readonly line: string;
  /** A guest with this does not become ready any more. */
  readonly isFatal: boolean;
}

/** Whether stage `left` comes before stage `right`. */
export function isBefore(left: Stage, right: Stage): boolean {
  return stages.indexOf(left) < stages.indexOf(right);
}

// A line of the kernel's log begins so; a command in the guest that prints old log lines does not
// count as the kernel, unless it prints them exactly as they were.
const kernelPrefix = String.raw`(?:^|\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])? )`;

function kernelSays(words: string): RegExp {
  return new RegExp(`${kernelPrefix}(?:${words})`);
}

interface Sign<Meaning> {
  readonly pattern: RegExp;
  readonly means: Meaning;
  /** The sign is a prompt, which no line end follows. */
  readonly isPrompt?: boolean;
}

const stageSigns: readonly Sign<Stage>[] = [
  { pattern: /^SeaBIOS \(version /, means: 'firmware' },
  { pattern: /^BdsDxe: loading Boot[0-9A-F]{4} /, means: 'firmware' },
  // From here on the guest's own disk or kernel has been given control.
  { pattern: /^Booting from ROM/, means: 'kernel' },
  { pattern: /^BdsDxe: starting Boot[0-9A-F]{4} (?!"EFI Internal Shell")/, means: 'kernel' },
  { pattern: /^EFI stub: /, means: 'kernel' },
  { pattern: kernelSays(String.raw`Linux version \d`), means: 'kernel' },
  { pattern: kernelSays(String.raw`Run \S+ as init process`), means: 'init' },
  { pattern: kernelSays(String.raw`systemd\[1\]: `), means: 'init' },
];

const troubleSigns: readonly Sign<TroubleKind>[] = [
  {
    pattern: kernelSays('VFS: Unable to mount root fs|VFS: Cannot open root device'),
    means: 'no-root',
  },
  // The kernel then panics, but for want of a root the panic is only the consequence.
  {
    pattern: kernelSays('Kernel panic - not syncing: VFS: Unable to mount root'),
    means: 'no-root',
  },
  { pattern: kernelSays('Kernel panic - not syncing'), means: 'panic' },
  { pattern: kernelSays(String.raw`---\[ end Kernel panic`), means: 'panic' },
  { pattern: kernelSays('watchdog: BUG: soft lockup|BUG: soft lockup'), means: 'hung' },
  { pattern: kernelSays('BUG: workqueue lockup'), means: 'hung' },
  { pattern: kernelSays(String.raw`INFO: task \S+ blocked for more than`), means: 'hung' },
  {
    pattern: kernelSays(String.raw`rcu: INFO: \S+ (?:self-)?detected (?:expedited )?stall`),
    means: 'hung',
  },
  { pattern: kernelSays('BUG: |Oops: |general protection fault|kernel BUG at '), means: 'oops' },
  // initramfs-tools, dracut and busybox initramfs.
  { pattern: /^ALERT! .* does not exist\. +Dropping to a shell/, means: 'no-root' },
  { pattern: /^\(initramfs\) /, means: 'no-root', isPrompt: true },
  { pattern: /^You are in (?:emergency|rescue) mode\./, means: 'emergency' },
  {
    pattern: /^(?:Give root password for|Press Enter for) maintenance/,
    means: 'emergency',
    isPrompt: true,
  },
  { pattern: /^Cannot open access to console, the root account is locked/, means: 'emergency' },
  { pattern: /^No bootable device\./, means: 'no-boot-device' },
  { pattern: /No bootable option or device was found/, means: 'no-boot-device' },
  { pattern: /^BdsDxe: starting Boot[0-9A-F]{4} "EFI Internal Shell"/, means: 'no-boot-device' },
  { pattern: /^Shell> /, means: 'no-boot-device', isPrompt: true },
];

/** The stage that a complete line shows, if it shows one. */
export function stageOf(line: string): Stage | undefined {
  return stageSigns.find(({ pattern }) => pattern.test(line))?.means;
}

/** The trouble that a line shows. Of an unfinished line only prompts are taken. */
export function troubleOf(line: string, isComplete: boolean): Trouble | undefined {
  const found = troubleSigns.find(
    ({ pattern, isPrompt }) => (isComplete || isPrompt === true) && pattern.test(line),
  );
  if (found === undefined) return undefined;
  return { kind: found.means, line: line.trim().slice(0, 200), isFatal: found.means !== 'hung' };
}
