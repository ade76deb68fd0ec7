// SPDX-License-Identifier: Apache-2.0

// What a machine boots and what it runs on: images of the cache, firmware, the accelerator.

import { join } from 'node:path';

import type { Cancellable } from '../base/deadline.ts';
import type { Logger } from '../base/log.ts';
import { silentProgress } from '../base/progress.ts';
import type { StateDir } from '../base/state-dir.ts';
import type { DirectBootImage } from '../image/image.ts';
import { findTinyImage } from '../image/tiny.ts';
import { type AcceleratorAnswer, chooseAccelerator } from '../qemu/accelerator.ts';
import { createKvmProbe } from '../qemu/kvm-probe.ts';
import type { BootSource } from '../qemu/machine-spec.ts';
import type { MachineProfile } from '../qemu/profile.ts';
import type { QemuProgram } from '../qemu/version.ts';
import { prepareFirmware } from './firmware.ts';
import type { Instance } from './model.ts';

/** What the tiny image prints when it is up. */
export const readyText = 'argon: guest ready';

/** How QEMU loads a direct-boot image. */
export function kernelSource(image: DirectBootImage): BootSource & { readonly kind: 'kernel' } {
  return {
    kind: 'kernel',
    kernel: { kind: 'path', path: image.kernelPath },
    ...(image.initrdPath === undefined
      ? {}
      : { initrd: { kind: 'path', path: image.initrdPath } as const }),
    commandLine: image.commandLine,
  };
}

/**
 * What an instance boots. Images are taken from the cache and never built here.
 * @throws ArgonError failed-precondition if the image is not there.
 */
export async function bootSourceOf(
  { image, bootVolume }: Pick<Instance, 'image' | 'bootVolume'>,
  { stateDir, folder }: { readonly stateDir: StateDir; readonly folder: string },
): Promise<BootSource> {
  if (image === 'tiny' && bootVolume === undefined) {
    return kernelSource(await findTinyImage(join(stateDir, 'images')));
  }
  return prepareFirmware(folder);
}

export interface AcceleratorNeeds extends Cancellable {
  readonly stateDir: StateDir;
  readonly qemu: QemuProgram;
  readonly profile: MachineProfile;
  readonly log: Logger;
}

/** The accelerator of this host; a guest is booted to find out where it is not known yet. */
export async function findAccelerator(needs: AcceleratorNeeds): Promise<AcceleratorAnswer> {
  const { stateDir, qemu, profile, log, signal } = needs;
  return chooseAccelerator('auto', {
    stateDir,
    qemu,
    log,
    signal,
    progress: silentProgress,
    prepareProbe: async () => {
      const boot = kernelSource(await findTinyImage(join(stateDir, 'images')));
      return createKvmProbe({ qemu, profile, guest: { boot, readyText }, log });
    },
  });
}
