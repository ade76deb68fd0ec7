// SPDX-License-Identifier: Apache-2.0

// `argon run`: boots a guest, runs a command in it or joins its console, powers it off.

import { type Command, Option } from 'commander';

import { deadlineSignal } from '../base/deadline.ts';
import type { CommandResult } from '../guest/exec.ts';
import type { CommandContext } from './context.ts';
import { exitCodes } from './exit-code.ts';
import { writeAll } from './output.ts';
import { prepareRun } from './run/prepare-run.ts';
import { parseRunFlags, type RunFlags, type RunRequest } from './run/run-flags.ts';
import { createRunFolder, type RunFolder } from './run/run-folder.ts';
import { isPanic, printPlan, withGuest } from './run/run-guest.ts';
import { joinConsole } from './run/terminal.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

const collect = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  value,
];

export function addRunCommand(program: Command, run: Run): void {
  program
    .command('run')
    .description('boot a guest and run a command in it, or join its console')
    .argument('[command...]', "a line for the guest's shell, after --")
    .option('--image <image>', 'tiny, debian, or the path of a raw disk image', 'tiny')
    .option('--boot-volume <id>', 'boot from a volume instead')
    .option('--kernel <path>', 'boot a kernel of your own instead')
    .option('--initrd <path>', 'with --kernel')
    .option('--append <text>', "with --kernel: the kernel's command line")
    .addOption(
      new Option(
        '--volume <spec>',
        'a disk more: size=1GiB[,plain], a new one, or id=vol…[,read-only]; may be repeated',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--memory <size>', "the guest's memory (default: 512MiB, from a disk 1GiB)")
    .option('--cpus <n>', "the guest's CPUs", '2')
    .option('--accel <choice>', 'auto, kvm or tcg', 'auto')
    .option('--timeout <seconds>', 'for boot and command together')
    .option('--faults', 'allow faults on its volumes; docs/faults.md')
    .option('--power', 'allow power cuts of its volumes')
    .option('--keep', 'keep the volumes that are made for this run')
    .option('--print-qemu', 'print the QEMU command line instead; it works when pasted')
    .addHelpText(
      'after',
      `
Ends with the command's exit code. Without a command and on a terminal the guest's console is
yours until you leave it with Ctrl-]; without a terminal the guest is booted and powered off.
Everything a run leaves (console, QEMU's command line, QMP, the card's log) is in a folder
that is named when something fails. Its run.json names the control sockets of the volumes, for
argon limit, argon fault and argon metrics.

Examples:
  argon run -- uname -a
  argon run --image debian --volume size=1GiB -- 'lsblk && mkfs.ext4 -q /dev/vdb'
  argon run --kernel bzImage --initrd initrd.img --append 'console=ttyS0'
`,
    )
    .action(async (command: readonly string[], flags: RunFlags) =>
      run(async (context) => runGuest(context, parseRunFlags(flags, command))),
    );
}

async function runGuest(context: CommandContext, request: RunRequest): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await createRunFolder(context.stateDir);
  const prepared = await prepareRun(request, context, folder, stack);
  if (request.isPrintOnly) {
    const text = printPlan(prepared, folder);
    await context.print({ command: text }, text);
    return;
  }
  const { timeoutMs } = request;
  const signal =
    timeoutMs === undefined ? context.signal : deadlineSignal(timeoutMs, context.signal);
  try {
    await withGuest({ context, prepared, folder, signal }, async (guest) => {
      if (request.command === undefined) {
        await joinConsole(guest, context);
        return;
      }
      const result = await guest.exec(request.command, { signal });
      await reportResult(context, folder, result);
    });
  } catch (thrown) {
    if (!isPanic(thrown)) throw thrown;
    await context.reportError(thrown);
    context.exitWith(exitCodes.guestPanic);
  }
}

async function reportResult(
  context: CommandContext,
  folder: RunFolder,
  result: CommandResult,
): Promise<void> {
  if (context.format === 'json' || context.format === 'yaml') {
    const value = {
      exit_code: result.exitCode,
      stdout: result.stdout.toString('utf8'),
      stderr: result.stderr.toString('utf8'),
      is_truncated: result.isTruncated,
      run_dir: folder.path,
    };
    await context.print(value, '');
  } else {
    await writeAll(process.stderr, result.stderr);
    await writeAll(process.stdout, result.stdout);
    if (result.isTruncated) context.stages.note('the output is cut: more than 16 MiB');
  }
  context.exitWith(result.exitCode);
}
