// SPDX-License-Identifier: Apache-2.0

// Limits as an operator writes them: `iops=1000,bps=100MiB:200MiB`. What is not named stays.

import { parseBytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import type { Limit, LimitName, LimitScope, LimitSet } from '../native/addons.ts';

/** The limits that a text names; the others are left as they are. */
export type LimitChanges = Partial<LimitSet>;

export interface ScopedLimits {
  readonly scope: LimitScope;
  /** The guest's; empty for the host, and for the volume that is served. */
  readonly name: string;
  readonly changes: LimitChanges;
}

const words: Readonly<Record<string, LimitName>> = {
  'read-iops': 'readOperations',
  'write-iops': 'writeOperations',
  iops: 'totalOperations',
  'read-bps': 'readBytes',
  'write-bps': 'writeBytes',
  bps: 'totalBytes',
};

export const limitNames: readonly LimitName[] = Object.values(words);

const none: Limit = { perSecond: 0n, burst: 0n };
const textMaxLength = 500;
const hint = 'for example iops=1000, or read-bps=100MiB:20MiB with a burst, or none to lift all';

/** @throws ArgonError invalid-argument, naming the part that is wrong. */
export function parseLimitChanges(text: string): LimitChanges {
  if (text.length > textMaxLength) throw wrong('the limits are too long a text');
  if (text === 'none') return noLimits();
  const changes: Partial<Record<LimitName, Limit>> = {};
  for (const part of text.split(',')) {
    const [word = '', value, ...more] = part.split('=');
    const name = Object.hasOwn(words, word) ? words[word] : undefined;
    if (name === undefined || value === undefined || more.length > 0) {
      throw wrong(`"${part}" is not a limit`);
    }
    if (changes[name] !== undefined) throw wrong(`${word} is there twice`);
    changes[name] = parseLimit(word, value);
  }
  return changes;
}

/**
 * A limit with its place before a slash: `host/bps=1GiB`, `guest:web/iops=500`; without one it is
 * the served volume's.
 * @throws ArgonError invalid-argument.
 */
export function parseScopedLimits(text: string): ScopedLimits {
  const slash = text.indexOf('/');
  const place = slash === -1 ? 'volume' : text.slice(0, slash);
  const changes = parseLimitChanges(text.slice(slash + 1));
  if (place === 'host' || place === 'volume') return { scope: place, name: '', changes };
  const guest = /^guest:(.+)$/.exec(place)?.[1];
  if (guest === undefined) throw wrong(`"${place}" is not host, guest:NAME or volume`);
  return { scope: 'guest', name: parseGuestName(guest), changes };
}

/** @throws ArgonError invalid-argument. */
export function parseGuestName(text: string): string {
  if (!/^[\w.-]{1,64}$/.test(text)) {
    throw new ArgonError('invalid-argument', `"${text}" is not a name of a guest`, {
      hint: 'use 1 to 64 letters, digits, dots, dashes and underscores',
    });
  }
  return text;
}

export function noLimits(): LimitSet {
  return {
    readOperations: none,
    writeOperations: none,
    totalOperations: none,
    readBytes: none,
    writeBytes: none,
    totalBytes: none,
  };
}

/** As parseLimitChanges reads it; `none` if nothing is limited. */
export function formatLimits(limits: LimitSet): string {
  const parts = Object.entries(words)
    .map(([word, name]) => ({ word, limit: limits[name] }))
    .filter(({ limit }) => limit.perSecond !== 0n)
    .map(({ word, limit }) => `${word}=${limit.perSecond}:${limit.burst}`);
  return parts.length === 0 ? 'none' : parts.join(',');
}

function parseLimit(word: string, value: string): Limit {
  if (value === 'none') return none;
  const [rate = '', burst, ...more] = value.split(':');
  if (more.length > 0) throw wrong(`${word}=${value} has more than a rate and a burst`);
  const parse = word.endsWith('iops') ? parseCount : parseSize;
  const perSecond = parse(word, rate);
  if (perSecond === 0n) {
    throw wrong(`${word}=0 would let nothing through`, 'the least is 1 a second; none lifts it');
  }
  // A tenth of a second's worth makes good what a busy host wakes up late.
  return { perSecond, burst: burst === undefined ? perSecond / 10n : parse(word, burst) };
}

function parseCount(word: string, text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw wrong(`${word} is "${text}", which is not a count`);
  return BigInt(text);
}

function parseSize(_word: string, text: string): bigint {
  return BigInt(parseBytes(text));
}

function wrong(message: string, what = hint): ArgonError {
  return new ArgonError('invalid-argument', message, { hint: what });
}
