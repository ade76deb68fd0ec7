// SPDX-License-Identifier: Apache-2.0

// A front end that the test moves along. Card, front end and files together are shown in
// test/integration/volume-command.test.ts.

import { setImmediate as turn } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { ArgonError } from '../../../src/base/errors.ts';
import { createVolumeId } from '../../../src/base/volume-id.ts';
import type { CardExit } from '../../../src/card/bus/card-process.ts';
import {
  explainFailure,
  type ImportOptions,
  writeWithProgress,
} from '../../../src/cli/volume-import.ts';
import type { ImageTotals, NativeBlockFrontend } from '../../../src/native/addons.ts';
import { nativeError } from '../fake-host.ts';

const totals: ImageTotals = { imageBytes: 8192n, writtenBytes: 4096n };

type Writer = Pick<NativeBlockFrontend, 'writeImage' | 'imageProgress' | 'cancelImage'>;

/** As a native front end, it works on until it is done or cancelled. */
class FakeWriter implements Writer {
  readonly paths: string[] = [];
  doneBytes = 0n;
  cancelCount = 0;
  /** True once nothing of it is under way. */
  isIdle = true;
  readonly #writing = Promise.withResolvers<ImageTotals>();

  async writeImage(path: string): Promise<ImageTotals> {
    this.paths.push(path);
    this.isIdle = false;
    try {
      return await this.#writing.promise;
    } finally {
      await turn(); // Being cancelled takes a moment.
      this.isIdle = true;
    }
  }

  imageProgress(): bigint {
    return this.doneBytes;
  }

  cancelImage(): void {
    this.cancelCount += 1;
    this.#writing.reject(nativeError('closed', 'cancelled'));
  }

  finish(): void {
    this.#writing.resolve(totals);
  }

  fail(error: Error): void {
    this.#writing.reject(error);
  }
}

interface Scene {
  readonly writer: FakeWriter;
  readonly options: ImportOptions;
  /** What progress was told. */
  readonly steps: (readonly [done: number, total: number])[];
  readonly card: { readonly exited: Promise<CardExit> };
  readonly endCard: (exit: CardExit) => void;
  readonly giveUp: AbortController;
  /** Begins, and waits until something was told. */
  readonly begin: () => Promise<Promise<ImageTotals>[]>;
}

function setScene(): Scene {
  const writer = new FakeWriter();
  const steps: (readonly [number, number])[] = [];
  const told = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<CardExit>();
  const giveUp = new AbortController();
  const options: ImportOptions = {
    imagePath: '/x.img',
    imageBytes: 8192,
    record: {
      id: createVolumeId(),
      sizeBytes: parseBytes('1MiB'),
      cipher: 'none',
      source: '',
      createdAt: '',
      wrappedKey: undefined,
    },
    paths: { data: '/data', map: '/map' },
    progress: {
      step() {},
      advance(done, total) {
        steps.push([done, total]);
        told.resolve();
      },
    },
    logFile: '/logs/card.log',
    signal: giveUp.signal,
  };
  const card = { exited: ended.promise };
  return {
    writer,
    options,
    steps,
    card,
    giveUp,
    endCard: ended.resolve,
    begin: async () => {
      const writing = writeWithProgress(writer, card, options);
      await told.promise;
      return [writing]; // A bare promise would be awaited with this one.
    },
  };
}

describe('writeWithProgress', () => {
  it('gives what was written, and has told how far it is of the image', async () => {
    const { writer, steps, begin } = setScene();
    writer.doneBytes = 4096n;
    const [writing] = await begin();
    writer.doneBytes = 8192n;
    writer.finish();

    expect(await writing).toEqual(totals);
    expect(writer.paths).toEqual(['/x.img']);
    expect(steps.at(0)).toEqual([4096, 8192]);
    expect(steps.at(-1)).toEqual([8192, 8192]);
  });

  it('fails as the front end does', async () => {
    const { writer, begin } = setScene();
    const [writing] = await begin();
    writer.fail(nativeError('host-io', 'write sector 8: Input/output error', 'EIO'));

    await expect(writing).rejects.toMatchObject({
      name: 'ArgonError',
      code: 'data-loss',
      message: 'write sector 8: Input/output error',
    });
  });

  it.each([
    [{ code: null, signal: 'SIGKILL' }, 'the card that writes the volume ended (SIGKILL)'],
    [{ code: 3, signal: null }, 'the card that writes the volume ended (exit code 3)'],
  ] as const)(
    'ends when its card does, by %j, and leaves the front end idle',
    async (exit, message) => {
      const { writer, endCard, begin } = setScene();
      const [writing] = await begin();
      endCard(exit);

      await expect(writing).rejects.toMatchObject({
        code: 'unavailable',
        message,
        hint: 'see its log, /logs/card.log',
      });
      expect(writer.isIdle).toBe(true);
    },
  );

  it('has what was written even if the card ends then', async () => {
    const { writer, endCard, begin } = setScene();
    const [writing] = await begin();
    writer.finish();
    endCard({ code: 0, signal: null });

    expect(await writing).toEqual(totals);
  });

  it('stops the front end when its caller gives up, and waits until it is idle', async () => {
    const { writer, giveUp, begin, options } = setScene();
    const [writing] = await begin();
    giveUp.abort();

    await expect(writing).rejects.toMatchObject({
      code: 'cancelled',
      message: `cancelled while copying /x.img into ${options.record.id}`,
    });
    expect(writer.cancelCount).toBeGreaterThan(0);
    expect(writer.isIdle).toBe(true);
  });
});

describe('explainFailure()', () => {
  const closed = new ArgonError('unavailable', 'the back end closed the connection');

  it('names the end of the card, which is heard of after its sockets closed', async () => {
    const exited = turn().then((): CardExit => ({ code: null, signal: 'SIGKILL' }));

    const error = await explainFailure(closed, { exited }, 'card.log');

    expect(error.message).toBe('the card that writes the volume ended (SIGKILL)');
    expect(error.hint).toContain('card.log');
  });

  it('keeps any other failure, at once', async () => {
    const exited = new Promise<CardExit>(() => {});
    const failed = new ArgonError('invalid-argument', 'the image is too large');

    expect(await explainFailure(failed, { exited }, 'card.log')).toBe(failed);
    expect(await explainFailure(closed, { exited }, 'card.log')).toBe(closed);
  });
});
