// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addConsoleCommand, chooseRun } from '../../../src/cli/console-command.ts';
import type { RunRecord } from '../../../src/cli/run/run-folder.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand } from './fake-context.ts';

function run(id: string): RunRecord {
  return {
    id,
    pid: 1,
    image: 'tiny',
    startedAt: 'now',
    consoleSocket: `/run/${id}.sock`,
    controlSockets: [],
  };
}

const runs = [run('20260101T1-aaaa'), run('20260101T1-bbbb'), run('20260102T1-cccc')];

describe('chooseRun', () => {
  it('needs no id where there is one run', () => {
    expect(chooseRun([run('a')], undefined).id).toBe('a');
  });

  it('takes an id or its beginning', () => {
    expect(chooseRun(runs, '20260102').id).toBe('20260102T1-cccc');
    expect(chooseRun(runs, '20260101T1-bbbb').id).toBe('20260101T1-bbbb');
  });

  it.each([[undefined], ['20260101']])('names those that %j could mean', (id) => {
    const meant = id === undefined ? runs : runs.slice(0, 2);

    expect(() => chooseRun(runs, id)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        hint: `name one of: ${meant.map((each) => each.id).join(', ')}`,
      }),
    );
  });

  it('says that there is none, or none of that name', () => {
    expect(() => chooseRun([], undefined)).toThrow(
      expect.objectContaining({ code: 'not-found', message: 'no guest is running' }),
    );
    expect(() => chooseRun(runs, 'x')).toThrow(
      expect.objectContaining({ code: 'not-found', message: 'no running guest is called x' }),
    );
  });
});

describe('argon console', () => {
  it('fails where no guest runs', async () => {
    await using dir = await createTempDir();

    await expect(
      runCommand(addConsoleCommand, ['console'], new FakeContext(dir.path)),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});
