// SPDX-License-Identifier: Apache-2.0

// `argon console`: joins the console of a guest that another `argon run` has.

import type { Command } from 'commander';

import { ArgonError } from '../base/errors.ts';
import type { CommandContext } from './context.ts';
import { findLiveRuns, type RunRecord } from './run/run-folder.ts';
import { joinConsoleAt } from './run/terminal.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

export function addConsoleCommand(program: Command, run: Run): void {
  program
    .command('console')
    .description('join the console of a running guest; Ctrl-] leaves it')
    .argument('[run]', 'the id of the run, or its beginning; needed only if there are several')
    .action(async (id: string | undefined) =>
      run(async (context) => {
        const record = chooseRun(await findLiveRuns(context.stateDir), id);
        const end = await joinConsoleAt(record.consoleSocket, { signal: context.signal });
        if (end === 'closed') context.stages.note('the guest ended');
      }),
    );
}

/** The run that is meant. */
export function chooseRun(runs: readonly RunRecord[], id: string | undefined): RunRecord {
  const matching = id === undefined ? runs : runs.filter((run) => run.id.startsWith(id));
  const [first] = matching;
  if (first === undefined) {
    throw new ArgonError(
      'not-found',
      id === undefined ? 'no guest is running' : `no running guest is called ${id}`,
      { hint: 'argon run starts one; this state folder is the one it must have used' },
    );
  }
  if (matching.length > 1) {
    throw new ArgonError('invalid-argument', 'several guests are running', {
      hint: `name one of: ${matching.map((run) => run.id).join(', ')}`,
    });
  }
  return first;
}
