// SPDX-License-Identifier: Apache-2.0

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../src/base/errors.ts';
import { completionScript } from '../../../src/cli/completion/scripts.ts';
import { addCompletionCommand } from '../../../src/cli/completion-command.ts';
import { addInstanceCommand } from '../../../src/cli/instance-command.ts';
import { addVolumeCommand } from '../../../src/cli/volume-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

async function complete(
  context: FakeContext,
  ...words: readonly string[]
): Promise<readonly string[]> {
  await runCommand(
    (program, run) => {
      addVolumeCommand(program, run);
      addInstanceCommand(program, run);
      addCompletionCommand(program, run);
    },
    ['__complete', '--', ...words],
    context,
  );
  return context.stdout.split('\n').filter((line) => line !== '');
}

describe('argon __complete', () => {
  it('offers commands that begin so, and not itself', async () => {
    expect(await complete(new FakeContext(untouched), 'vol')).toEqual(['volume']);
    expect(await complete(new FakeContext(untouched), '_')).toEqual([]);
  });

  it('offers resources of the host by all their names', async () => {
    const host = new FakeHostClient();
    const { name } = host.addInstance({ displayName: 'web' });
    host.addInstance({ displayName: 'worker' });
    const offer = async (word: string): Promise<readonly string[]> =>
      complete(new FakeContext(untouched, { host }), 'volume', 'attach', 'x', word);

    expect(await offer('w')).toEqual(['web', 'worker']);
    expect(await offer('instances/')).toHaveLength(2);
    expect(await offer(name.slice('instances/'.length))).toEqual([name.slice('instances/'.length)]);
  });

  it('offers volumes of the folder where no host runs', async () => {
    await using dir = await createTempDir();
    const id = 'vol0123456789abcdef0';
    await mkdir(join(dir.path, 'volumes', id), { recursive: true });
    await mkdir(join(dir.path, 'volumes', '.new-x'));

    expect(await complete(new FakeContext(dir.path), 'volume', 'delete', '')).toEqual([
      id,
      `volumes/${id}`,
    ]);
  });

  it('stays silent about what goes wrong', async () => {
    const context = new FakeContext(untouched);
    context.findHost = async () => {
      throw new ArgonError('unavailable', 'it does not answer');
    };

    expect(await complete(context, 'instance', 'get', '')).toEqual([]);
  });
});

describe('argon completion', () => {
  it('prints the script of a shell, and refuses others', async () => {
    const context = new FakeContext(untouched);
    await runCommand(addCompletionCommand, ['completion', 'bash'], context);

    expect(context.stdout).toBe(completionScript('bash'));
    await expect(runCommand(addCompletionCommand, ['completion', 'tcsh'], context)).rejects.toThrow(
      "'tcsh' is invalid",
    );
  });
});
