// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { startNetworkCard } from '../../../src/card/network-card.ts';
import type { NativeLogLevel } from '../../../src/native/addons.ts';
import type {
  InterfaceCounters,
  NativeInterfaceOptions,
  NativeNetworkCard,
  NativeUplinkOptions,
  NetworkAddon,
} from '../../../src/native/network-addon.ts';
import { parseCidr } from '../../../src/network/model/address.ts';
import { uplinkDevice } from '../../../src/network/uplink.ts';
import { nativeError } from '../fake-host.ts';
import { sampleVpc } from '../network/samples.ts';
import { sampleServiceRecords } from '../network/services/samples.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeWatch } from './fake-watch.ts';

const counters: InterfaceCounters = {
  txFrames: 1n,
  txBytes: 60n,
  txMalformed: 0n,
  txUnreachable: 0n,
  rxFrames: 0n,
  rxBytes: 0n,
  rxOverruns: 0n,
  rxUnfit: 0n,
  brokenRings: 0n,
  kicks: 0n,
  calls: 0n,
  puntsLost: 0n,
  policy: {
    answers: 0n,
    punts: 0n,
    bwInAllowanceExceeded: 0n,
    bwOutAllowanceExceeded: 0n,
    ppsAllowanceExceeded: 0n,
    conntrackAllowanceExceeded: 0n,
    linklocalAllowanceExceeded: 0n,
    drops: {},
    faults: {},
  },
};

const noTraffic = {
  questions: 0n,
  questionsOverShare: 0n,
  questionsTooLong: 0n,
  answers: 0n,
  answersOverShare: 0n,
  answersTooLong: 0n,
};

const served: NativeInterfaceOptions = {
  name: 'left',
  index: 0,
  pairs: 1,
  socketPath: '/run/left.sock',
  memoryPolicy: 'any',
};

interface Failures {
  readonly start?: Error;
  readonly add?: Error;
  readonly policy?: Error;
  readonly uplink?: Error;
}

/** An addon whose cards only remember what they were asked for. */
function fakeAddon(failures: Failures = {}) {
  const calls: unknown[] = [];
  const log: { write?: (level: NativeLogLevel, object: string, message: string) => void } = {};
  class FakeCard extends FakeWatch implements NativeNetworkCard {
    constructor(options: unknown, onLog: NonNullable<typeof log.write>) {
      super();
      if (failures.start !== undefined) throw failures.start;
      calls.push(options);
      log.write = onLog;
    }
    async addInterface(options: NativeInterfaceOptions): Promise<void> {
      if (failures.add !== undefined) throw failures.add;
      calls.push(options);
      await Promise.resolve();
    }
    async addUplink({ tap }: NativeUplinkOptions): Promise<void> {
      if (failures.uplink !== undefined) throw failures.uplink;
      calls.push(`uplink ${tap}`);
      await Promise.resolve();
    }
    async removeInterface(index: number): Promise<void> {
      calls.push(`remove ${index}`);
      await Promise.resolve();
    }
    async setPolicy({ policy }: { readonly policy: Uint8Array }): Promise<void> {
      if (failures.policy !== undefined) throw failures.policy;
      calls.push(policy);
      await Promise.resolve();
    }
    async counters(): Promise<InterfaceCounters> {
      await Promise.resolve();
      return counters;
    }
    serveQuestions(): void {}
    takeQuestions() {
      return { questions: [], hasMore: false };
    }
    answer(): boolean {
      return true;
    }
    async openStreams() {
      await Promise.resolve();
      return { metadata: [], resolver: [] };
    }
    serviceTraffic() {
      return { datagrams: noTraffic, streams: noTraffic };
    }
    async stop(): Promise<void> {
      calls.push('stop');
      await Promise.resolve();
    }
  }
  const addon: NetworkAddon = {
    abiVersion: '',
    errorKinds: [],
    NetworkCard: FakeCard,
    setHopLimit: () => {},
  };
  return { addon, calls, log };
}

