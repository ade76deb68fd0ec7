// SPDX-License-Identifier: Apache-2.0

// Measures network back ends with our own front end, without a guest: the front end polls on one
// CPU, the back end on another. A row is measured several times, and in each run ours and the peers
// take turns; whose turn it is not is stopped, since most of them poll.

import { setTimeout as sleep } from 'node:timers/promises';

import { ArgonError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import type { FrontendAddon } from '../../native/addons.ts';
import { native } from '../../native/error-kind.ts';
import { processCpuSeconds } from '../process-cpu.ts';
import { argonNetwork } from './argon.ts';
import type { NetBackend, NetBackendKind, NetSetup } from './backend.ts';
import { measureNetBackend, type NetLoadScope } from './load.ts';
import { ovs } from './ovs.ts';
import { judgeNet, judgeNetIdle, type NetResult, type NetSample, netRunsOf } from './result.ts';
import type { NetIdleRow, NetPeer, NetRow } from './rows.ts';
import { testpmd } from './testpmd.ts';

export type NetKinds = Readonly<Record<'argon' | NetPeer, readonly NetBackendKind[]>>;

const everyKind: NetKinds = {
  argon: [argonNetwork],
  testpmd: [testpmd('io'), testpmd('mac')],
  ovs: [ovs],
  // Its own netdev is for guests.
  qemu: [],
};

export interface NetBenchOptions extends NetLoadScope {
  readonly addon: Pick<FrontendAddon, 'runNetLoad' | 'holdNetInterfaces'>;
  readonly rows: readonly NetRow[];
  readonly idleRows: readonly NetIdleRow[];
  /** Those to measure beside ours. */
  readonly peers: readonly NetPeer[];
  readonly backendCpu: number;
  /** How often each row is measured. */
  readonly runCount: number;
  /** How long each run of a contender is measured. */
  readonly durationMs: number;
  /** How long idle interfaces are watched. */
  readonly watchMs: number;
  readonly progress: Progress;
  /** Who serves; given by tests. */
  readonly kinds?: NetKinds;
}

export interface MissingPeer {
  readonly peer: NetPeer;
  readonly reason: string;
  readonly hint?: string;
}

export interface NetBenchOutcome {
  readonly results: readonly NetResult[];
  /** Versions of the peers that were measured. */
  readonly versions: Readonly<Record<string, string>>;
  /** Peers that were asked for and could not be started, and so were left out. */
  readonly missing: readonly MissingPeer[];
}

/** Rejects soon after the signal ends; then nothing is left behind. */
export async function benchNetwork(options: NetBenchOptions): Promise<NetBenchOutcome> {
  await using bench = new NetBench(options);
  const results: NetResult[] = [];
  for (const row of options.rows) {
    options.progress.step(row.name);
    results.push(await bench.measureRow(row, results));
  }
  for (const row of options.idleRows) {
    options.progress.step(row.name);
    results.push(judgeNetIdle(row, await bench.measureIdle(row)));
  }
  return { results, versions: bench.versions, missing: bench.missing };
}

interface Entrant {
  readonly kind: NetBackendKind;
  readonly peer?: NetPeer;
  /** Named when it runs. */
  name: string;
  readonly samples: NetSample[];
}

// What follows connecting is over by then.
const settleMs = 500;

class NetBench implements AsyncDisposable {
  readonly #options: NetBenchOptions;
  readonly #kinds: NetKinds;
  readonly #stack = new AsyncDisposableStack();
  readonly #running = new Map<string, NetBackend>();
  readonly versions: Record<string, string> = {};
  readonly missing: MissingPeer[] = [];

  constructor(options: NetBenchOptions) {
    this.#options = options;
    this.#kinds = options.kinds ?? everyKind;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async measureRow(row: NetRow, earlier: readonly NetResult[]): Promise<NetResult> {
    const { runCount, progress, signal } = this.#options;
    const entrants = await this.#enter(row);
    for (let run = 0; run < runCount; ++run) {
      for (const entrant of entrants) {
        signal.throwIfAborted();
        entrant.samples.push(await this.#measure(row, entrant));
      }
      progress.advance(run + 1, runCount);
    }
    const [ours, ...others] = entrants.map(({ name, peer, samples }) =>
      netRunsOf(name, peer, row.measure, samples),
    );
    if (ours === undefined) throw new RangeError('a row without a contender');
    return judgeNet(row, ours, others, earlier);
  }

  async #enter(row: NetRow): Promise<readonly Entrant[]> {
    const entrants = this.#kinds.argon.map((kind): Entrant => ({ kind, name: '', samples: [] }));
    for (const peer of row.peers) {
      if (!this.#options.peers.includes(peer) || this.missing.some((one) => one.peer === peer)) {
        continue;
      }
      for (const kind of this.#kinds[peer]) {
        if (!(await this.#isThere(peer, kind, row))) break;
        entrants.push({ kind, peer, name: '', samples: [] });
      }
    }
    return entrants;
  }

  // A peer that is not installed, or does not run here, is left out from then on.
  async #isThere(peer: NetPeer, kind: NetBackendKind, row: NetRow): Promise<boolean> {
    try {
      const { version } = await this.#start(kind, setupOf(row));
      this.versions[peer] = version;
      return true;
    } catch (thrown) {
      this.#options.signal.throwIfAborted();
      const { message, hint } = ArgonError.from(thrown);
      this.missing.push({ peer, reason: message, ...(hint === undefined ? {} : { hint }) });
      return false;
    }
  }

  async #start(kind: NetBackendKind, setup: NetSetup): Promise<NetBackend> {
    const key = `${kind.name} ${setup.pipeline} ${setup.polling}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const { backendCpu, signal } = this.#options;
    const backend = this.#stack.use(await kind.start({ setup, cpu: backendCpu, signal }));
    this.#running.set(key, backend);
    return backend;
  }

  async #measure(row: NetRow, entrant: Entrant): Promise<NetSample> {
    const { durationMs, backendCpu, signal } = this.#options;
    const setup = setupOf(row);
    await using stack = new AsyncDisposableStack();
    // Flows that a back end remembers are not new.
    const backend =
      row.load.newFlowCount === undefined
        ? await this.#start(entrant.kind, setup)
        : stack.use(await entrant.kind.start({ setup, cpu: backendCpu, signal }));
    entrant.name = backend.name;
    return await measureNetBackend(this.#options, backend, row.load, durationMs);
  }

  /** CPU seconds that a card with idle interfaces uses in a second. */
  async measureIdle({ interfaceCount }: NetIdleRow): Promise<number> {
    const { addon, backendCpu, watchMs, signal } = this.#options;
    const [kind] = this.#kinds.argon;
    if (kind === undefined) throw new RangeError('no back end of ours');
    await using stack = new AsyncDisposableStack();
    const setup = { pipeline: 'groups', polling: 'adaptive', interfaceCount } as const;
    const backend = stack.use(await kind.start({ setup, cpu: backendCpu, signal }));
    backend.resume();
    const release = await native(addon.holdNetInterfaces(backend.socketPaths));
    stack.defer(release);
    await sleep(settleMs, undefined, { signal });
    const cpuBefore = await processCpuSeconds(backend.pid);
    const startMs = performance.now();
    await sleep(watchMs, undefined, { signal });
    const cpuSeconds = (await processCpuSeconds(backend.pid)) - cpuBefore;
    return Number(((cpuSeconds * 1000) / (performance.now() - startMs)).toFixed(4));
  }
}

function setupOf({ pipeline, polling }: NetRow): NetSetup {
  return { pipeline, polling, interfaceCount: 2 };
}
