// SPDX-License-Identifier: Apache-2.0

// What goes over the card bus, as JSON: requests of whoever spawned the card, and its answers. Both
// sides parse what they receive. Sizes and counts are decimal text, bytes are base64.

import { ArgonError, assertNever, type ErrorCode } from '../../base/errors.ts';
import {
  type JsonObject,
  parseArray,
  parseBoolean,
  parseChoice,
  parseInteger,
  parseJson,
  parseObject,
  parseString,
} from '../../base/parse.ts';
import { parseVolumeId } from '../../base/volume-id.ts';
import type { DeviceControls, FaultRule, QueueCounters } from '../../native/addons.ts';
import type {
  BlockCardOptions,
  CipherOptions,
  DeviceOptions,
  StoreOptions,
} from '../block-card.ts';
import { type LevelLimits, parseFaultRule, parseLevelLimits } from './controls.ts';
import { parseBigint } from './numbers.ts';
import { parseNonce } from './resync.ts';

export type { DeviceControls } from '../../native/addons.ts';
export type { DeviceOptions } from '../block-card.ts';

/** A device, and where the card is to offer its controls, if it is. */
export type ServedDeviceOptions = DeviceOptions & { readonly controlPath?: string };

export type CardRequest =
  | { readonly method: 'start'; readonly options: BlockCardOptions; readonly logFile: string }
  | { readonly method: 'addDevice'; readonly options: ServedDeviceOptions }
  | { readonly method: 'removeDevice'; readonly id: number }
  /** What is served: after a controller was replaced, the new one asks. */
  | { readonly method: 'devices' }
  | { readonly method: 'growStore'; readonly id: number; readonly sizeBytes: bigint }
  | { readonly method: 'growDevice'; readonly id: number; readonly sizeBytes: bigint }
  | ({ readonly method: 'setLimits' } & LevelLimits)
  | { readonly method: 'addFault'; readonly id: number; readonly rule: FaultRule }
  | { readonly method: 'removeFault'; readonly id: number; readonly fault: number }
  | { readonly method: 'releaseFaults'; readonly id: number }
  | { readonly method: 'faults'; readonly id: number }
  /** Is the card there, and its main loop running? */
  | { readonly method: 'ping' }
  /** Not answered in a frame, but as resync.ts says. */
  | { readonly method: 'resync'; readonly nonce: string }
  | { readonly method: 'counters'; readonly id: number }
  | { readonly method: 'metrics'; readonly id: number };

const methods = [
  'start',
  'addDevice',
  'removeDevice',
  'devices',
  'growStore',
  'growDevice',
  'setLimits',
  'addFault',
  'removeFault',
  'releaseFaults',
  'faults',
  'ping',
  'resync',
  'counters',
  'metrics',
] as const;

/** What each request is answered with. */
export type CardValue = JsonObject;

export type CardAnswer =
  | { readonly kind: 'value'; readonly value: CardValue }
  | {
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
    };

export interface Numbered<Body> {
  readonly number: number;
  readonly body: Body;
}

const idRange = { min: 0, max: 2 ** 32 - 1 };

export function encodeRequest({ number, body }: Numbered<CardRequest>): Uint8Array {
  return Buffer.from(JSON.stringify({ number, ...body }, replaceSpecial));
}

export function encodeAnswer({ number, body }: Numbered<CardAnswer>): Uint8Array {
  return Buffer.from(JSON.stringify({ number, ...body }, replaceSpecial));
}

/** @throws ArgonError invalid-argument. */
export function parseRequest(frame: Uint8Array): Numbered<CardRequest> {
  const object = parseObject(parseJson(Buffer.from(frame).toString('utf8'), 'request'), 'request');
  const number = parseInteger(object['number'], 'request: number', idRange);
  return { number, body: parseBody(object) };
}

function parseBody(object: JsonObject): CardRequest {
  const method = parseChoice(object['method'], 'request: method', methods);
  const id = (name = 'id'): number => parseInteger(object[name], name, idRange);
  switch (method) {
    case 'start':
      return {
        method,
        options: parseCardOptions(parseObject(object['options'], 'options')),
        logFile: parseString(object['logFile'], 'logFile'),
      };
    case 'addDevice':
      return { method, options: parseDeviceOptions(parseObject(object['options'], 'options')) };
    case 'devices':
    case 'ping':
      return { method };
    case 'resync':
      return { method, nonce: parseNonce(object['nonce']) };
    case 'growStore':
    case 'growDevice':
      return { method, id: id(), sizeBytes: parseBigint(object['sizeBytes'], 'sizeBytes') };
    case 'setLimits':
      return { method, ...parseLevelLimits(object) };
    case 'addFault':
      return { method, id: id(), rule: parseFaultRule(parseObject(object['rule'], 'rule')) };
    case 'removeFault':
      return { method, id: id(), fault: id('fault') };
    case 'removeDevice':
    case 'releaseFaults':
    case 'faults':
    case 'counters':
    case 'metrics':
      return { method, id: id() };
  }
  return assertNever(method);
}

/** @throws ArgonError invalid-argument. */
export function parseAnswer(frame: Uint8Array): Numbered<CardAnswer> {
  const object = parseObject(parseJson(Buffer.from(frame).toString('utf8'), 'answer'), 'answer');
  const number = parseInteger(object['number'], 'answer: number', idRange);
  if (parseChoice(object['kind'], 'answer: kind', ['value', 'error']) === 'value') {
    return { number, body: { kind: 'value', value: parseObject(object['value'], 'value') } };
  }
  return {
    number,
    body: {
      kind: 'error',
      code: parseCode(object['code']),
      message: parseString(object['message'], 'answer: message'),
      hint: object['hint'] === undefined ? undefined : parseString(object['hint'], 'answer: hint'),
    },
  };
}