const silent = createLogger('test', 'silent');
const options = { pollMode: 'off', cpus: [1] } as const;

describe('startNetworkCard', () => {
  it('starts a native card as it is told, and stops it on dispose', async () => {
    const { addon, calls } = fakeAddon();
    {
      await using card = startNetworkCard(addon, options, silent);
      await card.addInterface(served);
      await card.setPolicy(Uint8Array.of(7));
      expect(await card.counters(0)).toEqual(counters);
      await card.removeInterface(0);
    }
    expect(calls).toEqual([options, served, Uint8Array.of(7), 'remove 0', 'stop']);
  });

  it('says why a card could not be started', () => {
    const { addon } = fakeAddon({ start: nativeError('exhausted', 'create an io_uring') });

    expect(() => startNetworkCard(addon, options, silent)).toThrow(
      expect.objectContaining({ name: 'ArgonError', code: 'resource-exhausted' }),
    );
  });

  it('says what to do about a socket that is taken', async () => {
    const { addon } = fakeAddon({ add: nativeError('already-exists', '/run/left.sock is taken') });
    await using card = startNetworkCard(addon, options, silent);

    await expect(card.addInterface(served)).rejects.toMatchObject({
      code: 'already-exists',
      hint: expect.stringContaining('path of its own') as string,
    });
  });

  it('says that a policy is not whole', async () => {
    const { addon } = fakeAddon({ policy: nativeError('corrupt', 'policy: no header') });
    await using card = startNetworkCard(addon, options, silent);

    await expect(card.setPolicy(new Uint8Array())).rejects.toMatchObject({ code: 'data-loss' });
  });

  it('sets a policy before what the services say under it', async () => {
    const { addon, calls } = fakeAddon();
    await using card = startNetworkCard(addon, options, silent);

    await card.setNetwork({ policy: Uint8Array.of(9), services: sampleServiceRecords() });

    expect(calls).toHaveLength(2);
    expect(card.services.counters.dns.asked).toBe(0);
  });

  it('makes uplinks under the policy that has them, and says which it could not', async () => {
    const ipv4Cidr = parseCidr('198.51.100.0/30');
    const device = uplinkDevice(sampleVpc(), { tap: 'a', namespace: undefined, ipv4Cidr }, 9);
    const network = {
      policy: Uint8Array.of(9),
      services: sampleServiceRecords(),
      uplinks: [device],
    };
    const { addon, calls } = fakeAddon();
    await using card = startNetworkCard(addon, options, silent);
    expect(await card.setNetwork(network)).toEqual([]);
    expect(await card.setNetwork({ ...network, uplinks: [] })).toEqual([]);
    expect(calls.slice(1)).toEqual([network.policy, 'uplink a', 'remove 9', network.policy]);

    const failing = fakeAddon({ uplink: nativeError('already-exists', 'there is a device a') });
    await using other = startNetworkCard(failing.addon, options, silent);
    expect(await other.setNetwork(network)).toMatchObject([{ code: 'already-exists' }]);
  });

  it('leaves the services as they are under a policy that is refused', async () => {
    const { addon } = fakeAddon({ policy: nativeError('corrupt', 'a policy') });
    await using card = startNetworkCard(addon, options, silent);

    const network = { policy: new Uint8Array(), services: sampleServiceRecords() };

    await expect(card.setNetwork(network)).rejects.toMatchObject({ code: 'data-loss' });
  });

  it('logs what native code says', async () => {
    await using dir = await createTempDir();
    const file = join(dir.path, 'log');
    const { addon, log } = fakeAddon();
    await using card = startNetworkCard(addon, options, createLogger('card', 'info', file));

    log.write?.(2, 'left/ring 1', 'a frame was dropped');

    expect(card).toBeDefined();
    expect(await readFile(file, 'utf8')).toContain('a frame was dropped');
  });
});
