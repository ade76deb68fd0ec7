// SPDX-License-Identifier: Apache-2.0

// The rows of `argon bench network`: what is measured, with whom beside it, and what it should come
// to.

import type { NetLoadPattern, NetLoadTraffic } from '../../native/net-load.ts';
import type { NetPipeline, NetPolling } from './backend.ts';

/** Programs that rows may be compared with. */
export type NetPeer = 'testpmd' | 'ovs' | 'qemu';
export const netPeers: readonly NetPeer[] = ['testpmd', 'ovs', 'qemu'];

/** The figure that a row is about. */
export type NetMeasure = 'mpps' | 'gbps' | 'p50_ns' | 'new_flows_per_s';

export type NetGoal =
  /** Our figure, as the row's unit has it; of latencies at most. */
  | { readonly kind: 'figure'; readonly value: number }
  /** How many times better than a peer. */
  | { readonly kind: 'ratio'; readonly of: NetPeer; readonly value: number }
  /** Of the best of all peers, as a share of its figure. */
  | { readonly kind: 'best'; readonly value: number }
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
  readonly interfaceCount: number;
  /** The CPU seconds of each second are below this. */
  readonly limitCores: number;
}

const sizes = [64, 1500, 9000] as const;
const flowCounts = [1, 1000, 100_000] as const;

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
      peers: ['testpmd', 'ovs'],
      goals: [],
    }),
  ),
  {
    name: 'cable-ping-pong',
    work: 'p50 of there and back over a cable, 64 bytes, polling',
    measure: 'p50_ns',
    pipeline: 'cable',
    polling: 'always',
    load: pingPong,
    peers: ['testpmd', 'ovs'],
    goals: [],
  },
];

function groupsGoals(bytes: number, flows: number): readonly NetGoal[] {
  if (flows === 100_000) return [{ kind: 'share', of: `groups-${bytes}-1000`, value: 0.7 }];
  if (flows !== 1000) return [];
  if (bytes === 1500) return [{ kind: 'ratio', of: 'ovs', value: 1.5 }];
  if (bytes !== 64) return [];
  return [
    { kind: 'figure', value: 3 },
    { kind: 'ratio', of: 'ovs', value: 2 },
  ];
}

const groupsRows: readonly NetRow[] = sizes.flatMap((bytes) =>
  flowCounts.map(
    (flows): NetRow => ({
      name: `groups-${bytes}-${flows}`,
      work:
        `forward between security groups, ${count(bytes)} bytes, ` +
        `${count(flows)} tracked ${flows === 1 ? 'flow' : 'flows'}`,
      measure: bytes === 64 ? 'mpps' : 'gbps',
      pipeline: 'groups',
      polling: 'always',
      load: forward(bytes, flows),
      peers: ['ovs'],
      goals: groupsGoals(bytes, flows),
    }),
  ),
);

const otherRows: readonly NetRow[] = [
  {
    name: 'groups-flood-64',
    work: 'the same as groups-64-1000, whether the receiver keeps up or not',
    measure: 'mpps',
    pipeline: 'groups',
    polling: 'always',
    load: { ...forward(64, 1000), pattern: 'flood' },
    peers: ['ovs'],
    goals: [],
  },
  {
    name: 'groups-offload-1500',
    work: 'the same as groups-1500-1000, with checksums left to the device',
    measure: 'gbps',
    pipeline: 'groups',
    polling: 'always',
    load: { ...forward(1500, 1000), checksum: 'offloaded' },
    peers: ['ovs'],
    goals: [],
  },
  {
    name: 'groups-new-flows',
    work: 'new flows between security groups, 64 bytes, a flow for each frame',
    measure: 'new_flows_per_s',
    pipeline: 'groups',
    polling: 'always',
    load: { ...forward(64, 200_000), newFlowCount: 200_000 },
    peers: ['ovs'],
    goals: [
      { kind: 'figure', value: 500_000 },
      { kind: 'ratio', of: 'ovs', value: 1.2 },
    ],
  },
  {
    name: 'groups-ping-pong',
    work: 'p50 of there and back between security groups, 64 bytes, polling',
    measure: 'p50_ns',
    pipeline: 'groups',
    polling: 'always',
    load: pingPong,
    peers: ['ovs'],
    goals: [{ kind: 'figure', value: 5000 }],
  },
  {
    name: 'groups-ping-pong-adaptive',
    work: 'the same by a card that polls as it likes',
    measure: 'p50_ns',
    pipeline: 'groups',
    polling: 'adaptive',
    load: pingPong,
    peers: [],
    goals: [],
  },
];

/** All rows of load, in the order they are measured. */
export const netRows: readonly NetRow[] = [...cableRows, ...groupsRows, ...otherRows];

export const netIdleRows: readonly NetIdleRow[] = [
  {
    name: 'idle-1000',
    work: 'CPU of a card with 1,000 idle interfaces in security groups',
    interfaceCount: 1000,
    limitCores: 0.01,
  },
];
