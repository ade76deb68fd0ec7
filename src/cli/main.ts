// SPDX-License-Identifier: Apache-2.0

// The command line: commands, how they are run and how they end. Everything Argon is, is put
// together here and in the command files beside it; nothing imports them.

import { Command, CommanderError, Option } from 'commander';

import { ArgonError } from '../base/errors.ts';
import { addBenchCommand } from './bench-command.ts';
import { addCallCommand } from './call-command.ts';
import { addCaptureCommand } from './capture-command.ts';
import { addCompletionCommand } from './completion-command.ts';
import { addConfigCommand } from './config-command.ts';
import { addConformanceCommand } from './conformance-command.ts';
import { addConsoleCommand } from './console-command.ts';
import { type CommandContext, createContext } from './context.ts';
import { addControlCommands } from './control-commands.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addExecCommand } from './exec-command.ts';
import { exitCodeOf, exitCodes } from './exit-code.ts';
import { addFlowLogCommand } from './flow-log-command.ts';
import { addInstanceCommand } from './instance-command.ts';
import { addInterfaceCommand } from './interface-command.ts';
import { addLsCommand } from './ls-command.ts';
import { addNetworkCommand } from './network-command.ts';
import { formatError, type OutputFormat, outputFormats } from './output.ts';
import { addRunCommand } from './run-command.ts';
import { addServeBlock } from './serve-command.ts';
import { addServeNetwork } from './serve-network-command.ts';
import { addTopCommand } from './top-command.ts';
import { addTourCommand } from './tour-command.ts';
import { addTraceCommand } from './trace-command.ts';
import { addDownCommand, addUpCommand } from './up-command.ts';
import { addVolumeCommand } from './volume-command.ts';

interface GlobalFlags {
  readonly output: OutputFormat;
  readonly verbose?: true;
}

// Help is read in terminals; in a file it has lines of the length that our own files have.
function helpWidth({ columns }: { readonly columns?: number }): number {
  return Math.min(columns ?? 100, 100);
}

const program = new Command('argon')
  .description('A Nitro-style system in software: real Linux guests on vhost-user cards')
  .addOption(
    new Option('-o, --output <format>', 'how to print the result')
      .choices(outputFormats)
      .default('table'),
  )
  .option('-v, --verbose', 'show the reason and the causes of an error')
  .showHelpAfterError('(argon --help shows what there is)')
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({
    getOutHelpWidth: () => helpWidth(process.stdout),
    getErrHelpWidth: () => helpWidth(process.stderr),
  })
  .addHelpText(
    'after',
    `
State is kept under $ARGON_STATE, by default ./.argon.
Exit codes: 0 ok, 1 failed, 2 usage, 3 prerequisite missing, 4 timeout, 5 guest panicked,
6 refused, 130 interrupted.
`,
  );

// A reader that has gone ends the output and not the command. Any other failure reaches whoever
// writes, through writeAll.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {});
}

const interrupted = new AbortController();
// SIGHUP: the terminal was closed.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupted.abort();
  });
}

async function run(work: (context: CommandContext) => Promise<void>): Promise<void> {
  const { output, verbose } = program.opts<GlobalFlags>();
  const context = createContext(output, verbose === true, interrupted.signal);
  // Of a stage that nobody has ended.
  try {
    await work(context);
    context.stages.ok();
  } catch (thrown) {
    context.stages.failed();
    throw thrown;
  }
}

addUpCommand(program, run);
addDownCommand(program, run);
addLsCommand(program, run);
addTopCommand(program, run);
addInstanceCommand(program, run);
addVolumeCommand(program, run);
addInterfaceCommand(program, run);
addNetworkCommand(program, run);
addFlowLogCommand(program, run);
addTraceCommand(program, run);
addCaptureCommand(program, run);
addExecCommand(program, run);
addConfigCommand(program, run);
addCallCommand(program, run);
addRunCommand(program, run);
addConsoleCommand(program, run);
const serve = program.command('serve').description('serve devices by themselves');
addServeBlock(serve, run);
addServeNetwork(serve, run);
addControlCommands(program, run);
addBenchCommand(program, run);
addConformanceCommand(program, run);
addDoctorCommand(program, run);
addCompletionCommand(program, run);
addTourCommand(program, run);

try {
  await program.parseAsync(process.argv);
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    // Commander has printed its message; its own code for help and version is 0.
    process.exitCode = thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    const error = ArgonError.from(thrown);
    process.stderr.write(formatError(error, program.opts<GlobalFlags>().verbose === true));
    process.exitCode = exitCodeOf(error.code);
  }
}
