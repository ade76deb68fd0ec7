// SPDX-License-Identifier: Apache-2.0

// What a network card is asked over its bus, and what it answers.

import type { Answer, Request } from '../../api/generated/argon/card/v1/card-bus.ts';
import type {
  FlowLogStates,
  UplinkStates,
} from '../../api/generated/argon/card/v1/card-counters.ts';
import type { Init } from '../../api/schema.ts';
import { assertNever } from '../../base/errors.ts';
import type { PollMode } from '../../native/addons.ts';
import type { InterfaceCounters } from '../../native/network-addon.ts';
import type { HostEnvironment, Trace, TraceQuestion } from '../../native/network-watch.ts';
import {
  type CaptureOptions,
  type CaptureReading,
  readingFromWire,
  readingToWire,
} from './captures.ts';
import {
  type CardServiceCounters,
  countersFromWire,
  countersToWire,
  servicesFromWire,
  servicesToWire,
} from './interface-counters.ts';
import { questionFromWire, questionToWire, traceFromWire, traceToWire } from './traces.ts';
import { environments, pollModes, wordOf } from './words.ts';

/** How a network card is started. */
export interface NetworkStart {
  readonly pollMode: PollMode;
  readonly cpus: readonly number[];
  /** Where flow logs are written; undefined: nowhere. */
  readonly flowLogFolder?: string;
  /** Frames are captured for tests alone. */
  readonly environment: HostEnvironment;
}

/** What has become of a flow log's records since the card was started. */
export interface FlowLogState {
  readonly id: string;
  readonly written: bigint;
  /** Could not be written. */
  readonly lost: bigint;
  /** Why, while that is so; else empty. */
  readonly trouble: string;
}

/** What has become of the uplink of a VPC. */
export interface UplinkState {
  readonly vpc: string;
  /** Why its device is not there, while that is so; else empty. */
  readonly trouble: string;
  /** Of the time when it came or went. */
  readonly sinceMs: number;
}

/** An interface to serve in a slot of the backplane. */
export interface SlotInterface {
  readonly interface: string;
  /** What the policy knows it by. */
  readonly index: number;
  /** Pairs of rings that a front end may use. */
  readonly pairs: number;
  readonly slot: number;
}

/** An interface that a card serves. */
export type ServedInterface = Pick<SlotInterface, 'interface' | 'index'>;

