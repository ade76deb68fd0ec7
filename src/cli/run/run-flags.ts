// SPDX-License-Identifier: Apache-2.0

// The flags of `argon run`, read into what they mean.

import { type Bytes, parseBytes } from '../../base/byte-size.ts';
import { ArgonError } from '../../base/errors.ts';
import { parseChoice, parseInteger } from '../../base/parse.ts';
import { parseVolumeName, type VolumeId } from '../../base/volume-id.ts';
import type { AcceleratorChoice } from '../../qemu/accelerator.ts';
import type { VolumeCipher } from '../../volume/volume-record.ts';

/** As commander hands them over. */
export interface RunFlags {
  readonly image: string;
  readonly bootVolume?: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly volume: readonly string[];
  readonly memory?: string;
  readonly cpus: string;
  readonly accel: string;
  readonly timeout?: string;
  readonly keep?: true;
  readonly printQemu?: true;
  readonly faults?: true;
  readonly power?: true;
}

/** What the guest boots from. */
export type BootChoice =
  | { readonly kind: 'tiny' }
  | { readonly kind: 'debian' }
  | { readonly kind: 'disk-image'; readonly path: string }
  | { readonly kind: 'volume'; readonly id: VolumeId }
  | {
      readonly kind: 'kernel';
      readonly kernelPath: string;
      readonly initrdPath: string | undefined;
      readonly commandLine: string | undefined;
    };

/** A volume besides the one the guest boots from. */
export type DataVolume =
  | {
      readonly kind: 'existing';
      readonly id: VolumeId;
      readonly isReadOnly: boolean;
      readonly isPacked: boolean;
    }
  | {
      readonly kind: 'new';
      readonly sizeBytes: Bytes;
      readonly cipher: VolumeCipher;
      readonly isPacked: boolean;
    };

export interface RunRequest {
  readonly boot: BootChoice;
  readonly dataVolumes: readonly DataVolume[];
  readonly memoryBytes: Bytes | undefined;
  readonly cpuCount: number;
  readonly accelerator: AcceleratorChoice;
  /** For everything from the start of QEMU on; undefined: the stages' own limits only. */
  readonly timeoutMs: number | undefined;
  readonly isKept: boolean;
  readonly isPrintOnly: boolean;
  /** What may be done to the guest's volumes besides limits. */
  readonly faults: { readonly hasFaults: boolean; readonly hasPower: boolean };
  /** A shell command for the guest, or undefined for its console. */
  readonly command: string | undefined;
}

/** @throws ArgonError invalid-argument naming the flag. */
export function parseRunFlags(flags: RunFlags, command: readonly string[]): RunRequest {
  return {
    boot: parseBoot(flags),
    dataVolumes: flags.volume.map(parseDataVolume),
    memoryBytes: flags.memory === undefined ? undefined : parseBytes(flags.memory),
    cpuCount: parseInteger(flags.cpus, '--cpus', { min: 1, max: 255 }),
    accelerator: parseChoice(flags.accel, '--accel', ['auto', 'kvm', 'tcg']),
    timeoutMs:
      flags.timeout === undefined
        ? undefined
        : parseInteger(flags.timeout, '--timeout', { min: 1, max: 86_400 }) * 1000,
    isKept: flags.keep === true,
    isPrintOnly: flags.printQemu === true,
    faults: { hasFaults: flags.faults === true, hasPower: flags.power === true },
    // As ssh does: the words are one line for the guest's shell.
    command: command.length === 0 ? undefined : command.join(' '),
  };
}

function parseBoot(flags: RunFlags): BootChoice {
  if (flags.kernel !== undefined && flags.bootVolume !== undefined) {
    throw new ArgonError('invalid-argument', '--kernel and --boot-volume exclude each other');
  }
  if (flags.kernel !== undefined) {
    return {
      kind: 'kernel',
      kernelPath: flags.kernel,
      initrdPath: flags.initrd,
      commandLine: flags.append,
    };
  }
  if (flags.initrd !== undefined || flags.append !== undefined) {
    throw new ArgonError('invalid-argument', '--initrd and --append belong to --kernel');
  }
  if (flags.bootVolume !== undefined) {
    return { kind: 'volume', id: parseVolumeName(flags.bootVolume) };
  }
  if (flags.image === 'tiny' || flags.image === 'debian') return { kind: flags.image };
  return { kind: 'disk-image', path: flags.image };
}

/** `size=1GiB[,plain][,packed]` or `id=vol…[,read-only][,packed]`. */
export function parseDataVolume(text: string): DataVolume {
  const words = text.split(',');
  const [named = '', ...others] = words.filter((word) => word.includes('='));
  const flags = new Set(words.filter((word) => !word.includes('=')));
  const [, name, value] = /^(size|id)=([^=]+)$/.exec(named) ?? [];
  const allowed = new Set([name === 'size' ? 'plain' : 'read-only', 'packed']);
  // Nothing is passed over: whoever wrote plain=no wants no volume that is not encrypted.
  const isClear = others.length === 0 && flags.size === words.length - 1;
  if (value === undefined || !isClear || [...flags].some((flag) => !allowed.has(flag))) {
    throw new ArgonError('invalid-argument', `--volume ${text} is not understood`, {
      hint: 'write size=1GiB[,plain] for a new volume, id=vol…[,read-only] for one there is',
    });
  }
  const isPacked = flags.has('packed');
  if (name === 'id') {
    const isReadOnly = flags.has('read-only');
    return { kind: 'existing', id: parseVolumeName(value), isReadOnly, isPacked };
  }
  const cipher = flags.has('plain') ? 'none' : 'aes-256-xts';
  return { kind: 'new', sizeBytes: parseBytes(value), cipher, isPacked };
}
