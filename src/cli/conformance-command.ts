// SPDX-License-Identifier: Apache-2.0

// `argon conformance`: a back end, ours or anyone's, against the specifications.

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { ArgonError } from '../base/errors.ts';
import { parseChoice, parseInteger } from '../base/parse.ts';
import { ensureStateSubdir } from '../base/state-dir.ts';
import {
  type CaseResult,
  countResults,
  runConformance,
  selectCases,
} from '../harness/conformance.ts';
import { formatJunit } from '../harness/junit.ts';
import { startQsdPeer } from '../harness/qsd-peer.ts';
import type { ConformanceCase } from '../native/addons.ts';
import { loadFrontendAddon } from '../native/binding.ts';
import type { CommandContext } from './context.ts';
import { exitCodes } from './exit-code.ts';
import { type Column, formatTable } from './output.ts';

export interface ConformanceFlags {
  readonly device: string;
  readonly socket?: string;
  readonly peer?: string;
  readonly filter?: string;
  readonly feature: readonly string[];
  readonly list?: true;
  readonly junit?: string;
  readonly timeout: string;
  readonly destructive?: true;
}

export function addConformanceCommand(
  program: Command,
  run: (work: (context: CommandContext) => Promise<void>) => Promise<void>,
): void {
  program
    .command('conformance')
    .description('try a vhost-user back end against the specifications, promise by promise')
    .option('--device <kind>', 'what the back end serves: block', 'block')
    .option('--socket <path>', 'where it listens')
    .option('--peer <name>', 'start this back end on a file and try it: qemu-storage-daemon')
    .option('--destructive', "the device's data may be overwritten")
    .option('--filter <text>', 'only cases whose names have this in them')
    .option(
      '--feature <name>',
      'only cases that need this feature, such as F_RING_PACKED; may be given again',
      (name: string, before: readonly string[]) => [...before, name],
      [],
    )
    .option('--list', 'show the cases and what they need, and run none')
    .option('--junit <file>', 'write the results as JUnit XML too')
    .option('--timeout <seconds>', 'how long one answer may take', '10')
    .addHelpText(
      'after',
      `
THE SUITE WRITES TO THE DEVICE: to its first 4 MiB and its last sectors. It runs on a device that
can be written only with --destructive. A read-only device gets the cases that only read.

A case whose feature the back end does not offer is skipped, with the feature's name. Exit code 1
if any case fails.

Examples:
  argon conformance --socket /run/b.sock --destructive --junit report.xml
  argon conformance --peer qemu-storage-daemon --filter framing/
`,
    )
    .action(async (flags: ConformanceFlags) =>
      run(async (context) => conformanceCommand(context, flags)),
    );
}

async function conformanceCommand(context: CommandContext, flags: ConformanceFlags): Promise<void> {
  parseChoice(flags.device, '--device', ['block']);
  const timeoutMs = parseInteger(flags.timeout, '--timeout', { min: 1, max: 3600 }) * 1000;
  const addon = loadFrontendAddon();
  const cases = selectCases(addon.listConformanceCases(), {
    features: flags.feature,
    ...(flags.filter === undefined ? {} : { text: flags.filter }),
  });
  if (flags.list === true) {
    await context.print(cases, formatTable(listColumns, cases));
    return;
  }
  // Before anything runs: whether there is a place for the result.
  await using junit = flags.junit === undefined ? undefined : await open(flags.junit, 'w');
  await using target = await openTarget(context, flags);
  context.stages.step(`${cases.length} cases against ${target.name}`);
  const results = await runConformance({
    addon,
    socketPath: target.socketPath,
    cases,
    timeoutMs,
    isDestructive: target.isDestructive,
    progress: context.stages,
    signal: context.signal,
  });
  const counts = countResults(results);
  if (counts.failed > 0) context.stages.failed(summaryOf(results));
  else context.stages.ok(summaryOf(results));
  await junit?.writeFile(formatJunit(target.name, results));
  await context.print({ target: target.name, ...counts, cases: results }, formatResults(results));
  if (counts.failed > 0) context.exitWith(exitCodes.failed);
}

interface Target extends AsyncDisposable {
  readonly name: string;
  readonly socketPath: string;
  readonly isDestructive: boolean;
}

async function openTarget(context: CommandContext, flags: ConformanceFlags): Promise<Target> {
  if ((flags.socket === undefined) === (flags.peer === undefined)) {
    throw new ArgonError('invalid-argument', 'a run needs one back end', {
      hint: 'give --socket PATH, or --peer qemu-storage-daemon',
    });
  }
  if (flags.socket !== undefined) {
    const socketPath = resolve(flags.socket);
    return {
      name: socketPath,
      socketPath,
      isDestructive: flags.destructive === true,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  parseChoice(flags.peer, '--peer', ['qemu-storage-daemon']);
  const dir = await ensureStateSubdir(context.stateDir, 'conformance');
  const peer = await startQsdPeer({ dir, signal: context.signal });
  // Its file was made for this run.
  return {
    name: 'qemu-storage-daemon',
    socketPath: peer.socketPath,
    isDestructive: true,
    [Symbol.asyncDispose]: async () => peer[Symbol.asyncDispose](),
  };
}

function summaryOf(results: readonly CaseResult[]): string {
  const { passed, failed, skipped } = countResults(results);
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function formatResults(results: readonly CaseResult[]): string {
  return `${formatTable(resultColumns, results)}${summaryOf(results)}\n`;
}

const listColumns: readonly Column<ConformanceCase>[] = [
  { title: 'CASE', of: ({ name }) => name },
  { title: 'NEEDS', of: ({ needs }) => needs.join(', ') },
  { title: 'SECTION', of: ({ section }) => section },
];

const resultColumns: readonly Column<CaseResult>[] = [
  { title: 'CASE', of: ({ name }) => name },
  { title: 'RESULT', of: ({ state }) => state },
  { title: 'MS', of: ({ durationMs }) => durationMs.toFixed(0), align: 'right' },
  {
    title: 'WHY',
    of: ({ state, reason, section }) => (state === 'failed' ? `${reason} [${section}]` : reason),
  },
];
