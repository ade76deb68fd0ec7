// SPDX-License-Identifier: Apache-2.0

// From what a run boots to what QEMU starts with.

import { join } from 'node:path';

import { type Bytes, parseBytes } from '../../base/byte-size.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { assertNever } from '../../base/errors.ts';
import { ensureStateSubdir, type StateDir } from '../../base/state-dir.ts';
import { kernelSource } from '../../controller/boot.ts';
import { prepareFirmware } from '../../controller/firmware.ts';
import { ensureDebianImage } from '../../image/debian.ts';
import type { DirectBootImage } from '../../image/image.ts';
import { ensureTinyImage } from '../../image/tiny.ts';
import { openUserImage, openUserKernel } from '../../image/user-image.ts';
import type { BootSource } from '../../qemu/machine-spec.ts';
import type { VolumeRecord } from '../../volume/volume-record.ts';
import type { StagePrinter } from '../stage-printer.ts';
import type { BootChoice } from './run-flags.ts';
import { makeBootVolume, type RunVolumesOptions } from './run-volumes.ts';

export interface BootPlan {
  readonly source: BootSource;
  /** What is booted, for people. */
  readonly name: string;
  /** Digest of the image, where it has one. */
  readonly digest: string | undefined;
  /** The volume to boot from; undefined for a kernel that QEMU loads itself. */
  readonly volume: VolumeRecord | undefined;
  readonly memoryBytes: Bytes;
}

// Debian's package manager and fio are content with it.
const diskMemory = parseBytes('1GiB');
// The initramfs unpacked, and room for a file system's cache.
const directMemory = parseBytes('512MiB');

export async function planBoot(
  choice: BootChoice,
  stateDir: StateDir,
  options: RunVolumesOptions,
): Promise<BootPlan> {
  const { services, signal } = options;
  switch (choice.kind) {
    case 'tiny':
      return directPlan(await ensureTiny(stateDir, options));
    case 'kernel': {
      const { kernelPath, initrdPath, commandLine } = choice;
      const kernel = {
        kernelPath,
        ...(initrdPath === undefined ? {} : { initrdPath }),
        ...(commandLine === undefined ? {} : { commandLine }),
      };
      return directPlan(await openUserKernel(kernel, { signal }));
    }
    case 'volume':
      return diskPlan(await services.volumes.get(choice.id), undefined, options);
    case 'debian': {
      const image = await ensureDebianImage({
        cacheDir: await imageCache(stateDir),
        progress: options.stages,
        signal,
      });
      return diskPlan(await makeBootVolume(image, options), image.digest, options);
    }
    case 'disk-image': {
      const image = await openUserImage(choice.path);
      return diskPlan(await makeBootVolume(image, options), undefined, options);
    }
  }
  return assertNever(choice);
}

/** The tiny image; also what the accelerator is probed with. */
export async function ensureTiny(
  stateDir: StateDir,
  { stages, signal }: Cancellable & { readonly stages: StagePrinter },
): Promise<DirectBootImage> {
  return ensureTinyImage({ cacheDir: await imageCache(stateDir), progress: stages, signal });
}

async function imageCache(stateDir: StateDir): Promise<string> {
  return join(await ensureStateSubdir(stateDir), 'images');
}

function directPlan(image: DirectBootImage): BootPlan {
  return {
    source: kernelSource(image),
    name: image.name,
    digest: image.digest,
    volume: undefined,
    memoryBytes: directMemory,
  };
}

async function diskPlan(
  volume: VolumeRecord,
  digest: string | undefined,
  { folder }: RunVolumesOptions,
): Promise<BootPlan> {
  return {
    source: await prepareFirmware(folder.path),
    name: volume.source === '' ? volume.id : volume.source,
    digest,
    volume,
    memoryBytes: diskMemory,
  };
}
