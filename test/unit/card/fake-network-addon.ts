// SPDX-License-Identifier: Apache-2.0

// A network addon whose cards only remember what they were asked for.

import type { NativeLogLevel } from '../../../src/native/addons.ts';
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

/** What a card throws where it is asked for it. */
export interface NetworkAddonFailures {
  readonly start?: Error;
  readonly add?: Error;
  readonly policy?: Error;
  readonly uplink?: Error;
}

type OnLog = (level: NativeLogLevel, object: string, message: string) => void;

export class FakeNetworkAddon implements NetworkAddon {
  readonly abiVersion = '';
  readonly errorKinds = [];
  readonly calls: unknown[] = [];
  readonly policies: Uint8Array[] = [];
  readonly cards: FakeWatch[] = [];
  readonly NetworkCard: NetworkAddon['NetworkCard'];
  /** Of the last card. */
  onLog: OnLog | undefined;

  setHopLimit(): void {}

  constructor(failures: NetworkAddonFailures = {}) {
    const { calls, policies, cards } = this;
    const keepLog = (onLog: OnLog): void => {
      this.onLog = onLog;
    };
    this.NetworkCard = class extends FakeWatch implements NativeNetworkCard {
      constructor(options: unknown, onLog: OnLog) {
        super();
        if (failures.start !== undefined) throw failures.start;
        calls.push(options);
        cards.push(this);
        keepLog(onLog);
      }
      async addInterface(options: NativeInterfaceOptions): Promise<void> {
        if (failures.add !== undefined) throw failures.add;
        calls.push(options);
      }
      async addUplink({ tap }: NativeUplinkOptions): Promise<void> {
        if (failures.uplink !== undefined) throw failures.uplink;
        calls.push(`uplink ${tap}`);
      }
      async removeInterface(index: number): Promise<void> {
        calls.push(`remove ${index}`);
      }
      async setPolicy({ policy }: { readonly policy: Uint8Array }): Promise<void> {
        if (failures.policy !== undefined) throw failures.policy;
        calls.push('policy');
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
