// SPDX-License-Identifier: Apache-2.0

// `argon limit`, `argon fault` and `argon metrics`: what can be asked of a device while it is
// served. With --control it is one of `argon serve block` or `argon run`, else one of the host's.

import { type Command, Option } from 'commander';

import { ArgonError } from '../base/errors.ts';
import {
  type JsonObject,
  parseArray,
  parseInteger,
  parseObject,
  parseString,
} from '../base/parse.ts';
import { type ControlMethod, metricsFormats } from '../card/control.ts';
import { parseFaultRule } from '../card/fault-spec.ts';
import { parseGuestName, parseLimitChanges } from '../card/limit-spec.ts';
import { type CommandContext, withHost } from './context.ts';
import { callControl } from './control-client.ts';
import {
  clearFaultsAt,
  limitHostAt,
  listFaultsAt,
  printPageAt,
  releaseFaultsAt,
  setFaultAt,
  showLimitsAt,
  showMetricsAt,
} from './host/control-actions.ts';
import {
  printInterfacePage,
  showInterfaceMetrics,
  showServiceMetrics,
} from './host/network-metrics.ts';
import { updateVolumeAt } from './host/volume-actions.ts';
import { updateInstanceAt } from './instance-command.ts';
import { formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface ControlFlags {
  readonly control?: string;
}
interface LimitFlags extends ControlFlags {
  readonly guest?: string;
  readonly volume?: string;
  readonly instance?: string;
  readonly host?: true;
}
interface FaultFlags extends ControlFlags {
  readonly volume?: string;
}
interface MetricsFlags extends ControlFlags {
  readonly format?: 'prometheus';
  readonly interface?: string;
  readonly interfaces?: true;
  readonly services?: true;
}
interface CutFlags {
  readonly control: string;
  readonly seed: string;
}

const controlFlag = [
  '--control <path>',
  'the socket of argon serve block --control or of argon run, instead of a host',
] as const;
const volumeFlag = ['--volume <volume>', 'the volume of the running host that is meant'] as const;

export function addControlCommands(program: Command, run: Run): void {
  addLimit(program.command('limit').description('limit what served devices may do'), run);
  addFault(program.command('fault').description('have a served device fail on purpose'), run);
  program
    .command('metrics')
    .description('show the counters of served devices; -o json has histograms too')
    .argument('[volume]', 'only those of this volume of the running host')
    .option(...controlFlag)
    .option('--interface <interface>', 'of this network interface of the running host')
    .option('--interfaces', 'of all network interfaces of the running host')
    .option('--services', 'of what guests reach over the network card: DHCP, DNS, time')
    .addOption(
      new Option('--format <format>', 'a page for a scraper, of all that the host has').choices(
        metricsFormats,
      ),
    )
    .action(async (volume: string | undefined, flags: MetricsFlags) =>
      run(async (context) => showMetrics(context, volume, flags)),
    );
}

async function showMetrics(
  context: CommandContext,
  volume: string | undefined,
  flags: MetricsFlags,
): Promise<void> {
  const { control, format, interface: one, interfaces, services } = flags;
  const named = [volume, control, one, interfaces, services].filter((flag) => flag !== undefined);
  if (named.length > 1) {
    throw new ArgonError('invalid-argument', 'what is to be shown?', {
      hint: 'give one of a volume, --interface, --interfaces, --services and --control',
    });
  }
  if (control === undefined) {
    await withHost(context, async (client) => {
      if (services !== undefined) await showServiceMetrics(client, context, format);
      else if (one === undefined && interfaces === undefined) {
        const show = format === undefined ? showMetricsAt : printPageAt;
        await show(client, context, volume);
      } else {
        const show = format === undefined ? showInterfaceMetrics : printInterfacePage;
        await show(client, context, one);
      }
    });
    return;
  }
  if (format !== undefined) {
    const value = await ask(context, control, 'metrics', { format });
    await context.print(value, parseString(value['text'], 'text'));
    return;
  }
  const value = await ask(context, control, 'metrics', {});
  await context.print(value, formatCounters(value));
}

function addLimit(limit: Command, run: Run): void {
  limit
    .command('set')
    .description('change limits at once; those that are not named stay')
    .argument('<spec>', 'as in iops=1000, read-bps=100MiB:20MiB or none')
    .option(...controlFlag)
    .option(...volumeFlag)
    .option('--instance <instance>', 'limit the volumes of this instance together')
    .option('--guest <name>', 'with --control: limit the volumes of this guest together')
    .option('--host', 'limit all volumes of the host, or of the card, together')
    .action(async (spec: string, flags: LimitFlags) =>
      run(async (context) => {
        parseLimitChanges(spec);
        await setLimits(context, spec, flags);
      }),
    );
  limit
    .command('show')
    .description('show limits; with --control also how long requests waited for them')
    .option(...controlFlag)
    .action(async ({ control }: ControlFlags) =>
      run(async (context) => {
        if (control === undefined) {
          await withHost(context, async (client) => showLimitsAt(client, context));
          return;
        }
        const value = await ask(context, control, 'limit.show', {});
        await context.print(value, formatLevels(value['levels']));
      }),
    );
}

async function setLimits(context: CommandContext, spec: string, flags: LimitFlags): Promise<void> {
  const { control, volume, instance, host } = flags;
  if (control !== undefined) {
    const value = await ask(context, control, 'limit.set', { ...placeOf(flags), spec });
    await context.print(value, '');
    return;
  }
  const named = [volume, instance, host].filter((flag) => flag !== undefined);
  if (named.length !== 1) {
    throw new ArgonError('invalid-argument', 'what is to be limited?', {
      hint: 'give one of --volume, --instance and --host, or --control',
    });
  }
  await withHost(context, async (client) => {
    if (volume !== undefined) await updateVolumeAt(client, context, volume, { limit: spec });
    else if (instance !== undefined) {
      await updateInstanceAt(client, context, instance, { limit: spec });
    } else await limitHostAt(client, context, spec);
  });
}

function addFault(fault: Command, run: Run): void {
  fault
    .command('set')
    .description('add a rule and print its name; docs/faults.md has the words')
    .argument('<spec>', 'as in error:op=read,range=1MiB-2MiB,nth=3 or delay:exponential=5ms')
    .option(...controlFlag)
    .option(...volumeFlag)
    .action(async (spec: string, { control, volume }: FaultFlags) =>
      run(async (context) => {
        parseFaultRule(spec);
        if (control === undefined) {
          const named = theVolume(volume);
          await withHost(context, async (client) => setFaultAt(client, context, named, spec));
          return;
        }
        const value = await ask(context, control, 'fault.set', { spec });
        await context.print(value, `${numberOf(value, 'id')}\n`);
      }),
    );
  fault
    .command('list')
    .description('show the rules, and how often they fired')
    .option(...controlFlag)
    .option('--volume <volume>', 'only those of this volume of the running host')
    .action(async ({ control, volume }: FaultFlags) =>
      run(async (context) => {
        if (control === undefined) {
          await withHost(context, async (client) => listFaultsAt(client, context, volume));
          return;
        }
        const value = await ask(context, control, 'fault.list', {});
        await context.print(value, formatRules(value['rules']));
      }),
    );
  addFaultEnds(fault, run);
  addPower(fault, run);
}

function addFaultEnds(fault: Command, run: Run): void {
  fault
    .command('clear')
    .description('take a rule away, or all')
    .argument('[fault]', 'the name or the number of the rule')
    .option(...controlFlag)
    .option(...volumeFlag)
    .action(async (id: string | undefined, { control, volume }: FaultFlags) =>
      run(async (context) => {
        if (control === undefined) {
          await withHost(context, async (client) => clearFaultsAt(client, context, volume, id));
          return;
        }
        const range = { min: 1, max: 2 ** 32 - 1 };
        const params = id === undefined ? {} : { id: parseInteger(id, 'the rule', range) };
        await context.print(await ask(context, control, 'fault.clear', params), '');
      }),
    );
  fault
    .command('release')
    .description('start what hangs')
    .option(...controlFlag)
    .option(...volumeFlag)
    .action(async ({ control, volume }: FaultFlags) =>
      run(async (context) => {
        if (control === undefined) {
          const named = theVolume(volume);
          await withHost(context, async (client) => releaseFaultsAt(client, context, named));
          return;
        }
        await context.print(await ask(context, control, 'fault.release', {}), '');
      }),
    );
}

function addPower(fault: Command, run: Run): void {
  fault
    .command('power-cut')
    .description('lose some of what was not flushed; everything fails until power-restore')
    .requiredOption(...controlFlag)
    .option('--seed <n>', 'decides which writes survive', '1')
    .action(async ({ control, seed: text }: CutFlags) =>
      run(async (context) => {
        const range = { min: 0, max: Number.MAX_SAFE_INTEGER };
        const seed = parseInteger(text, '--seed', range);
        const value = await ask(context, control, 'power.cut', { seed });
        const count = (name: string): string => String(numberOf(value, name));
        const fate = `${count('kept')} kept, ${count('torn')} torn, ${count('lost')} lost`;
        await context.print(value, `${count('pending')} unflushed writes: ${fate}\n`);
      }),
    );
  fault
    .command('power-restore')
    .description('have the power back')
    .requiredOption(...controlFlag)
    .action(async ({ control }: { readonly control: string }) =>
      run(async (context) => {
        await context.print(await ask(context, control, 'power.restore', {}), '');
      }),
    );
}

function theVolume(volume: string | undefined): string {
  if (volume !== undefined) return volume;
  throw new ArgonError('invalid-argument', 'which volume is meant?', {
    hint: 'give --volume for one of the running host, or --control for one that is served alone',
  });
}

async function ask(
  { signal }: CommandContext,
  control: string,
  method: ControlMethod,
  params: JsonObject,
): Promise<JsonObject> {
  return callControl(control, { method, params }, { signal });
}

function placeOf({ guest, host }: LimitFlags): JsonObject {
  if (guest !== undefined && host === true) {
    throw new ArgonError('invalid-argument', '--guest and --host exclude each other');
  }
  if (host === true) return { scope: 'host' };
  return guest === undefined
    ? { scope: 'volume' }
    : { scope: 'guest', name: parseGuestName(guest) };
}

function formatLevels(value: unknown): string {
  const rows = parseArray(value, 'levels').map((entry) => parseObject(entry, 'a level'));
  const seconds = (row: JsonObject, name: string): string => (numberOf(row, name) / 1e9).toFixed(3);
  return formatTable<JsonObject>(
    [
      { title: 'LEVEL', of: (row) => parseString(row['scope'], 'scope') },
      { title: 'NAME', of: (row) => parseString(row['name'], 'name') },
      { title: 'LIMITS', of: (row) => parseString(row['spec'], 'spec') },
      { title: 'DELAYED', align: 'right', of: (row) => String(numberOf(row, 'delayedRequests')) },
      { title: 'WAITED s', align: 'right', of: (row) => seconds(row, 'delayNs') },
      { title: 'IOPS s', align: 'right', of: (row) => seconds(row, 'exceededOperationsNs') },
      { title: 'BYTES s', align: 'right', of: (row) => seconds(row, 'exceededBytesNs') },
    ],
    rows,
  );
}

function formatRules(value: unknown): string {
  return formatTable<JsonObject>(
    [
      { title: 'RULE', align: 'right', of: (row) => String(numberOf(row, 'id')) },
      { title: 'FAULT', of: (row) => parseString(row['spec'], 'spec') },
      { title: 'MATCHES', align: 'right', of: (row) => String(numberOf(row, 'matches')) },
      { title: 'HITS', align: 'right', of: (row) => String(numberOf(row, 'hits')) },
    ],
    parseArray(value, 'rules').map((entry) => parseObject(entry, 'a rule')),
  );
}

// One line a counter, for each queue: what there is depends on the card.
function formatCounters(value: JsonObject): string {
  const queues = parseArray(value['queues'], 'queues').map((queue) =>
    parseObject(queue, 'a queue'),
  );
  const rows = queues.flatMap((queue, index) =>
    Object.entries(queue)
      .filter(([, count]) => typeof count === 'number' || typeof count === 'string')
      .map(([name, count]) => ({ queue: String(index), name, count: String(count) })),
  );
  const counters = formatTable(
    [
      { title: 'QUEUE', align: 'right', of: (row) => row.queue },
      { title: 'COUNTER', of: (row) => row.name },
      { title: 'VALUE', align: 'right', of: (row) => row.count },
    ],
    rows,
  );
  return `${counters}\n${formatLevels(value['limits'])}`;
}

// Counts beyond 2^53 come as digits; a table may round them.
function numberOf(object: JsonObject, name: string): number {
  const value = object[name];
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new ArgonError('invalid-argument', `${name} is not a number`);
  }
  return number;
}
