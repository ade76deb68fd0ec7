// SPDX-License-Identifier: Apache-2.0

// `argon bench network`.

import type { Command } from 'commander';

import { ArgonError } from '../base/errors.ts';
import { type BenchEnvironment, describeEnvironment } from '../harness/bench-environment.ts';
import { benchNetwork, type MissingPeer, type NetBenchOutcome } from '../harness/network/bench.ts';
import { type NetGuestRow, netGuestRows } from '../harness/network/guest-bench.ts';
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
import { benchBetweenGuests } from './bench-network-guests.ts';
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
  readonly guests: boolean;
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
    .option('--peer <list>', 'others to measure beside ours: testpmd, ovs, qemu; none by default')
    .option('--guests', 'measure the rows between two guests, and those alone', false)
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

With --guests two guests of the image tiny run iperf3 over each back end in turn, and over QEMU's
own netdev with the peer qemu. Nothing of theirs is kept on a CPU; back ends are as above, those of
the peers without any policy. A run is whole seconds then.

Examples:
  argon bench network --peer testpmd,ovs --json network.json
  argon bench network --guests --peer testpmd,ovs,qemu --seconds 10
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
  readonly guests: readonly NetGuestRow[];
}

function pickedRows({ rows: patterns, guests }: NetworkFlags): PickedRows {
  const all = guests ? netGuestRows : [...netRows, ...netIdleRows];
  const names = pickRows(
    all.map(({ name }) => name),
    patterns,
    `argon bench network${guests ? ' --guests' : ''}`,
  );
  return {
    load: netRows.filter(({ name }) => names.has(name)),
    idle: netIdleRows.filter(({ name }) => names.has(name)),
    guests: netGuestRows.filter(({ name }) => names.has(name)),
  };
}

async function benchNetworkCommand(context: CommandContext, flags: NetworkFlags): Promise<void> {
  const rows = pickedRows(flags);
  if (flags.list) {
    const listed = [...[...rows.load, ...rows.guests].map(listedRow), ...rows.idle.map(listedIdle)];
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
  const measuring = { peers, backendCpu, runCount, durationMs, progress: stages, signal };
  const { results, versions, missing, placement }: Measured = flags.guests
    ? await benchBetweenGuests(context, { ...measuring, rows: rows.guests })
    : {
        placement: `front end on CPU ${frontEnd}, back ends on CPU ${backendCpu}, one at a time`,
        ...(await benchNetwork({
          ...measuring,
          addon: loadFrontendAddon(),
          rows: rows.load,
          idleRows: rows.idle,
          frontEndCpu: frontEnd,
          watchMs,
        })),
      };
  stages.ok();
  const report: NetworkReport = {
    environment: await describeEnvironment({
      peers: [],
      versions,
      placement,
      runs: `median of ${runCount} runs of ${durationMs / 1000} s, taking turns`,
    }),
    results,
    missing,
  };
  await file?.writeFile(formatJson(report));
  await context.print(report, formatTable(resultColumns, results) + missingText(missing));
}

interface Measured extends NetBenchOutcome {
  /** Which CPUs did what. */
  readonly placement: string;
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

function listedRow({ name, work, goals, measure }: NetRow | NetGuestRow): ListedRow {
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
