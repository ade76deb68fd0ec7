// SPDX-License-Identifier: Apache-2.0

// Network cards without processes, as fake-cards.ts has block cards.

import { ArgonError } from '../../../../src/base/errors.ts';
import type { CaptureOptions, CaptureReading } from '../../../../src/card/bus/captures.ts';
import type { CardServiceCounters } from '../../../../src/card/bus/interface-counters.ts';
import type { FlowLogState, UplinkState } from '../../../../src/card/bus/interfaces.ts';
import type { InterfaceAttachment } from '../../../../src/controller/model.ts';
import type { CardLauncher, NetworkLink } from '../../../../src/controller/parts/card-link.ts';
import type { InterfaceCounters } from '../../../../src/native/network-addon.ts';
import type { Trace, TraceQuestion } from '../../../../src/native/network-watch.ts';
import { parseCardNetwork } from '../../../../src/network/card-network.ts';
import { sampleInterfaceCounters, sampleServiceCounters } from '../../card/samples.ts';

export class FakeNetworkCard implements NetworkLink {
  readonly process: { readonly pid: number; readonly startTicks: string };
  readonly lost: Promise<string>;
  /** The interface of each slot. */
  readonly served = new Map<number, string>();
  readonly calls: string[] = [];
  readonly captures = new Set<string>();
  policyFailures: Error[] = [];
  /** Does not tell what it counts. */
  isSilent = false;
  /** What it says of every packet, but for the policy's generation. */
  verdict: Omit<Trace, 'generation'> = {
    steps: [],
    outcome: 'deliver',
    reason: 'none',
    service: 'none',
    at: 0,
  };
  /** Of the policy in force. */
  generation = 0n;
  readonly #launcher: FakeNetworkLauncher;
  readonly #lost = Promise.withResolvers<string>();

  constructor(launcher: FakeNetworkLauncher, pid: number) {
    this.#launcher = launcher;
    this.process = { pid, startTicks: String(pid) };
    this.lost = this.#lost.promise;
  }

  lose(): void {
    this.#lost.resolve('as the test wants');
  }

  async ping(): Promise<void> {}

  async interfaces() {
    return Array.from(this.served, ([index, id]) => ({ index, interface: id }));
  }

  async addInterface({ slot, interface: id }: InterfaceAttachment): Promise<void> {
    if (this.#launcher.refusedSlot === slot) throw new ArgonError('aborted', 'refused');
    this.calls.push(`add ${slot}`);
    this.served.set(slot, id);
  }

  async removeInterface(index: number): Promise<void> {
    this.calls.push(`remove ${index}`);
    this.served.delete(index);
  }

  async setPolicy(policy: Uint8Array): Promise<void> {
    const failure = this.policyFailures.shift();
    if (failure !== undefined) throw failure;
    this.calls.push(`policy ${policy.join()}`);
    // Tests of the supervisor have policies that are none.
    if (policy.length > 24) this.generation = generationOf(policy);
  }

  async trace({ from, destination }: TraceQuestion): Promise<Trace> {
    this.calls.push(`trace ${from} ${destination}`);
    return { ...this.verdict, generation: this.generation };
  }

  async counters(index: number): Promise<InterfaceCounters> {
    if (this.isSilent) throw new ArgonError('deadline-exceeded', 'as the test wants');
    return { ...sampleInterfaceCounters(), txFrames: BigInt(index) };
  }

  async serviceCounters(): Promise<CardServiceCounters> {
    if (this.isSilent) throw new ArgonError('deadline-exceeded', 'as the test wants');
    return sampleServiceCounters();
  }

  async flowLogs(): Promise<readonly FlowLogState[]> {
    if (this.isSilent) throw new ArgonError('deadline-exceeded', 'as the test wants');
    return [{ id: 'fl-00000000000000001', written: 7n, lost: 0n, trouble: '' }];
  }

  async uplinks(): Promise<readonly UplinkState[]> {
    if (this.isSilent) throw new ArgonError('deadline-exceeded', 'as the test wants');
    return [{ vpc: 'vpc-00000000000000001', trouble: '', sinceMs: 7 }];
  }

  async startCapture({ capture, interface: id, index }: CaptureOptions): Promise<CaptureReading> {
    this.calls.push(`capture ${index} ${id}`);
    this.captures.add(capture);
    return this.#reading();
  }

  async readCapture(capture: string, offset: number): Promise<CaptureReading> {
    this.calls.push(`read from ${offset}`);
    if (this.captures.has(capture)) return this.#reading();
    throw new ArgonError('not-found', `there is no capture ${capture}`);
  }

  async stopCapture(capture: string): Promise<CaptureReading> {
    return { ...(await this.readCapture(capture, 0)), end: 'stopped' };
  }

  #reading(): CaptureReading {
    return { end: undefined, frames: 3, framesLost: 0n, sizeBytes: 7, data: Uint8Array.of(1) };
  }

  async stop(): Promise<void> {
    this.lose();
  }

  async kill(): Promise<void> {
    this.lose();
  }

  abandon(): void {
    this.calls.push('abandon');
  }
}

// As native/vpc/snapshot_format.h has it.
function generationOf(policy: Uint8Array): bigint {
  return Buffer.from(parseCardNetwork(policy).policy).readBigUInt64LE(16);
}

export class FakeNetworkLauncher implements CardLauncher<NetworkLink> {
  readonly cards: FakeNetworkCard[] = [];
  readonly assigned: string[] = [];
  /** What can be adopted. */
  alive: FakeNetworkCard | undefined;
  /** Interfaces of this slot cannot be added. */
  refusedSlot: number | undefined;

  get last(): FakeNetworkCard {
    const card = this.cards.at(-1);
    if (card === undefined) throw new Error('no card was started');
    return card;
  }

  async start(): Promise<NetworkLink> {
    const card = new FakeNetworkCard(this, 2_000 + this.cards.length);
    this.cards.push(card);
    return card;
  }

  async adopt(): Promise<NetworkLink> {
    if (this.alive === undefined) throw new Error('there is no such card');
    return this.alive;
  }

  async forget(): Promise<void> {}

  async assign(slot: number, card: string): Promise<void> {
    this.assigned.push(`${slot} ${card}`);
  }
}