export function parseCounters(value: unknown): readonly QueueCounters[] {
  return parseArray(value, 'counters').map((entry) =>
    parseQueueCounters(parseObject(entry, 'counters of a queue')),
  );
}

/** The counters among a queue's properties. */
export function parseQueueCounters(queue: JsonObject): QueueCounters {
  const count = (name: string): bigint => parseBigint(queue[name], name);
  return {
    reads: count('reads'),
    readBytes: count('readBytes'),
    writes: count('writes'),
    writtenBytes: count('writtenBytes'),
    flushes: count('flushes'),
    discards: count('discards'),
    discardedBytes: count('discardedBytes'),
    writeZeroes: count('writeZeroes'),
    zeroedBytes: count('zeroedBytes'),
    failures: count('failures'),
    malformedChains: count('malformedChains'),
    kicks: count('kicks'),
    calls: count('calls'),
  };
}

function replaceSpecial(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}

/** @throws ArgonError invalid-argument. */
export function parseCode(value: unknown): ErrorCode {
  return parseChoice(value, 'answer: code', [
    'invalid-argument',
    'not-found',
    'already-exists',
    'failed-precondition',
    'resource-exhausted',
    'deadline-exceeded',
    'aborted',
    'unavailable',
    'permission-denied',
    'data-loss',
    'unimplemented',
    'internal',
    'cancelled',
    'unknown',
  ]);
}

function parseCardOptions(object: JsonObject): BlockCardOptions {
  return {
    workers: parseInteger(object['workers'], 'workers', { min: 1, max: 64 }),
    pollMode: parseChoice(object['pollMode'], 'pollMode', ['off', 'adaptive', 'always']),
    cpus: parseArray(object['cpus'], 'cpus').map((cpu) =>
      parseInteger(cpu, 'cpus', { min: 0, max: 1023 }),
    ),
  };
}

function parseDeviceOptions(object: JsonObject): ServedDeviceOptions {
  return {
    // Native code takes a volume's id for granted where it has a key.
    id: parseVolumeId(object['id']),
    queues: parseInteger(object['queues'], 'queues', { min: 1, max: 256 }),
    blockBytes: parseBlockBytes(object['blockBytes'], 'blockBytes'),
    isReadOnly: parseBoolean(object['isReadOnly'], 'isReadOnly'),
    ...parsePlace(object),
    memoryPolicy: parseChoice(object['memoryPolicy'], 'memoryPolicy', ['sealed', 'any']),
    store: parseStore(parseObject(object['store'], 'store')),
    cipher: parseCipher(parseObject(object['cipher'], 'cipher')),
    ...(object['controls'] === undefined
      ? {}
      : { controls: parseControls(parseObject(object['controls'], 'controls')) }),
    ...(object['controlPath'] === undefined
      ? {}
      : { controlPath: parseString(object['controlPath'], 'controlPath') }),
  };
}

function parsePlace(object: JsonObject): Pick<DeviceOptions, 'socketPath' | 'slot'> {
  const { socketPath, slot } = object;
  if ((socketPath === undefined) === (slot === undefined)) {
    throw new ArgonError('invalid-argument', 'a device has either socketPath or slot');
  }
  return slot === undefined
    ? { socketPath: parseString(socketPath, 'socketPath') }
    : { slot: parseInteger(slot, 'slot', idRange) };
}

function parseControls(object: JsonObject): DeviceControls {
  return {
    guest: parseString(object['guest'], 'controls: guest'),
    hasFaults: parseBoolean(object['hasFaults'], 'controls: hasFaults'),
    hasPower: parseBoolean(object['hasPower'], 'controls: hasPower'),
    seed: parseBigint(object['seed'], 'controls: seed'),
  };
}

/** @throws ArgonError invalid-argument if it is no size of a logical block. */
export function parseBlockBytes(value: unknown, what: string): 512 | 4096 {
  const bytes = parseInteger(value, what, { min: 512, max: 4096 });
  if (bytes !== 512 && bytes !== 4096) {
    throw new ArgonError('invalid-argument', `${what} is ${bytes}, and can be 512 or 4096`);
  }
  return bytes;
}

function parseStore(object: JsonObject): StoreOptions {
  const kind = parseChoice(object['kind'], 'store: kind', ['null', 'memory', 'file']);
  if (kind !== 'file') {
    return { kind, sizeBytes: parseBigint(object['sizeBytes'], 'store: sizeBytes') };
  }
  return {
    kind,
    path: parseString(object['path'], 'store: path'),
    caching: parseChoice(object['caching'], 'store: caching', ['auto', 'cached']),
    expectedBytes: parseBigint(object['expectedBytes'], 'store: expectedBytes'),
  };
}

function parseCipher(object: JsonObject): CipherOptions {
  const kind = parseChoice(object['kind'], 'cipher: kind', ['none', 'throwaway-key', 'volume-key']);
  if (kind !== 'volume-key') return { kind };
  return {
    kind,
    masterKeyPath: parseString(object['masterKeyPath'], 'cipher: masterKeyPath'),
    wrappedKey: new Uint8Array(
      Buffer.from(parseString(object['wrappedKey'], 'cipher: wrappedKey'), 'base64'),
    ),
    mapPath: parseString(object['mapPath'], 'cipher: mapPath'),
  };
}
