// SPDX-License-Identifier: Apache-2.0

// Copies a raw image into a volume through a card and our own front end, so that the file on disk
// never holds the image's bytes in the clear, not even for a moment.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type Cancellable, pollUntil } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import { type CardExit, type CardProcess, startCardProcess } from '../card/bus/card-process.ts';
import { deviceOfVolume } from '../controller/volume-device.ts';
import type { ImageTotals, NativeBlockFrontend } from '../native/addons.ts';
import { loadFrontendAddon } from '../native/binding.ts';
import { native } from '../native/error-kind.ts';
import type { VolumeRecord } from '../volume/volume-record.ts';
import type { VolumePaths } from '../volume/volume-store.ts';
import type { HostServices } from './context.ts';

export interface ImportOptions extends Cancellable {
  readonly imagePath: string;
  readonly imageBytes: number;
  readonly record: VolumeRecord;
  /** Its files, wherever they are until it is whole. */
  readonly paths: VolumePaths;
  readonly progress: Progress;
  /** Where the card's log lines go. */
  readonly logFile: string;
}

const progressIntervalMs = 200;
const arenaBytes = 16n * 1024n * 1024n; // Room for requests of 1 MiB, one at a time.
const everyFeature = 2n ** 64n - 1n;

/** Fills a volume with an image; the rest of the volume reads as zeros. */
export async function importImage(
  { keys }: Pick<HostServices, 'keys'>,
  options: ImportOptions,
): Promise<ImageTotals> {
  const { record, paths, signal } = options;
  await using stack = new AsyncDisposableStack();
  // A socket's path has a limit of 107 bytes, which a state folder can exceed.
  const folder = await mkdtemp(join(tmpdir(), 'argon-import-'));
  stack.defer(async () => rm(folder, { recursive: true, force: true }));
  const card = stack.use(
    await startCardProcess({
      card: { workers: 1, pollMode: 'adaptive', cpus: [] },
      logFile: options.logFile,
      signal,
    }),
  );
  const socketPath = join(folder, 'block.sock');
  await card.addDevice(
    deviceOfVolume(record, { paths: () => paths }, keys, {
      socketPath,
      queues: 1,
      blockBytes: 512,
      isReadOnly: false,
      memoryPolicy: 'sealed',
    }),
    { signal },
  );
  const { BlockFrontend } = loadFrontendAddon();
  const frontend = new BlockFrontend();
  stack.defer(async () => frontend.close());
  try {
    await native(
      frontend.connect({
        socketPath,
        queues: 1,
        queueSize: 128,
        arenaBytes,
        features: everyFeature,
      }),
    );
    // Awaited here: what it uses ends with this scope.
    return await writeWithProgress(frontend, card, options);
  } catch (thrown) {
    throw await explainFailure(thrown, card, options.logFile);
  }
}

// A dead card's sockets close before its parent hears of the end.
const endNoticeMs = 1_000;

/** What is to be told of an import that failed: that the card ended, if it did. */
export async function explainFailure(
  thrown: unknown,
  card: Pick<CardProcess, 'exited'>,
  logFile: string,
): Promise<ArgonError> {
  const error = ArgonError.from(thrown);
  if (error.code !== 'unavailable') return error;
  const exit = await Promise.race([card.exited, delay(endNoticeMs, undefined, { ref: false })]);
  return exit === undefined ? error : cardEnded(exit, logFile);
}

/**
 * Writes the image through a front end that is connected to a card. When this returns, however it
 * does, the front end is idle and may be closed.
 */
export async function writeWithProgress(
  frontend: Pick<NativeBlockFrontend, 'writeImage' | 'imageProgress' | 'cancelImage'>,
  card: Pick<CardProcess, 'exited'>,
  { imagePath, imageBytes, record, progress, signal, logFile }: ImportOptions,
): Promise<ImageTotals> {
  const onAbort = (): void => {
    frontend.cancelImage();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  let outcome: { readonly totals: ImageTotals } | { readonly thrown: unknown } | undefined;
  const writing = (async (): Promise<void> => {
    try {
      outcome = { totals: await native(frontend.writeImage(imagePath)) };
    } catch (thrown) {
      outcome = { thrown };
    }
  })();
  try {
    const finished = await pollUntil(
      async () => {
        progress.advance(Number(frontend.imageProgress()), imageBytes);
        if (outcome !== undefined) return outcome;
        // A front end finds out by waiting that nobody answers any more.
        const exit = await Promise.race([card.exited, Promise.resolve(undefined)]);
        return exit === undefined ? undefined : { thrown: cardEnded(exit, logFile) };
      },
      `copying ${imagePath} into ${record.id}`,
      { signal, intervalMs: progressIntervalMs },
    );
    if ('thrown' in finished) throw ArgonError.from(finished.thrown);
    return finished.totals;
  } finally {
    signal.removeEventListener('abort', onAbort);
    frontend.cancelImage();
    await writing;
  }
}

function cardEnded({ code, signal }: CardExit, logFile: string): ArgonError {
  const how = signal ?? `exit code ${String(code)}`;
  return new ArgonError('unavailable', `the card that writes the volume ended (${how})`, {
    hint: `see its log, ${logFile}`,
  });
}
