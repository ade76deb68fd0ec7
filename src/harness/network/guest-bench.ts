// SPDX-License-Identifier: Apache-2.0

// Measures network back ends between two guests. The guests stay the same; in each run back ends
// take turns, and those whose turn it is not are stopped, since most of them poll.

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import { processCpuSeconds } from '../process-cpu.ts';
import { argonNetwork } from './argon.ts';
import type { NetBackend, NetBackendKind, NetPolling, NetSetup } from './backend.ts';
import type { MissingPeer, NetBenchOutcome } from './bench.ts';
import type { NetGuestPair, NetGuestPath } from './guest-pair.ts';
import type { NetLink } from './net-guest.ts';
import { ovs, ovsWithOffloads } from './ovs.ts';
import { judgeNet, type NetResult, type NetSample, netRunsOf } from './result.ts';
import type { NetPeer, NetRow } from './rows.ts';
import { testpmd } from './testpmd.ts';

/** A row that is measured between guests. */
export interface NetGuestRow
  extends Pick<NetRow, 'name' | 'work' | 'measure' | 'goals' | 'peers' | 'polling'> {
  readonly mtu: number;
}

/** All of one MTU: guests have it from their start. */
export const netGuestRows: readonly NetGuestRow[] = [
  {
    name: 'guests-9001',
    work: 'two guests, iperf3, one stream, MTU 9,001; ours between security groups',
    measure: 'gbps',
    mtu: 9001,
    polling: 'adaptive',
    peers: ['testpmd', 'ovs', 'qemu'],
    goals: [{ kind: 'best', value: 0.9 }],
  },
  {
    name: 'guests-9001-polling',
    work: 'the same by a card that polls always',
    measure: 'gbps',
    mtu: 9001,
    polling: 'always',
    peers: [],
    goals: [],
  },
];

/** `stream`: QEMU's own netdev, which needs no back end. */
export type NetGuestKind = NetBackendKind | 'stream';
export type NetGuestKinds = Readonly<Record<'argon' | NetPeer, readonly NetGuestKind[]>>;

const everyKind: NetGuestKinds = {
  argon: [argonNetwork],
  testpmd: [testpmd('io'), testpmd('io', 'offloads')],
  ovs: [ovs, ovsWithOffloads],
  qemu: ['stream'],
};

export interface NetGuestBenchOptions extends Cancellable {
  readonly rows: readonly NetGuestRow[];
  readonly peers: readonly NetPeer[];
  readonly pair: NetGuestPair;
  /** The socket of QEMU's own netdev, which it makes. */
  readonly streamPath: string;
  readonly backendCpu: number;
  readonly runCount: number;
  readonly durationMs: number;
  readonly progress: Progress;
  /** Who serves; given by tests. */
  readonly kinds?: NetGuestKinds;
}

/** Rejects soon after the signal ends; then no back end is left behind. */
export async function benchNetworkGuests(options: NetGuestBenchOptions): Promise<NetBenchOutcome> {
  await using bench = new GuestBench(options);
  const results: NetResult[] = [];
  for (const row of options.rows) {
    options.progress.step(row.name);
    results.push(await bench.measureRow(row, results));
  }
  return { results, versions: bench.versions, missing: bench.missing };
}

interface Entrant {
  readonly name: string;
  readonly peer?: NetPeer;
  readonly backend?: NetBackend;
  readonly path: NetGuestPath;
  readonly samples: NetSample[];
}

class GuestBench implements AsyncDisposable {
  readonly #options: NetGuestBenchOptions;
  readonly #kinds: NetGuestKinds;
  readonly #stack = new AsyncDisposableStack();
  #connectedCount = 0;
  readonly versions: Record<string, string> = {};
  readonly missing: MissingPeer[] = [];

