// SPDX-License-Identifier: Apache-2.0

// QMP on the wire: one JSON object a line. What QEMU says is checked here and has a type from here
// on. QEMU runs what a guest made of it, so its words are a peer's, not our own.

import { ArgonError } from '../base/errors.ts';
import { type DecodedLine, LineDecoder } from '../base/line-decoder.ts';
import {
  isObject,
  type JsonObject,
  parseArray,
  parseInteger,
  parseJson,
  parseObject,
  parseString,
} from '../base/parse.ts';
import type { QemuVersion } from './version.ts';

/** Something that happened in QEMU. A hint to go and look, never authority. */
export interface QmpEvent {
  readonly name: string;
  readonly data: JsonObject;
  /** QEMU's clock, in microseconds since 1970; 0 where QEMU could not read it. */
  readonly timestampUs: number;
}

export type QmpMessage =
  | {
      readonly kind: 'greeting';
      readonly version: QemuVersion;
      readonly capabilities: readonly string[];
    }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'return'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'error';
      /** Missing when QEMU could not even parse the command. */
      readonly id: number | undefined;
      readonly qmpClass: string;
      readonly description: string;
    };

/** A message and the line it came in, for the transcript. */
export interface DecodedMessage {
  readonly message: QmpMessage;
  readonly line: string;
}

// Arbitrary; the longest reply that Argon asks for (query-pci, 32 ports with devices) is below 64
// KiB.
const lineMaxBytes = 1024 * 1024;

/** Cuts QMP's byte stream into messages, however the bytes arrive. */
export class QmpDecoder {
  /**
   * Leaves out what is not QMP: whoever takes a channel over from another begins to read anywhere.
   */
  isTolerant = false;
  readonly #lines: LineDecoder;

  constructor(maxBytes = lineMaxBytes) {
    this.#lines = new LineDecoder(maxBytes);
  }

  /** @throws ArgonError data-loss if QEMU sent what is not QMP; the stream is of no use then. */
  push(chunk: Uint8Array): readonly DecodedMessage[] {
    // untrusted: what QEMU writes.
    return this.#lines
      .push(chunk)
      .filter(({ text }) => text !== '')
      .flatMap((line) => this.#decode(line));
  }

  #decode({ text, isCut }: DecodedLine): readonly DecodedMessage[] {
    try {
      if (isCut) throw new ArgonError('data-loss', 'QEMU sent a QMP line without an end');
      return [{ message: parseQmpMessage(text), line: text }];
    } catch (thrown) {
      if (!this.isTolerant) throw thrown;
      return [];
    }
  }
}

/** The line that runs a command; QEMU repeats the id in its one reply. */
export function encodeQmpCommand(id: number, verb: string, args: JsonObject | undefined): string {
  const given = args === undefined ? {} : { arguments: args };
  return `${JSON.stringify({ execute: verb, ...given, id })}\n`;
}

/** @throws ArgonError data-loss for anything that is not a QMP message. */
export function parseQmpMessage(line: string): QmpMessage {
  try {
    return parseMessage(parseObject(parseJson(line, 'the line'), 'the message'));
  } catch (cause) {
    throw new ArgonError('data-loss', 'QEMU sent a line that is not QMP', { cause });
  }
}

const anyInteger = { min: 0, max: Number.MAX_SAFE_INTEGER };

function parseMessage(message: JsonObject): QmpMessage {
  if ('return' in message) {
    const id = parseInteger(message['id'], 'the id', anyInteger);
    return { kind: 'return', id, value: message['return'] };
  }
  if ('error' in message) {
    const error = parseObject(message['error'], 'the error');
    const id = message['id'];
    return {
      kind: 'error',
      id: id === undefined ? undefined : parseInteger(id, 'the id', anyInteger),
      qmpClass: parseString(error['class'], 'the class'),
      description: parseString(error['desc'], 'the description'),
    };
  }
  if ('event' in message) return { kind: 'event', event: parseEvent(message) };
  const greeting = parseObject(message['QMP'], 'the greeting');
  const version = parseObject(greeting['version'], 'the version');
  return {
    kind: 'greeting',
    version: parseVersion(version['qemu']),
    capabilities: parseArray(greeting['capabilities'], 'the capabilities').map((name) =>
      parseString(name, 'a capability'),
    ),
  };
}

function parseEvent(message: JsonObject): QmpEvent {
  const time = parseObject(message['timestamp'], 'the timestamp');
  // QEMU writes -1 where the host clock could not be read.
  const secondsMax = Math.floor(Number.MAX_SAFE_INTEGER / 1_000_000) - 1;
  const seconds = parseInteger(time['seconds'], 'the seconds', { min: -1, max: secondsMax });
  const micros = parseInteger(time['microseconds'], 'the microseconds', { min: -1, max: 999_999 });
  return {
    name: parseString(message['event'], 'the event'),
    data: isObject(message['data']) ? message['data'] : {},
    timestampUs: seconds < 0 ? 0 : seconds * 1_000_000 + Math.max(micros, 0),
  };
}

function parseVersion(value: unknown): QemuVersion {
  const version = parseObject(value, 'the version of QEMU');
  const part = (name: string): number =>
    parseInteger(version[name], `the ${name} version`, { min: 0, max: 1_000_000 });
  return { major: part('major'), minor: part('minor'), micro: part('micro') };
}
