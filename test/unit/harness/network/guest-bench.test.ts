// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { silentProgress } from '../../../../src/base/progress.ts';
import type { NetBackendOptions } from '../../../../src/harness/network/backend.ts';
import {
  benchNetworkGuests,
  type NetGuestBenchOptions,
  type NetGuestRow,
  netGuestRows,
} from '../../../../src/harness/network/guest-bench.ts';
import type { NetGuestPair } from '../../../../src/harness/network/guest-pair.ts';
import { fakeNetBackend } from './fake-network.ts';

const row: NetGuestRow = {
  name: 'row',
  work: 'work',
  measure: 'gbps',
  mtu: 9001,
  polling: 'adaptive',
  peers: ['testpmd', 'ovs', 'qemu'],
  goals: [{ kind: 'best', value: 0.9 }],
};

/** Guests over whose path `number` one gigabit more goes with each number. */
class FakePair implements NetGuestPair {
  readonly events: string[];
  failing: number | undefined;

  constructor(events: string[]) {
    this.events = events;
  }

  connect: NetGuestPair['connect'] = async (number, [source, target]) => {
    this.events.push(`connect ${number} ${source.socketPath} ${target.socketPath}`);
    if (number === this.failing) throw new ArgonError('unavailable', 'nothing passes');
    return {
      carry: async () => {
        this.events.push(`carry ${number}`);
        return (number + 1) * 1e9;
      },
    };
  };

  async [Symbol.asyncDispose](): Promise<void> {}
}

function rig(
  pair: FakePair,
  seen: NetBackendOptions[],
  changes: Partial<NetGuestBenchOptions> = {},
): NetGuestBenchOptions {
  const fake = (name: string) => fakeNetBackend(name, pair.events, seen);
  return {
    rows: [row],
    peers: ['testpmd', 'qemu'],
    pair,
    streamPath: '/stream',
    backendCpu: 0,
    runCount: 2,
    durationMs: 1000,
    progress: silentProgress,
    signal: new AbortController().signal,
    kinds: { argon: [fake('argon')], testpmd: [fake('io')], ovs: [fake('ovs')], qemu: ['stream'] },
    ...changes,
  };
}

describe('benchNetworkGuests', () => {
  it('joins each back end to the guests once, and lets them take turns', async () => {
    const pair = new FakePair([]);
    const seen: NetBackendOptions[] = [];

    const { results, versions, missing } = await benchNetworkGuests(rig(pair, seen));

    const turns = ['resume', 'carry 0', 'pause', 'resume', 'carry 1', 'pause', 'carry 2'];
    const joined = [
      'start argon groups adaptive 2',
      'resume',
      'connect 0 /argon/0 /argon/1',
      'pause',
      'start io cable always 2',
      'resume',
      'connect 1 /io/0 /io/1',
      'pause',
      'connect 2 /stream /stream',
    ];
    expect(pair.events).toEqual([...joined, ...turns, ...turns, 'stop io', 'stop argon']);
    expect(seen[0]?.setup).toMatchObject({ protocols: 'all', firstEnd: 0 });
    expect(results[0]).toMatchObject({
      ours: 1,
      other_name: 'qemu, stream',
      other: 3,
      ratio: 0.333,
    });
    expect(results[0]?.reached).toBe(false);
    expect(versions).toEqual({ testpmd: 'io 1.0' });
    expect(missing).toEqual([]);
  });

  it('gives the ends of our own their place among those of others', async () => {
    const pair = new FakePair([]);
    const seen: NetBackendOptions[] = [];
    const polling = { ...row, name: 'polling', polling: 'always', peers: [] } as const;

    await benchNetworkGuests(rig(pair, seen, { rows: [row, polling] }));

    expect(seen.at(-1)?.setup).toMatchObject({ polling: 'always', firstEnd: 6 });
  });

  it('leaves out a peer over which nothing passes, and stops it', async () => {
    const pair = new FakePair([]);
    pair.failing = 1;

    const { results, missing } = await benchNetworkGuests(rig(pair, []));

    expect(missing).toEqual([{ peer: 'testpmd', reason: 'nothing passes' }]);
    expect(results[0]?.runs.map(({ name }) => name)).toEqual(['argon', 'qemu, stream']);
    expect(pair.events).toContain('stop io');
  });

  it('fails where our own back end carries nothing', async () => {
    const pair = new FakePair([]);
    pair.failing = 0;

    await expect(benchNetworkGuests(rig(pair, []))).rejects.toMatchObject({ code: 'unavailable' });
    expect(pair.events.at(-1)).toBe('stop argon');
  });
});

describe('the rows between guests', () => {
  it('have the goal of the issue', () => {
    expect(netGuestRows[0]).toMatchObject({ mtu: 9001, goals: [{ kind: 'best', value: 0.9 }] });
  });
});
