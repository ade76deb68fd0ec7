// SPDX-License-Identifier: Apache-2.0

// What goes over the card bus: requests of whoever has it, and the card's answers. Messages of
// argon/card/v1/card_bus.proto, held against its rules where they are sent and where they come.

import { decodeMessage, encodeMessage } from '../../api/codec.ts';
import {
  type Answer,
  answerType,
  type Request,
  requestType,
} from '../../api/generated/argon/card/v1/card-bus.ts';
import type { Init } from '../../api/schema.ts';
import { ArgonError, assertNever, type ErrorCode } from '../../base/errors.ts';
import { parseChoice } from '../../base/parse.ts';
import { parseVolumeId, type VolumeId } from '../../base/volume-id.ts';
import type { DeviceMetrics, FaultRule, FaultState, QueueCounters } from '../../native/addons.ts';
import type { BlockCardOptions } from '../block-card.ts';
import {
  faultFromWire,
  faultStateFromWire,
  faultStateToWire,
  faultToWire,
  type LevelLimits,
  limitsFromWire,
  limitsToWire,
  present,
} from './controls.ts';
import { deviceFromWire, deviceToWire, type ServedDeviceOptions } from './devices.ts';
import {
  type NetworkAnswer,
  type NetworkRequest,
  networkAnswerFromWire,
  networkAnswerToWire,
  networkRequestFromWire,
  networkRequestToWire,
} from './interfaces.ts';
import { metricsFromWire, metricsToWire } from './metrics.ts';
import { pollModes, wordOf } from './words.ts';

export type { DeviceControls } from '../../native/addons.ts';
export type { DeviceOptions } from '../block-card.ts';
export type { ServedDeviceOptions } from './devices.ts';
export type { NetworkRequest } from './interfaces.ts';

/** Of both kinds of cards, and each of its own. */
export type CardRequest = BlockRequest | NetworkRequest | CommonRequest;

export type CommonRequest =
  /** Is the card there, and its main loop running? */
  | { readonly method: 'ping' }
  /** Not answered in a frame, but as resync.ts says. */
  | { readonly method: 'resync'; readonly nonce: string };

export type BlockRequest =
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
  | { readonly method: 'counters'; readonly id: number }
  | { readonly method: 'metrics'; readonly id: number };

/** A device that a card serves: the card's own number for it, and its volume. */
export interface ServedDevice {
  readonly id: number;
  readonly volume: VolumeId;
}

export type CardAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'device'; readonly id: number }
  | { readonly kind: 'devices'; readonly devices: readonly ServedDevice[] }
  | { readonly kind: 'fault'; readonly fault: number }
  | { readonly kind: 'faults'; readonly faults: readonly FaultState[] }
  | { readonly kind: 'counters'; readonly queues: readonly QueueCounters[] }
  | { readonly kind: 'metrics'; readonly metrics: DeviceMetrics }
  | NetworkAnswer
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

/** @throws ArgonError invalid-argument if the request breaks a rule. */
export function encodeRequest({ number, body }: Numbered<CardRequest>): Uint8Array {
  return encodeMessage(requestType, { number, ...requestToWire(body) }, 'response');
}

/** @throws ArgonError invalid-argument if the answer breaks a rule. */
export function encodeAnswer({ number, body }: Numbered<CardAnswer>): Uint8Array {
  return encodeMessage(answerType, { number, ...answerToWire(body) }, 'response');
}

function requestToWire(body: CardRequest): Init<Request> {
  switch (body.method) {
    case 'start': {
      const { workers, pollMode, cpus } = body.options;
      return { start: { workers, pollMode: pollModes[pollMode], cpus, logFile: body.logFile } };
    }
    case 'addDevice':
      return { addDevice: deviceToWire(body.options) };
    case 'setLimits':
      return { setLimits: limitsToWire(body) };
    case 'addFault':
      return { addFault: { id: body.id, rule: faultToWire(body.rule) } };
    case 'devices':
    case 'ping':
      return { [body.method]: {} };
    case 'removeDevice':
    case 'growStore':
    case 'growDevice':
    case 'removeFault':
    case 'releaseFaults':
    case 'faults':
    case 'resync':
    case 'counters':
    case 'metrics': {
      const { method, ...members } = body;
      return { [method]: members };
    }
    case 'startNetwork':
    case 'addInterface':
    case 'removeInterface':
    case 'interfaces':
    case 'setPolicy':
    case 'interfaceCounters':
    case 'serviceCounters':
    case 'flowLogs':
    case 'uplinks':
    case 'trace':
    case 'startCapture':
    case 'readCapture':
    case 'stopCapture':
      return networkRequestToWire(body);
  }
  return assertNever(body);
}

