// SPDX-License-Identifier: Apache-2.0

// A fault rule as an operator writes it: `error:op=read,range=1MiB-2MiB,nth=3`. docs/faults.md has
// the words.

import { parseBytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import type { FaultAction, FaultDelay, FaultRule } from '../native/addons.ts';

const operationBits: Readonly<Record<string, number>> = {
  read: 1,
  write: 2,
  flush: 4,
  discard: 8,
  zero: 16,
};
const anyOperation = 31;

/** What each action may be for; that is also what it is for if nothing is said. */
const actions: Readonly<Record<FaultAction, number>> = {
  error: anyOperation,
  'no-space': 2 | 8 | 16,
  delay: anyOperation,
  hang: anyOperation,
  short: 1 | 2,
  torn: 2,
  flip: 1 | 2,
  'lose-flush': 4,
};

const textMaxLength = 500;
const endOfAll = 2n ** 64n - 1n;
const million = 1_000_000;
const delayNsMax = 3_600_000_000_000n; // An hour, as in fault_plan.h.
const noDelay: FaultDelay = { shape: 'fixed', baseNs: 0n, spreadNs: 0n };
const units: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

/** @throws ArgonError invalid-argument, naming the part that is wrong. */
export function parseFaultRule(text: string): FaultRule {
  if (text.length > textMaxLength) throw wrong('the fault is too long a text');
  const colon = text.indexOf(':');
  const action = parseAction(colon === -1 ? text : text.slice(0, colon));
  const options = parseOptions(colon === -1 ? '' : text.slice(colon + 1));
  const range = parseRange(options);
  const rule: FaultRule = {
    layer: parseLayer(options),
    operations: parseOperations(options, action),
    ...range,
    nth: parseNumber(options, 'nth'),
    every: parseNumber(options, 'every'),
    times: parseNumber(options, 'times'),
    chancePpm: parseChance(options),
    action,
    delay: action === 'delay' ? parseDelay(options) : noDelay,
  };
  const [unknown] = options.keys();
  if (unknown !== undefined) throw wrong(`"${unknown}" means nothing for ${action}`);
  return rule;
}

/** As parseFaultRule reads it. */
export function formatFaultRule(rule: FaultRule): string {
  const parts: string[] = [];
  if (rule.operations !== actions[rule.action]) {
    const names = Object.entries(operationBits).filter(([, bit]) => (rule.operations & bit) !== 0);
    parts.push(`op=${names.map(([name]) => name).join('+')}`);
  }
  if (rule.layer === 'disk') parts.push('layer=disk');
  if (rule.firstByte !== 0n || rule.endByte !== endOfAll) {
    parts.push(`range=${rule.firstByte}-${rule.endByte === endOfAll ? 'end' : rule.endByte}`);
  }
  for (const name of ['nth', 'every', 'times'] as const) {
    if (rule[name] !== 0n) parts.push(`${name}=${rule[name]}`);
  }
  if (rule.chancePpm !== million) parts.push(`chance=${rule.chancePpm / million}`);
  if (rule.action === 'delay') parts.push(formatDelay(rule.delay));
  return parts.length === 0 ? rule.action : `${rule.action}:${parts.join(',')}`;
}

type Options = Map<string, string>;

function parseAction(text: string): FaultAction {
  const found = Object.keys(actions).find((name): name is FaultAction => name === text);
  if (found === undefined) {
    throw wrong(`"${text}" is not a fault`, `use one of: ${Object.keys(actions).join(', ')}`);
  }
  return found;
}

function parseOptions(text: string): Options {
  const options: Options = new Map();
  if (text === '') return options;
  for (const part of text.split(',')) {
    const [name = '', value, ...more] = part.split('=');
    if (name === '' || value === undefined || more.length > 0) {
      throw wrong(`"${part}" is not a word with a value`);
    }
    if (options.has(name)) throw wrong(`${name} is there twice`);
    options.set(name, value);
  }
  return options;
}

function take(options: Options, name: string): string | undefined {
  const value = options.get(name);
  options.delete(name);
  return value;
}

function parseLayer(options: Options): FaultRule['layer'] {
  const text = take(options, 'layer') ?? 'device';
  if (text !== 'device' && text !== 'disk') {
    throw wrong(`layer is "${text}"`, 'device is over the encryption, disk is under it');
  }
  return text;
}

function parseOperations(options: Options, action: FaultAction): number {
  const text = take(options, 'op');
  const allowed = actions[action];
  if (text === undefined || text === 'any') return allowed;
  let bits = 0;
  for (const word of text.split('+')) {
    const bit = Object.hasOwn(operationBits, word) ? operationBits[word] : undefined;
    if (bit === undefined) {
      throw wrong(
        `op is "${word}"`,
        `use ${Object.keys(operationBits).join(', ')}, with + between`,
      );
    }
    if ((bit & allowed) === 0) throw wrong(`${action} cannot happen to a ${word}`);
    bits |= bit;
  }
  return bits;
}

function parseRange(options: Options): Pick<FaultRule, 'firstByte' | 'endByte'> {
  const text = take(options, 'range');
  if (text === undefined) return { firstByte: 0n, endByte: endOfAll };
  const [first = '', end, ...more] = text.split('-');
  if (end === undefined || more.length > 0) {
    throw wrong(`range is "${text}"`, 'give two offsets, as in range=1MiB-2MiB or range=4096-end');
  }
  const firstByte = BigInt(parseBytes(first));
  const endByte = end === 'end' ? endOfAll : BigInt(parseBytes(end));
  if (endByte <= firstByte) throw wrong(`range ${text} is empty`);
  return { firstByte, endByte };
}

function parseNumber(options: Options, name: string): bigint {
  const text = take(options, name);
  if (text === undefined) return 0n;
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw wrong(`${name} is "${text}", which is not a number from 1`);
  return BigInt(text);
}

function parseChance(options: Options): number {
  const text = take(options, 'chance');
  if (text === undefined) return million;
  const chance = /^(?:0?\.\d{1,6}|1|1\.0|0\.\d{1,6})$/.test(text) ? Number(text) : 0;
  if (chance <= 0) throw wrong(`chance is "${text}", which is not between 0.000001 and 1`);
  return Math.round(chance * million);
}

function parseDelay(options: Options): FaultDelay {
  const shapes = ['fixed', 'uniform', 'exponential', 'normal'] as const;
  const given = shapes.filter((shape) => options.has(shape));
  const [shape] = given;
  if (shape === undefined || given.length > 1) {
    throw wrong(
      'a delay needs exactly one shape',
      'for example fixed=5ms, uniform=1ms-5ms, exponential=2ms or normal=10ms-2ms',
    );
  }
  const [base = '', spread, ...more] = (take(options, shape) ?? '').split('-');
  const hasTwo = shape === 'uniform' || shape === 'normal';
  if ((spread !== undefined) !== hasTwo || more.length > 0) {
    throw wrong(`${shape} takes ${hasTwo ? 'two times, as in 1ms-5ms' : 'one time, as in 5ms'}`);
  }
  const baseNs = parseNs(base);
  const spreadNs = spread === undefined ? 0n : parseNs(spread);
  if (shape === 'uniform' && spreadNs < baseNs) throw wrong('uniform ends before it begins');
  return { shape, baseNs, spreadNs };
}

function parseNs(text: string): bigint {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)(ns|us|ms|s)$/.exec(text);
  const scale = units[match?.[2] ?? ''];
  if (match?.[1] === undefined || scale === undefined) {
    throw wrong(`"${text}" is not a time`, 'write a number with ns, us, ms or s');
  }
  const ns = BigInt(Math.round(Number(match[1]) * scale));
  if (ns > delayNsMax) throw wrong(`${text} is longer than an hour`);
  return ns;
}

function formatDelay({ shape, baseNs, spreadNs }: FaultDelay): string {
  const hasTwo = shape === 'uniform' || shape === 'normal';
  return `${shape}=${baseNs}ns${hasTwo ? `-${spreadNs}ns` : ''}`;
}

function wrong(message: string, hint = 'docs/faults.md has the words'): ArgonError {
  return new ArgonError('invalid-argument', message, { hint });
}
