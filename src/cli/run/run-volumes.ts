// SPDX-License-Identifier: Apache-2.0

// The volumes of a run: the one the guest boots from, if it boots from a disk, then its data
// volumes. Those made for the run are deleted with it unless they are to be kept.

import { formatBytes } from '../../base/byte-size.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { InstancePlan, VolumePlan } from '../../controller/instance.ts';
import { deviceOfVolume } from '../../controller/volume-device.ts';
import type { DiskImage } from '../../image/image.ts';
import type { VolumeRecord } from '../../volume/volume-record.ts';
import type { NewVolume } from '../../volume/volume-store.ts';
import type { HostServices } from '../context.ts';
import type { StagePrinter } from '../stage-printer.ts';
import { sizeForImage } from '../volume-command.ts';
import { importImage } from '../volume-import.ts';
import type { DataVolume } from './run-flags.ts';
import type { RunFolder } from './run-folder.ts';

// More than a guest here has CPUs, each of which gets a queue of its own.
const offeredQueues = 16;

export interface RunVolumesOptions extends Cancellable {
  readonly services: HostServices;
  readonly folder: RunFolder;
  readonly stages: StagePrinter;
  readonly isKept: boolean;
  /** Deletes what was made for the run when the run is over. */
  readonly stack: AsyncDisposableStack;
}

/** A volume filled with a disk image, to boot from. */
export async function makeBootVolume(
  image: DiskImage,
  options: RunVolumesOptions,
): Promise<VolumeRecord> {
  const { services, stages, folder, signal } = options;
  return makeVolume(
    {
      sizeBytes: sizeForImage(image.sizeBytes, undefined),
      cipher: 'aes-256-xts',
      source: image.name,
      fill: async (record, paths) => {
        stages.step(`copying ${image.name} into the encrypted volume ${record.id}`);
        const totals = await importImage(services, {
          imagePath: image.path,
          imageBytes: image.sizeBytes,
          record,
          paths,
          progress: stages,
          logFile: folder.cardLog,
          signal,
        });
        stages.ok(formatBytes(Number(totals.writtenBytes)));
      },
    },
    options,
  );
}

export async function makeDataVolume(
  volume: DataVolume,
  options: RunVolumesOptions,
): Promise<VolumeRecord> {
  if (volume.kind === 'existing') return options.services.volumes.get(volume.id);
  const { sizeBytes, cipher } = volume;
  return makeVolume({ sizeBytes, cipher }, options);
}

/** A volume as an instance's plan has it. */
export function planVolume(
  record: VolumeRecord,
  { volumes, keys }: HostServices,
  use: Pick<VolumePlan, 'isBoot' | 'isReadOnly' | 'isPacked'>,
): VolumePlan {
  const {
    socketPath: _,
    memoryPolicy: __,
    ...device
  } = deviceOfVolume(record, volumes, keys, {
    socketPath: '',
    queues: offeredQueues,
    blockBytes: 512, // Firmware boots from nothing else.
    isReadOnly: use.isReadOnly,
    memoryPolicy: 'sealed',
  });
  return { ...device, isBoot: use.isBoot, isPacked: use.isPacked };
}

/** For the manifest: what a run was made of, without anything secret. */
export function describePlan(plan: InstancePlan): Readonly<Record<string, unknown>> {
  return {
    instance: plan.machine.name,
    accelerator: plan.machine.accelerator,
    cpus: plan.machine.cpuCount,
    memory_bytes: plan.machine.memoryBytes,
    volumes: plan.volumes.map((volume) => ({ id: volume.id, cipher: volume.cipher.kind })),
  };
}

async function makeVolume(
  volume: NewVolume,
  { services, isKept, stack }: RunVolumesOptions,
): Promise<VolumeRecord> {
  const record = await services.volumes.create(volume);
  if (!isKept) {
    stack.defer(async () => services.volumes.delete(record.id));
  }
  return record;
}