/** @throws ArgonError invalid-argument. */
export function parseRequest(frame: Uint8Array): Numbered<CardRequest> {
  const message = decodeMessage(requestType, frame, 'response');
  return { number: message.number, body: requestFromWire(message) };
}

const targetMethods = ['removeDevice', 'releaseFaults', 'faults', 'counters', 'metrics'] as const;

function requestFromWire(message: Request): CardRequest {
  const { start, addDevice, growStore, growDevice, setLimits } = message;
  const { addFault, removeFault, resync, devices, ping } = message;
  if (start !== undefined) {
    const { workers, pollMode, cpus, logFile } = start;
    const options = { workers, pollMode: wordOf(pollModes, pollMode), cpus };
    return { method: 'start', options, logFile };
  }
  if (addDevice !== undefined) return { method: 'addDevice', options: deviceFromWire(addDevice) };
  if (growStore !== undefined) return { method: 'growStore', ...growStore };
  if (growDevice !== undefined) return { method: 'growDevice', ...growDevice };
  if (setLimits !== undefined) return { method: 'setLimits', ...limitsFromWire(setLimits) };
  if (addFault !== undefined) {
    const rule = faultFromWire(present(addFault.rule, 'rule'));
    return { method: 'addFault', id: addFault.id, rule };
  }
  if (removeFault !== undefined) return { method: 'removeFault', ...removeFault };
  if (resync !== undefined) return { method: 'resync', ...resync };
  if (devices !== undefined) return { method: 'devices' };
  if (ping !== undefined) return { method: 'ping' };
  for (const method of targetMethods) {
    const target = message[method];
    if (target !== undefined) return { method, ...target };
  }
  const forNetwork = networkRequestFromWire(message);
  if (forNetwork !== undefined) return forNetwork;
  throw new ArgonError('invalid-argument', 'a request without a body');
}

function answerToWire(body: CardAnswer): Init<Answer> {
  switch (body.kind) {
    case 'done':
      return { done: {} };
    case 'device':
      return { device: { id: body.id } };
    case 'devices':
      return { devices: { devices: body.devices } };
    case 'fault':
      return { fault: { fault: body.fault } };
    case 'faults':
      return { faults: { faults: body.faults.map(faultStateToWire) } };
    case 'counters':
      return { counters: { queues: body.queues } };
    case 'metrics':
      return { metrics: metricsToWire(body.metrics) };
    case 'interfaces':
    case 'interfaceCounters':
    case 'serviceCounters':
    case 'flowLogs':
    case 'uplinks':
    case 'trace':
    case 'capture':
      return networkAnswerToWire(body);
    case 'error': {
      const { code, message, hint = '' } = body;
      return { error: { code, message: sentence(message), hint: sentence(hint) } };
    }
  }
  return assertNever(body);
}

/** What fits into a failure; an error's text may hold what a file's name had. */
function sentence(text: string): string {
  return text.slice(0, 8192).toWellFormed();
}

/** @throws ArgonError invalid-argument. */
export function parseAnswer(frame: Uint8Array): Numbered<CardAnswer> {
  const message = decodeMessage(answerType, frame, 'response');
  return { number: message.number, body: answerFromWire(message) };
}

function answerFromWire(answer: Answer): CardAnswer {
  const { done, device, devices, fault, faults, counters, metrics, error } = answer;
  if (done !== undefined) return { kind: 'done' };
  if (device !== undefined) return { kind: 'device', id: device.id };
  if (devices !== undefined) {
    const served = devices.devices.map(({ id, volume }) => ({ id, volume: parseVolumeId(volume) }));
    return { kind: 'devices', devices: served };
  }
  if (fault !== undefined) return { kind: 'fault', fault: fault.fault };
  if (faults !== undefined) {
    return { kind: 'faults', faults: faults.faults.map(faultStateFromWire) };
  }
  if (counters !== undefined) return { kind: 'counters', queues: counters.queues };
  if (metrics !== undefined) return { kind: 'metrics', metrics: metricsFromWire(metrics) };
  const ofNetwork = networkAnswerFromWire(answer);
  if (ofNetwork !== undefined) return ofNetwork;
  const { code, message, hint } = present(error, 'the body of an answer');
  return { kind: 'error', code: parseCode(code), message, hint: hint === '' ? undefined : hint };
}

const codes: readonly ErrorCode[] = [
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
];

/** @throws ArgonError invalid-argument. */
export function parseCode(value: unknown): ErrorCode {
  return parseChoice(value, 'the code of an error', codes);
}
