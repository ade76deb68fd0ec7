// SPDX-License-Identifier: Apache-2.0

// The rows of `argon bench network`: what is measured, with whom beside it, and what it should come
// to.

import type { NetLoadPattern, NetLoadTraffic } from '../../native/net-load.ts';
import type { NetPipeline, NetPolling } from './backend.ts';

/** Programs that rows may be compared with. */
export type NetPeer = 'testpmd' | 'ovs';
export const netPeers: readonly NetPeer[] = ['testpmd', 'ovs'];

/** The figure that a row is about. */
export type NetMeasure = 'mpps' | 'gbps' | 'p50_ns' | 'new_flows_per_s';

export type NetGoal =
  /** Our figure, as the row's unit has it; of latencies at most. */
  | { readonly kind: 'figure'; readonly value: number }
  /** How many times better than a peer. */
  | { readonly kind: 'ratio'; readonly of: NetPeer; readonly value: number }
  /** Of our own figure in another row. */
  | { readonly kind: 'share'; readonly of: string; readonly value: number };

export interface NetWork {
  readonly pattern: NetLoadPattern;
  /** From the Ethernet header on. */
  readonly frameBytes: number;
  readonly flowCount: number;
  readonly checksum: NetLoadTraffic['checksum'];
  /** So many frames, each of a flow that nobody has seen, at a back end that was just started. */
  readonly newFlowCount?: number;
}

/** A row that is measured by load. */
export interface NetRow {
  readonly name: string;
  /** For people. */
  readonly work: string;
  readonly measure: NetMeasure;
  readonly pipeline: NetPipeline;
  readonly polling: NetPolling;
  readonly load: NetWork;
  readonly peers: readonly NetPeer[];
  readonly goals: readonly NetGoal[];
}

/** A row about interfaces that nobody uses. */
export interface NetIdleRow {
  readonly name: string;
  readonly work: string;
  readonly pipeline: NetPipeline;
  readonly interfaceCount: number;
  /** The CPU seconds of each second are below this. */
  readonly limitCores: number;
}

const sizes = [64, 1500, 9000] as const;

const count = (value: number): string => value.toLocaleString('en-US');

function forward(frameBytes: number, flowCount: number): NetWork {
  return { pattern: 'forward', frameBytes, flowCount, checksum: 'full' };
}

const pingPong: NetWork = { pattern: 'ping-pong', frameBytes: 64, flowCount: 1, checksum: 'full' };

const cableRows: readonly NetRow[] = [
  ...sizes.map(
    (bytes): NetRow => ({
      name: `cable-${bytes}`,
      work: `forward over a cable, ${count(bytes)} bytes, without a policy`,
      measure: bytes === 64 ? 'mpps' : 'gbps',
      pipeline: 'cable',
      polling: 'always',
      load: forward(bytes, 1),
      peers: netPeers,
      goals: [],
    }),
  ),
  {
    name: 'cable-flood-64',
    work: 'the same as cable-64, whether the receiver keeps up or not',
    measure: 'mpps',
    pipeline: 'cable',
    polling: 'always',
    load: { ...forward(64, 1), pattern: 'flood' },
    peers: netPeers,
    goals: [],
  },
  ...(['always', 'adaptive'] as const).map(
    (polling): NetRow => ({
      name: `cable-ping-pong${polling === 'always' ? '' : '-adaptive'}`,
      work:
        'p50 of there and back over a cable, 64 bytes, ' +
        (polling === 'always' ? 'polling' : 'by a card that polls as it likes'),
      measure: 'p50_ns',
      pipeline: 'cable',
      polling,
      load: pingPong,
      peers: polling === 'always' ? netPeers : [],
      goals: polling === 'always' ? [{ kind: 'figure', value: 5000 }] : [],
    }),
  ),
];

/** All rows of load, in the order they are measured. */
export const netRows: readonly NetRow[] = cableRows;

export const netIdleRows: readonly NetIdleRow[] = [
  {
    name: 'idle-1000',
    work: 'CPU of a card with 1,000 idle interfaces',
    pipeline: 'cable',
    interfaceCount: 1000,
    limitCores: 0.01,
  },
];
