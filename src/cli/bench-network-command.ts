// SPDX-License-Identifier: Apache-2.0

// `argon bench network`.

import type { Command } from 'commander';

import { ArgonError } from '../base/errors.ts';
import { type BenchEnvironment, describeEnvironment } from '../harness/bench-environment.ts';
import { benchNetwork, type MissingPeer } from '../harness/network/bench.ts';
import {
  formatNetFigure,
  formatNetGoal,
  type JudgedGoal,
  type NetResult,
  type NetUnit,
} from '../harness/network/result.ts';
import {
  type NetIdleRow,
  type NetPeer,
  type NetRow,
  netIdleRows,
  netPeers,
  netRows,
} from '../harness/network/rows.ts';
import { pickRows } from '../harness/speed-rows.ts';
import { loadFrontendAddon } from '../native/binding.ts';
import { chooseCpus, openResult, parseRuns, parseSeconds } from './bench-flags.ts';
import type { CommandContext } from './context.ts';
import { type Column, formatJson, formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface NetworkFlags {
  readonly json?: string;
  readonly rows: string;
  readonly runs: string;
  readonly peer?: string;
  readonly list: boolean;
  readonly seconds: string;
  readonly idleSeconds: string;
}

interface NetworkReport {
  readonly environment: BenchEnvironment;
  readonly results: readonly NetResult[];
  /** Peers that were asked for and left out. */
  readonly missing: readonly MissingPeer[];
}

export function addBenchNetworkCommand(bench: Command, run: Run): void {
  bench
    .command('network')
    .description('load the network back end over its sockets, beside others on the same machine')
    .option('--rows <patterns>', 'which rows, separated by commas; * stands for anything', '*')
    .option('--list', 'show the rows and what they should reach, and measure nothing', false)
    .option('--runs <n>', 'how often each row is measured; the median counts', '5')
    .option('--seconds <n>', 'how long each run is measured; a tenth or more', '2')
    .option('--idle-seconds <n>', 'how long idle interfaces are watched', '10')
    .option('--peer <list>', 'others to measure beside ours: testpmd, ovs or both; none by default')
    .option('--json <file>', 'write environment and results to a file')
    .addHelpText(
      'after',
      `
The front end sends and receives on CPU 1; back ends run on CPU 0, one at a time. Frames are UDP
over IPv4, and 512 of them are under way, so that none is lost for want of buffers: LOSS is what is
lost all the same. "cable" rows have no policy, and stand beside testpmd (io and mac forwarding; the
better one counts) and a port forward of Open vSwitch. "groups" rows have security groups that track
every flow, and stand beside an Open vSwitch that does the same by conntrack at both ends. Peers are
installed by ./setup bench, and need no huge pages; one that is missing is left out and named.
Quiet machines measure best: stop everything else.

Example:
  argon bench network --peer testpmd,ovs --json network.json
`,
    )
    .action(async (flags: NetworkFlags) =>
      run(async (context) => benchNetworkCommand(context, flags)),
    );
}

function parsePeers(text: string | undefined): readonly NetPeer[] {
  if (text === undefined) return [];
  const asked = text.split(',');
  const unknown = asked.find((name) => !netPeers.some((peer) => peer === name));
  if (unknown !== undefined) {
    throw new ArgonError(
      'invalid-argument',
      `--peer has "${unknown}", and should have ${netPeers.join(' or ')}`,
    );
  }
  return netPeers.filter((peer) => asked.includes(peer));
}

interface PickedRows {
  readonly load: readonly NetRow[];
  readonly idle: readonly NetIdleRow[];
}

function pickedRows(patterns: string): PickedRows {
  const names = pickRows(
    [...netRows, ...netIdleRows].map(({ name }) => name),
    patterns,
    'argon bench network',
  );
  return {
    load: netRows.filter(({ name }) => names.has(name)),
    idle: netIdleRows.filter(({ name }) => names.has(name)),
  };
}

async function benchNetworkCommand(context: CommandContext, flags: NetworkFlags): Promise<void> {
  const rows = pickedRows(flags.rows);
  if (flags.list) {
    const listed = [...rows.load.map(listedRow), ...rows.idle.map(listedIdle)];
    await context.print(listed, formatTable(listColumns, listed));
    return;
  }
  const peers = parsePeers(flags.peer);
  const runCount = parseRuns(flags.runs);
  const durationMs = parseSeconds(flags.seconds, 3600);
  const watchMs = parseSeconds(flags.idleSeconds, 3600, '--idle-seconds');
  const { frontEnd, backend } = chooseCpus(1);
  const [backendCpu = 0] = backend;
  await using stack = new AsyncDisposableStack();
  const file = await openResult(flags.json);
  if (file !== undefined) stack.use(file);
  const { signal, stages } = context;
  const { results, versions, missing } = await benchNetwork({
    addon: loadFrontendAddon(),
    rows: rows.load,
    idleRows: rows.idle,
    peers,
    frontEndCpu: frontEnd,
    backendCpu,
    runCount,
    durationMs,
    watchMs,
    progress: stages,
    signal,
  });
  stages.ok();
  const report: NetworkReport = {
    environment: await describeEnvironment({
      peers: [],
      versions,
      placement: `front end on CPU ${frontEnd}, back ends on CPU ${backendCpu}, one at a time`,
      runs: `median of ${runCount} runs of ${durationMs / 1000} s, taking turns`,
    }),
    results,
    missing,
  };
  await file?.writeFile(formatJson(report));
  await context.print(report, formatTable(resultColumns, results) + missingText(missing));
}

function missingText(missing: readonly MissingPeer[]): string {
  return missing
    .map(({ peer, reason, hint }) => {
      const how = hint === undefined ? '' : `; ${hint}`;
      return `left out: ${peer}: ${reason}${how}\n`;
    })
    .join('');
}

interface ListedRow {
  readonly name: string;
  readonly work: string;
  readonly goal: string;
}

function goalsText(goals: readonly JudgedGoal[], unit: NetUnit): string {
  return goals.map((goal) => formatNetGoal(goal, unit)).join(', ');
}

function listedRow({ name, work, goals, measure }: NetRow): ListedRow {
  return { name, work, goal: goalsText(goals, measure) };
}

function listedIdle({ name, work, limitCores }: NetIdleRow): ListedRow {
  return { name, work, goal: goalsText([{ kind: 'below', value: limitCores }], 'cores') };
}

const listColumns: readonly Column<ListedRow>[] = [
  { title: 'ROW', of: (row) => row.name },
  { title: 'GOAL', of: (row) => row.goal },
  { title: 'WORK', of: (row) => row.work },
];

const resultColumns: readonly Column<NetResult>[] = [
  { title: 'ROW', of: (row) => row.row },
  { title: 'ARGON', of: (row) => formatNetFigure(row.ours, row.unit), align: 'right' },
  {
    title: 'LOSS',
    of: (row) => (row.loss === undefined ? '' : `${(row.loss * 100).toFixed(2)} %`),
    align: 'right',
  },
  {
    title: 'OTHER',
    of: (row) => (row.other === undefined ? '' : formatNetFigure(row.other, row.unit)),
    align: 'right',
  },
  { title: 'WHICH', of: (row) => row.other_name ?? '' },
  { title: 'RATIO', of: (row) => row.ratio?.toFixed(2) ?? '', align: 'right' },
  { title: 'GOAL', of: (row) => goalsText(row.goals, row.unit) },
  {
    title: 'REACHED',
    of: (row) => (row.reached === undefined ? '' : row.reached ? 'yes' : 'no'),
  },
];
