// SPDX-License-Identifier: Apache-2.0

// `argon completion`, and `argon __complete`, which the scripts call.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Argument, type Command } from 'commander';

import { deadlineSignal } from '../base/deadline.ts';
import { isVolumeId } from '../base/volume-id.ts';
import { callNames } from './call-command.ts';
import { type Completion, completionOf } from './completion/complete.ts';
import { completionScript, filesAnswer, type Shell, shells } from './completion/scripts.ts';
import type { CommandContext } from './context.ts';
import { idOf, listResources, type ResourceKind } from './host/resources.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

const answerTimeoutMs = 3000; // Longer, and nobody waits for it.

export function addCompletionCommand(program: Command, run: Run): void {
  program
    .command('completion')
    .description('print a script that completes command lines, for a shell to source')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action(async (shell: Shell) =>
      run(async (context) => {
        const script = completionScript(shell);
        await context.print({ script }, script);
      }),
    );
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) =>
      run(async (context) => {
        const lines = await answer(context, completionOf(program, words));
        const last = words.at(-1) ?? '';
        const fitting = lines.filter((line) => line.startsWith(last) || line === filesAnswer);
        await context.print(fitting, fitting.map((line) => `${line}\n`).join(''));
      }),
    );
}

async function answer(context: CommandContext, completion: Completion): Promise<readonly string[]> {
  switch (completion.kind) {
    case 'words':
      return completion.words;
    case 'files':
      return [filesAnswer];
    case 'methods':
      return callNames();
    case 'resources':
      return resourceNames(context, completion.of);
  }
  return [];
}

// As users call them: display names, ids and full names. None where nobody answers in time: what
// goes wrong is not for a line that is being typed.
async function resourceNames(
  context: CommandContext,
  kind: ResourceKind,
): Promise<readonly string[]> {
  try {
    const client = await context.findHost();
    if (client === undefined) return kind === 'volume' ? await volumesOnDisk(context) : [];
    await using host = client;
    const signal = deadlineSignal(answerTimeoutMs, context.signal);
    const found = await listResources(host, kind, { signal });
    return found.flatMap(({ name, displayName }) => [
      ...(displayName === '' ? [] : [displayName]),
      idOf(name),
      name,
    ]);
  } catch {
    return [];
  }
}

async function volumesOnDisk({ stateDir }: CommandContext): Promise<readonly string[]> {
  const ids = (await readdir(join(stateDir, 'volumes'))).filter(isVolumeId);
  return ids.flatMap((id) => [id, `volumes/${id}`]);
}
