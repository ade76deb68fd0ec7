// SPDX-License-Identifier: Apache-2.0

// Volumes that are made of images: a card of its own serves the volume, and a front end, which is a
// process of its own as QEMU is, writes the image through it, so that its bytes are never in the
// clear on disk. Both end with the controller.

import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Cancellable } from '../../base/deadline.ts';
import type { RuntimeDir } from '../../base/runtime-dir.ts';
import type { StateDir } from '../../base/state-dir.ts';
import { run } from '../../base/subprocess.ts';
import { startCardProcess } from '../../card/bus/card-process.ts';
import { findDebianImage } from '../../image/debian.ts';
import type { KeyService } from '../../keys/key-service.ts';
import type { VolumeRecord } from '../../volume/volume-record.ts';
import type { VolumeStore } from '../../volume/volume-store.ts';
import type { HostImage, ImageHost } from '../driver/host.ts';
import { deviceOfVolume } from '../volume-device.ts';

export interface ImageHostOptions {
  readonly stateDir: StateDir;
  readonly runtimeDir: RuntimeDir;
  readonly logDir: string;
  readonly volumes: VolumeStore;
  readonly keys: KeyService;
}

const writerProgram = fileURLToPath(new URL('../image-writer.ts', import.meta.url));

export class CachedImages implements ImageHost {
  readonly #options: ImageHostOptions;

  constructor(options: ImageHostOptions) {
    this.#options = options;
  }

  async findDebian(): Promise<HostImage> {
    const { name, path } = await findDebianImage(join(this.#options.stateDir, 'images'));
    return { name, path, sizeBytes: (await stat(path)).size };
  }

  async write(record: VolumeRecord, image: HostImage, { signal }: Cancellable): Promise<void> {
    const { runtimeDir, logDir, volumes, keys } = this.#options;
    const socketPath = join(runtimeDir, 'slots', `${record.id}.sock`);
    const card = { workers: 1, pollMode: 'adaptive', cpus: [] } as const;
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => rm(socketPath, { force: true }));
    await rm(socketPath, { force: true }); // Of a controller that was killed.
    const writer = stack.use(
      await startCardProcess({ card, logFile: join(logDir, 'import.log'), signal }),
    );
    const device = deviceOfVolume(record, volumes, keys, {
      socketPath,
      queues: 1,
      blockBytes: 512,
      isReadOnly: false,
      memoryPolicy: 'sealed',
    });
    await writer.addDevice(device, { signal });
    const flag = '--disable-warning=ExperimentalWarning';
    await run(process.execPath, [flag, writerProgram, socketPath, image.path], {
      signal,
      env: { PATH: process.env['PATH'] },
    });
  }
}