/** A piece of a policy. The one that ends it puts it in force; one at 0 begins anew. */
export interface PolicyPart {
  readonly totalBytes: number;
  /** Where it begins. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export type NetworkRequest =
  | { readonly method: 'startNetwork'; readonly options: NetworkStart; readonly logFile: string }
  | { readonly method: 'addInterface'; readonly options: SlotInterface }
  | { readonly method: 'removeInterface'; readonly index: number }
  /** As `devices` of a block card. */
  | { readonly method: 'interfaces' }
  | ({ readonly method: 'setPolicy' } & PolicyPart)
  | { readonly method: 'interfaceCounters'; readonly index: number }
  | { readonly method: 'serviceCounters' }
  | { readonly method: 'flowLogs' }
  | { readonly method: 'uplinks' }
  | { readonly method: 'trace'; readonly question: TraceQuestion }
  | ({ readonly method: 'startCapture' } & CaptureOptions)
  | { readonly method: 'readCapture'; readonly capture: string; readonly offset: number }
  | { readonly method: 'stopCapture'; readonly capture: string };

const methods: readonly string[] = [
  'startNetwork',
  'addInterface',
  'removeInterface',
  'interfaces',
  'setPolicy',
  'interfaceCounters',
  'serviceCounters',
  'flowLogs',
  'uplinks',
  'trace',
  'startCapture',
  'readCapture',
  'stopCapture',
] satisfies readonly NetworkRequest['method'][];

/** True for what network cards are asked and others are not. */
export function isForNetwork(request: { readonly method: string }): request is NetworkRequest {
  return methods.includes(request.method);
}

export type NetworkAnswer =
  | { readonly kind: 'interfaces'; readonly interfaces: readonly ServedInterface[] }
  | { readonly kind: 'interfaceCounters'; readonly counters: InterfaceCounters }
  | { readonly kind: 'serviceCounters'; readonly counters: CardServiceCounters }
  | { readonly kind: 'flowLogs'; readonly flowLogs: readonly FlowLogState[] }
  | { readonly kind: 'uplinks'; readonly uplinks: readonly UplinkState[] }
  | { readonly kind: 'trace'; readonly trace: Trace }
  | { readonly kind: 'capture'; readonly reading: CaptureReading };

// As the schema bounds a part.
const partBytesMax = 12 * 1024;

/** A policy in parts that fit into requests; to be sent one after another. */
export function policyParts(policy: Uint8Array): readonly PolicyPart[] {
  const totalBytes = policy.length;
  return Array.from({ length: Math.ceil(totalBytes / partBytesMax) }, (_, part) => {
    const offset = part * partBytesMax;
    return { totalBytes, offset, bytes: policy.subarray(offset, offset + partBytesMax) };
  });
}

export function networkRequestToWire(body: NetworkRequest): Init<Request> {
  switch (body.method) {
    case 'startNetwork': {
      const { pollMode: mode, environment: name, ...options } = body.options;
      const [pollMode, environment] = [pollModes[mode], environments[name]];
      return { startNetwork: { ...options, pollMode, environment, logFile: body.logFile } };
    }
    case 'addInterface':
      return { addInterface: body.options };
    case 'interfaces':
      return { interfaces: {} };
    case 'serviceCounters':
      return { serviceCounters: {} };
    case 'flowLogs':
      return { flowLogs: {} };
    case 'uplinks':
      return { uplinks: {} };
    case 'trace':
      return { trace: questionToWire(body.question) };
    case 'removeInterface':
    case 'setPolicy':
    case 'interfaceCounters':
    case 'startCapture':
    case 'readCapture':
    case 'stopCapture': {
      const { method, ...members } = body;
      return { [method]: members };
    }
  }
  return assertNever(body);
}

/** Undefined if the request is for another kind of card. @throws ArgonError invalid-argument. */
export function networkRequestFromWire(message: Request): NetworkRequest | undefined {
  const { startNetwork, addInterface, removeInterface, interfaces, setPolicy } = message;
  if (startNetwork !== undefined) {
    const { cpus, logFile, flowLogFolder: folder } = startNetwork;
    const place = folder === '' ? {} : { flowLogFolder: folder };
    const pollMode = wordOf(pollModes, startNetwork.pollMode);
    const environment = wordOf(environments, startNetwork.environment);
    const options = { pollMode, cpus, environment, ...place };
    return { method: 'startNetwork', options, logFile };
  }
  if (addInterface !== undefined) return { method: 'addInterface', options: addInterface };
  if (removeInterface !== undefined) return { method: 'removeInterface', ...removeInterface };
  if (interfaces !== undefined) return { method: 'interfaces' };
  if (setPolicy !== undefined) return { method: 'setPolicy', ...setPolicy };
  const { interfaceCounters, serviceCounters, flowLogs, uplinks, trace } = message;
  if (flowLogs !== undefined) return { method: 'flowLogs' };
  if (uplinks !== undefined) return { method: 'uplinks' };
  if (serviceCounters !== undefined) return { method: 'serviceCounters' };
  if (trace !== undefined) return { method: 'trace', question: questionFromWire(trace) };
  if (interfaceCounters !== undefined) return { method: 'interfaceCounters', ...interfaceCounters };
  const { startCapture, readCapture, stopCapture } = message;
  if (startCapture !== undefined) return { method: 'startCapture', ...startCapture };
  if (readCapture !== undefined) return { method: 'readCapture', ...readCapture };
  return stopCapture === undefined ? undefined : { method: 'stopCapture', ...stopCapture };
}

export function networkAnswerToWire(body: NetworkAnswer): Init<Answer> {
  switch (body.kind) {
    case 'interfaces':
      return { interfaces: { interfaces: body.interfaces } };
    case 'interfaceCounters':
      return { interfaceCounters: countersToWire(body.counters) };
    case 'serviceCounters':
      return { serviceCounters: servicesToWire(body.counters) };
    case 'flowLogs':
      return { flowLogs: flowLogsToWire(body.flowLogs) };
    case 'uplinks':
      return { uplinks: uplinksToWire(body.uplinks) };
    case 'trace':
      return { trace: traceToWire(body.trace) };
    case 'capture':
      return { capture: readingToWire(body.reading) };
  }
  return assertNever(body);
}

/** Undefined if the answer is another kind of card's. @throws ArgonError invalid-argument. */
export function networkAnswerFromWire({
  interfaces,
  interfaceCounters,
  serviceCounters,
  flowLogs,
  uplinks,
  trace,
  capture,
}: Answer): NetworkAnswer | undefined {
  if (capture !== undefined) return { kind: 'capture', reading: readingFromWire(capture) };
  if (trace !== undefined) return { kind: 'trace', trace: traceFromWire(trace) };
  if (interfaces !== undefined) return { kind: 'interfaces', interfaces: interfaces.interfaces };
  if (flowLogs !== undefined) return { kind: 'flowLogs', flowLogs: flowLogsFromWire(flowLogs) };
  if (uplinks !== undefined) return { kind: 'uplinks', uplinks: uplinksFromWire(uplinks) };
  if (serviceCounters !== undefined) {
    return { kind: 'serviceCounters', counters: servicesFromWire(serviceCounters) };
  }
  if (interfaceCounters === undefined) return undefined;
  return { kind: 'interfaceCounters', counters: countersFromWire(interfaceCounters) };
}

// A longer one says nothing more.
const troubleMax = 1_024;

function flowLogsToWire(states: readonly FlowLogState[]): Init<FlowLogStates> {
  return {
    flowLogs: states.map(({ id, trouble, ...counts }) => {
      return { ...counts, flowLog: id, trouble: boundedTrouble(trouble) };
    }),
  };
}

function boundedTrouble(text: string): string {
  return text.slice(0, troubleMax).toWellFormed();
}

function flowLogsFromWire({ flowLogs }: FlowLogStates): readonly FlowLogState[] {
  return flowLogs.map(({ flowLog: id, ...state }) => ({ id, ...state }));
}

function uplinksToWire(states: readonly UplinkState[]): Init<UplinkStates> {
  return {
    uplinks: states.map(({ vpc, trouble, sinceMs }) => {
      return { vpc, trouble: boundedTrouble(trouble), sinceMs: BigInt(sinceMs) };
    }),
  };
}

function uplinksFromWire({ uplinks }: UplinkStates): readonly UplinkState[] {
  return uplinks.map(({ sinceMs, ...state }) => ({ ...state, sinceMs: Number(sinceMs) }));
}
