// SPDX-License-Identifier: Apache-2.0

// A network addon whose cards only remember what they were asked for.

import type {
  InterfaceCounters,
  NativeInterfaceOptions,
  NativeNetworkCard,
  NativeUplinkOptions,
  NetworkAddon,
  ServiceTraffic,
} from '../../../src/native/network-addon.ts';
import { FakeWatch } from './fake-watch.ts';
import { sampleInterfaceCounters } from './samples.ts';

const noTraffic: ServiceTraffic = {
  questions: 0n,
  questionsOverShare: 0n,
  questionsTooLong: 0n,
  answers: 0n,
  answersOverShare: 0n,
  answersTooLong: 0n,
};

export class FakeNetworkAddon implements NetworkAddon {
  readonly abiVersion = '';
  readonly errorKinds = [];
  readonly calls: unknown[] = [];
  readonly policies: Uint8Array[] = [];
  readonly cards: FakeWatch[] = [];
  readonly NetworkCard: NetworkAddon['NetworkCard'];

  setHopLimit(): void {}

  constructor() {
    const { calls, policies, cards } = this;
    this.NetworkCard = class extends FakeWatch implements NativeNetworkCard {
      constructor(options: unknown) {
        super();
        calls.push(options);
        cards.push(this);
      }
      async addInterface(options: NativeInterfaceOptions): Promise<void> {
        calls.push(options);
      }
      async addUplink(options: NativeUplinkOptions): Promise<void> {
        calls.push(options);
      }
      async removeInterface(index: number): Promise<void> {
        calls.push(`remove ${index}`);
      }
      async setPolicy({ policy }: { readonly policy: Uint8Array }): Promise<void> {
        policies.push(policy);
      }
      async counters(): Promise<InterfaceCounters> {
        return sampleInterfaceCounters();
      }
      async stop(): Promise<void> {
        calls.push('stop');
      }
      serveQuestions(): void {}
      takeQuestions() {
        return { questions: [], hasMore: false };
      }
      answer(): boolean {
        return false;
      }
      async openStreams() {
        await Promise.resolve();
        return { metadata: [], resolver: [] };
      }
      serviceTraffic() {
        return { datagrams: noTraffic, streams: noTraffic };
      }
    };
  }
}
