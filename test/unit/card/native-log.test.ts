// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { logNative } from '../../../src/card/native-log.ts';
import { createTempDir } from '../temp-dir.ts';

it('logs each line at its level, with its object', async () => {
  await using dir = await createTempDir();
  const file = join(dir.path, 'log');
  const logger = createLogger('card', 'debug', file);

  for (const level of [0, 1, 2, 3] as const) logNative(logger, level, 'eni-1', `line ${level}`);

  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 20, object: 'eni-1', msg: 'line 0' },
    { level: 30, object: 'eni-1', msg: 'line 1' },
    { level: 40, object: 'eni-1', msg: 'line 2' },
    { level: 50, object: 'eni-1', msg: 'line 3' },
  ]);
});