  constructor(options: NetGuestBenchOptions) {
    this.#options = options;
    this.#kinds = options.kinds ?? everyKind;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async measureRow(row: NetGuestRow, earlier: readonly NetResult[]): Promise<NetResult> {
    const { runCount, progress, signal } = this.#options;
    const entrants = await this.#enter(row);
    for (let run = 0; run < runCount; ++run) {
      for (const entrant of entrants) {
        signal.throwIfAborted();
        entrant.samples.push(await this.#measure(entrant));
      }
      progress.advance(run + 1, runCount);
    }
    const [ours, ...others] = entrants.map(({ name, peer, samples }) =>
      netRunsOf(name, peer, row.measure, samples),
    );
    if (ours === undefined) throw new RangeError('a row without a contender');
    return judgeNet(row, ours, others, earlier);
  }

  async #enter(row: NetGuestRow): Promise<readonly Entrant[]> {
    const entrants: Entrant[] = [];
    for (const kind of this.#kinds.argon) {
      entrants.push(await this.#connect(kind, undefined, row.polling));
    }
    for (const peer of row.peers.filter((one) => this.#options.peers.includes(one))) {
      for (const kind of this.#kinds[peer]) {
        try {
          entrants.push(await this.#connect(kind, peer, 'always'));
        } catch (thrown) {
          // One that is not installed, or carries nothing here, is left out.
          this.#options.signal.throwIfAborted();
          const { message, hint } = ArgonError.from(thrown);
          this.missing.push({ peer, reason: message, ...(hint === undefined ? {} : { hint }) });
        }
      }
    }
    return entrants;
  }

  async #connect(
    kind: NetGuestKind,
    peer: NetPeer | undefined,
    polling: NetPolling,
  ): Promise<Entrant> {
    const { pair, backendCpu, streamPath, signal } = this.#options;
    const number = this.#connectedCount;
    this.#connectedCount += 1;
    const owner = peer === undefined ? {} : { peer };
    if (kind === 'stream') {
      const end = (name: 'client' | 'server'): NetLink => ({
        kind: 'stream',
        socketPath: streamPath,
        end: name,
      });
      const path = await pair.connect(number, [end('client'), end('server')], { signal });
      return { name: 'qemu, stream', ...owner, path, samples: [] };
    }
    const setup: NetSetup = {
      // Peers do less: the sockets are theirs, and nothing is asked of them.
      ...(peer === undefined
        ? { pipeline: 'groups', protocols: 'all', firstEnd: 2 * number }
        : { pipeline: 'cable' }),
      polling,
      interfaceCount: 2,
    };
    const backend = this.#stack.use(await kind.start({ setup, cpu: backendCpu, signal }));
    if (peer !== undefined) this.versions[peer] = backend.version;
    const [source, target] = backend.socketPaths.map(
      (socketPath): NetLink => ({ kind: 'vhost-user', socketPath, pairCount: 1 }),
    );
    if (source === undefined || target === undefined) throw new RangeError('two sockets');
    backend.resume();
    try {
      const path = await pair.connect(number, [source, target], { signal });
      return { name: backend.name, ...owner, backend, path, samples: [] };
    } finally {
      backend.pause();
    }
  }

  async #measure({ backend, path }: Entrant): Promise<NetSample> {
    const { durationMs, signal } = this.#options;
    const gbpsOf = (bits: number): number => Number((bits / 1e9).toFixed(4));
    if (backend === undefined) return { gbps: gbpsOf(await path.carry(durationMs, { signal })) };
    backend.resume();
    try {
      const cpuBefore = await processCpuSeconds(backend.pid);
      const startMs = performance.now();
      const bits = await path.carry(durationMs, { signal });
      const cpuSeconds = (await processCpuSeconds(backend.pid)) - cpuBefore;
      const cpu = (cpuSeconds * 1000) / (performance.now() - startMs);
      return { gbps: gbpsOf(bits), backend_cpu: Number(cpu.toFixed(4)) };
    } finally {
      backend.pause();
    }
  }
}
