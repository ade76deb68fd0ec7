// SPDX-License-Identifier: Apache-2.0

// `argon limit`, `argon fault` and `argon metrics`: what can be asked of a device while
// `argon serve block --control` serves it.

import type { Command } from 'commander';

import { ArgonError } from '../base/errors.ts';
import {
  type JsonObject,
  parseArray,
  parseInteger,
  parseObject,
  parseString,
} from '../base/parse.ts';
import type { ControlMethod } from '../card/control.ts';
import { parseFaultRule } from '../card/fault-spec.ts';
import { parseGuestName, parseLimitChanges } from '../card/limit-spec.ts';
import type { CommandContext } from './context.ts';
import { callControl } from './control-client.ts';
import { formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface ControlFlags {
  readonly control: string;
}
interface LimitFlags extends ControlFlags {
  readonly guest?: string;
  readonly host?: true;
}
interface CutFlags extends ControlFlags {
  readonly seed: string;
}

const controlFlag = ['--control <path>', 'the socket of argon serve block --control'] as const;

export function addControlCommands(program: Command, run: Run): void {
  addLimit(program.command('limit').description('limit what a served device may do'), run);
  addFault(program.command('fault').description('have a served device fail on purpose'), run);
  program
    .command('metrics')
    .description('show the counters of a served device')
    .requiredOption(...controlFlag)
    .action(async (flags: ControlFlags) =>
      run(async (context) => {
        const value = await ask(context, flags, 'metrics', {});
        await context.print(value, formatMetrics(value));
      }),
    );
}

function addLimit(limit: Command, run: Run): void {
  limit
    .command('set')
    .description('change limits at once; those that are not named stay')
    .argument('<spec>', 'as in iops=1000, read-bps=100MiB:20MiB or none')
    .requiredOption(...controlFlag)
    .option('--guest <name>', 'limit the volumes of this guest together')
    .option('--host', 'limit all volumes of the card together')
    .action(async (spec: string, flags: LimitFlags) =>
      run(async (context) => {
        parseLimitChanges(spec);
        const value = await ask(context, flags, 'limit.set', { ...placeOf(flags), spec });
        await context.print(value, '');
      }),
    );
  limit
    .command('show')
    .description('show limits, and how long requests waited for them')
    .requiredOption(...controlFlag)
    .action(async (flags: ControlFlags) =>
      run(async (context) => {
        const value = await ask(context, flags, 'limit.show', {});
        await context.print(value, formatLevels(value['levels']));
      }),
    );
}

function addFault(fault: Command, run: Run): void {
  const simple = (name: string, what: string, method: ControlMethod): void => {
    fault
      .command(name)
      .description(what)
      .requiredOption(...controlFlag)
      .action(async (flags: ControlFlags) =>
        run(async (context) => {
          await context.print(await ask(context, flags, method, {}), '');
        }),
      );
  };
  fault
    .command('set')
    .description('add a rule and print its number; docs/faults.md has the words')
    .argument('<spec>', 'as in error:op=read,range=1MiB-2MiB,nth=3 or delay:exponential=5ms')
    .requiredOption(...controlFlag)
    .action(async (spec: string, flags: ControlFlags) =>
      run(async (context) => {
        parseFaultRule(spec);
        const value = await ask(context, flags, 'fault.set', { spec });
        await context.print(value, `${numberOf(value, 'id')}\n`);
      }),
    );
  fault
    .command('list')
    .description('show the rules, and how often they fired')
    .requiredOption(...controlFlag)
    .action(async (flags: ControlFlags) =>
      run(async (context) => {
        const value = await ask(context, flags, 'fault.list', {});
        await context.print(value, formatRules(value['rules']));
      }),
    );
  fault
    .command('clear')
    .description('take a rule away, or all')
    .argument('[id]', 'the number of the rule')
    .requiredOption(...controlFlag)
    .action(async (id: string | undefined, flags: ControlFlags) =>
      run(async (context) => {
        const range = { min: 1, max: 2 ** 32 - 1 };
        const params = id === undefined ? {} : { id: parseInteger(id, 'the rule', range) };
        await context.print(await ask(context, flags, 'fault.clear', params), '');
      }),
    );
  simple('release', 'start what hangs', 'fault.release');
  fault
    .command('power-cut')
    .description('lose some of what was not flushed; everything fails until power-restore')
    .requiredOption(...controlFlag)
    .option('--seed <n>', 'decides which writes survive', '1')
    .action(async (flags: CutFlags) =>
      run(async (context) => {
        const range = { min: 0, max: Number.MAX_SAFE_INTEGER };
        const seed = parseInteger(flags.seed, '--seed', range);
        const value = await ask(context, flags, 'power.cut', { seed });
        const count = (name: string): string => String(numberOf(value, name));
        const fate = `${count('kept')} kept, ${count('torn')} torn, ${count('lost')} lost`;
        const text = `${count('pending')} unflushed writes: ${fate}\n`;
        await context.print(value, text);
      }),
    );
  simple('power-restore', 'have the power back', 'power.restore');
}

async function ask(
  { signal }: CommandContext,
  { control }: ControlFlags,
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
function formatMetrics(value: JsonObject): string {
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
