// SPDX-License-Identifier: Apache-2.0

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { watchOf } from '../../../src/card/network-watch.ts';
import { recordCapture, recordFlows } from '../../../src/card/recording.ts';
import type { NativeFlowLogRecord } from '../../../src/native/network-watch.ts';
import { interfaceIdentity } from '../../../src/network/compile.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeWatch } from './fake-watch.ts';

const logger = createLogger('test', 'silent');
const interfaces = [
  { id: `eni-${'1'.repeat(17)}`, name: 'left' },
  { id: `eni-${'2'.repeat(17)}`, name: 'the right one' },
];

/** Has something to take until it has been taken. */
class BusyWatch extends FakeWatch {
  readonly records: NativeFlowLogRecord[][] = [];
  readonly blocks: Uint8Array[] = [];

  override async takeFlowLog(): Promise<readonly NativeFlowLogRecord[]> {
    await Promise.resolve();
    return this.records.shift() ?? [];
  }
  override async takeCapture(): Promise<Uint8Array> {
    await Promise.resolve();
    return this.blocks.shift() ?? new Uint8Array();
  }
}

function noData(index: number): NativeFlowLogRecord {
  const id = interfaces[index]?.id ?? '';
  return { identity: interfaceIdentity(id), start: 60n, end: 120n, status: 'NODATA' };
}

describe('recordFlows()', () => {
  it('writes all that is taken, to the last that came', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'flows.txt');
    const watch = new BusyWatch();
    watch.records.push([noData(0)], [noData(1)]);
    const options = { path, intervalSeconds: 600 } as const;

    const recording = await recordFlows(watchOf(watch), interfaces, options, logger);
    await expect.poll(() => watch.records.length, { timeout: 30_000 }).toBe(0);
    watch.records.push([noData(0)]);
    await recording[Symbol.asyncDispose]();

    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^version account-id interface-id /),
      '2 000000000000 left - - - - - - - 60 120 - NODATA',
      '2 000000000000 the-right-one - - - - - - - 60 120 - NODATA',
      '2 000000000000 left - - - - - - - 60 120 - NODATA',
      '',
    ]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(watch.asked).toEqual([
      { index: 0, intervalSeconds: 600 },
      { index: 1, intervalSeconds: 600 },
      'stop flow log 0',
      'stop flow log 1',
    ]);
  });

  it('names a file that cannot be made, and logs nothing then', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'no', 'flows.txt');
    const watch = new BusyWatch();

    await expect(
      recordFlows(watchOf(watch), interfaces, { path, intervalSeconds: 60 }, logger),
    ).rejects.toMatchObject({ code: 'not-found', message: `${path} cannot be made (ENOENT)` });
    expect(watch.asked.slice(-2)).toEqual(['stop flow log 0', 'stop flow log 1']);
  });
});

describe('recordCapture()', () => {
  it('writes the head, what is taken, and what is left', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'headers.pcapng');
    const watch = new BusyWatch();
    watch.blocks.push(Uint8Array.of(2, 3), Uint8Array.of(4));
    const options = { path, environment: 'test' } as const;

    const recording = await recordCapture(watchOf(watch), interfaces, options, logger);
    await expect.poll(() => watch.blocks.length, { timeout: 30_000 }).toBe(0);
    watch.blocks.push(Uint8Array.of(5));
    await recording[Symbol.asyncDispose]();

    expect([...(await readFile(path))]).toEqual([1, 2, 3, 4, 5]);
    expect(watch.asked).toEqual([
      { environment: 'test' },
      { names: ['left', 'the right one'] },
      'stop capture',
    ]);
  });

  it('leaves no file where a capture is refused', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'headers.pcapng');
    const watch = new BusyWatch();
    watch.captureFailure = new Error('refused');

    await expect(
      recordCapture(watchOf(watch), interfaces, { path, environment: 'production' }, logger),
    ).rejects.toThrow('refused');
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
