// SPDX-License-Identifier: Apache-2.0

// `argon exec`: a command in a running instance, by the agent in it.

import type { Command } from 'commander';

import { parseInteger } from '../base/parse.ts';
import type { CommandContext } from './context.ts';
import { runInInstance } from './host/tenant.ts';
import { writeAll } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface ExecFlags {
  readonly timeout: string;
}

export function addExecCommand(program: Command, run: Run): void {
  program
    .command('exec')
    .description("run a command in a running instance and end with the command's exit code")
    .argument('<instance>', 'its name, id or display name')
    .argument('<command...>', "a line for the guest's shell, after --")
    .option('--timeout <seconds>', 'for the agent to come up and the command to end', '600')
    .action(async (instance: string, words: readonly string[], flags: ExecFlags) =>
      run(async (context) => {
        const range = { min: 1, max: 86_400 };
        const timeoutMs = parseInteger(flags.timeout, '--timeout', range) * 1000;
        const result = await runInInstance(context, instance, words.join(' '), { timeoutMs });
        const [stdout, stderr] = [result.stdout.toString('utf8'), result.stderr.toString('utf8')];
        if (context.format === 'table' || context.format === 'name') {
          await writeAll(process.stdout, result.stdout);
          await writeAll(process.stderr, result.stderr);
        } else {
          await context.print({ exit_code: result.exitCode, stdout, stderr }, '');
        }
        if (result.isTruncated) context.stages.note('the agent kept only the first 16 MiB of it');
        context.exitWith(result.exitCode);
      }),
    );
}
