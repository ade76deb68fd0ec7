// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';

describe('createLogger', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'argon-log-'));
    file = join(folder, 'part.log');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function lines(): Promise<readonly Record<string, unknown>[]> {
    const text = await readFile(file, 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('has written a line when the call returns', async () => {
    createLogger('card', 'info', file).info({ object: 'vol1' }, 'served');

    expect(await lines()).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        pid: process.pid,
        name: 'card',
        object: 'vol1',
        msg: 'served',
      },
    ]);
  });

  it('appends, also to what another logger wrote', async () => {
    createLogger('one', 'info', file).info('first');
    createLogger('two', 'info', file).info('second');

    expect((await lines()).map(({ msg }) => msg)).toEqual(['first', 'second']);
  });

  it('leaves out what is below its level', async () => {
    const logger = createLogger('card', 'warn', file);
    logger.info('quiet');
    logger.error('loud');

    expect((await lines()).map(({ msg }) => msg)).toEqual(['loud']);
  });

  it('does not make the folder of its file', () => {
    expect(() => createLogger('card', 'info', join(folder, 'missing', 'x.log'))).toThrow('ENOENT');
  });
});
