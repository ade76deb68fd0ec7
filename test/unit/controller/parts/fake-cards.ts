// SPDX-License-Identifier: Apache-2.0

// Cards without processes: each keeps what it was told, and is lost when a test says so.

import type { VolumeId } from '../../../../src/base/volume-id.ts';
import type { LevelLimits } from '../../../../src/card/bus/controls.ts';
import type { Attachment } from '../../../../src/controller/model.ts';
import type { CardLauncher, CardLink } from '../../../../src/controller/parts/card-link.ts';
import type { DeviceMetrics, FaultRule } from '../../../../src/native/addons.ts';
import { noMetrics } from '../../card/fake-block-addon.ts';

interface FakeDevice {
  readonly volume: VolumeId;
  readonly faults: Map<number, FaultRule>;
}

export class FakeCard implements CardLink {
  readonly process: { readonly pid: number; readonly startTicks: string };
  readonly lost: Promise<string>;
  readonly served = new Map<number, FakeDevice>();
  readonly calls: string[] = [];
  /** What can be read of it without asking. */
  readonly counters = new Map<VolumeId, DeviceMetrics>();
  readonly #lost = Promise.withResolvers<string>();
  #count = 0;
  pingFailure: Error | undefined;
  addFailure: Error | undefined;

  constructor(pid: number) {
    this.process = { pid, startTicks: String(pid) };
    this.lost = this.#lost.promise;
  }

  lose(): void {
    this.#lost.resolve('as the test wants');
  }

  get volumes(): readonly VolumeId[] {
    return [...this.served.values()].map(({ volume }) => volume);
  }

  async ping(): Promise<void> {
    this.calls.push('ping');
    if (this.pingFailure !== undefined) throw this.pingFailure;
  }

  async devices() {
    return [...this.served].map(([id, { volume }]) => ({ id, volume }));
  }

  async addDevice({ volume }: Attachment): Promise<number> {
    if (this.addFailure !== undefined) throw this.addFailure;
    this.#count += 1;
    this.served.set(this.#count, { volume, faults: new Map() });
    return this.#count;
  }

  async removeDevice(id: number): Promise<void> {
    this.served.delete(id);
  }

  async growStore(id: number, sizeBytes: bigint): Promise<void> {
    this.calls.push(`growStore ${id} ${sizeBytes}`);
  }

  async growDevice(id: number, sizeBytes: bigint): Promise<void> {
    this.calls.push(`growDevice ${id} ${sizeBytes}`);
  }

  async setLimits({ scope, name }: LevelLimits): Promise<void> {
    this.calls.push(`setLimits ${scope} ${name}`);
  }

  async addFault(id: number, rule: FaultRule): Promise<number> {
    this.#count += 10;
    this.served.get(id)?.faults.set(this.#count, rule);
    return this.#count;
  }

  async removeFault(id: number, fault: number): Promise<void> {
    this.served.get(id)?.faults.delete(fault);
  }

  async releaseFaults(id: number): Promise<void> {
    this.calls.push(`releaseFaults ${id}`);
  }

  async faults(id: number) {
    const faults = this.served.get(id)?.faults ?? new Map<number, FaultRule>();
    return [...faults].map(([fault, rule]) => ({ id: fault, rule, matches: 5n, hits: 2n }));
  }

  async metrics() {
    return { queues: [noMetrics], workers: [] };
  }

  readCounters(volume: VolumeId) {
    return this.counters.get(volume);
  }

  async stop(): Promise<void> {
    this.calls.push('stop');
    this.lose();
  }

  abandon(): void {
    this.calls.push('abandon');
  }

  async kill(): Promise<void> {
    this.calls.push('kill');
    this.lose();
  }
}

export class FakeLauncher implements CardLauncher<CardLink> {
  /** Every card that was started, the last one last. */
  readonly cards: FakeCard[] = [];
  readonly forgotten: string[] = [];
  readonly assigned: string[] = [];
  /** What can be adopted. */
  readonly alive = new Map<string, FakeCard>();
  startFailures: Error[] = [];

  get last(): FakeCard {
    const card = this.cards.at(-1);
    if (card === undefined) throw new Error('no card was started');
    return card;
  }

  async start(): Promise<CardLink> {
    const failure = this.startFailures.shift();
    if (failure !== undefined) throw failure;
    const card = new FakeCard(1_000 + this.cards.length);
    this.cards.push(card);
    return card;
  }

  async adopt(id: string): Promise<CardLink> {
    const card = this.alive.get(id);
    if (card === undefined) throw new Error('there is no such card');
    return card;
  }

  async forget(id: string): Promise<void> {
    this.forgotten.push(id);
  }

  async assign(slot: number, card: string): Promise<void> {
    this.assigned.push(`${slot} ${card}`);
  }
}
