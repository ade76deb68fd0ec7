// SPDX-License-Identifier: Apache-2.0

// The network card of a host behind the backplane: killed while front ends send through it, it is
// replaced, and they go on. A frame may be lost, or come twice; a ring may not stand still.

import { closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { deadlineSignal } from '../../src/base/deadline.ts';
import { type RunningSlotCard, startSlotNetworkCard } from '../../src/card/bus/card-process.ts';
import { startOrAdoptBackplane } from '../../src/controller/backplane/client.ts';
import { loadFrontendAddon } from '../../src/native/binding.ts';
import { encodeCardNetwork } from '../../src/network/card-network.ts';
import { compilePolicy } from '../../src/network/compile.ts';
import { recordsOfPolicy } from '../../src/network/services/records-of-policy.ts';
import { networkId, sampleFlowLog, sampleInterface, sampleState } from '../unit/network/samples.ts';
import { eventually, patienceMs } from './support/child.ts';
import { HostPlace } from './support/host-place.ts';
import { createTempDir } from './support/temp-dir.ts';

const scope = { signal: deadlineSignal(patienceMs * 3) };
const ids = ['eni-00000000000000001', 'eni-00000000000000002'];

const flowLog = sampleFlowLog(1, {
  resource: networkId('eni', 1),
  fields: ['interface-id', 'subnet-id', 'tcp-flags', 'log-status'],
});
const noRecords = { written: 0n, lost: 0n, trouble: '' };

/** What it counts and logs, and for how many connections a policy has room. */
async function expectCounters({ bus }: RunningSlotCard, folder: string): Promise<void> {
  const before = await bus.interfaceCounters(1, scope);
  expect(before.policy).toMatchObject({ punts: 0n, drops: {} });
  expect(before.policy).not.toHaveProperty('conntrackAllowanceAvailable');
  const { services, datagrams } = await bus.serviceCounters(scope);
  expect(services.dns).toEqual({ asked: 0, answered: 0, noted: 0, dropped: 0 });
  expect(datagrams.questions).toBe(0n);

  const noLimit = { perSecond: 0n, burst: 0n };
  const [bandwidthIn, bandwidthOut, packets] = [noLimit, noLimit, noLimit];
  const input = {
    state: sampleState({
      interface: [sampleInterface(1), sampleInterface(2)],
      'flow-log': [flowLog],
    }),
    generation: 1n,
    places: ids.map((id, instance) => ({ interface: id, instance })),
    instances: ids.map((_, instance) => {
      const bounds = { bandwidthIn, bandwidthOut, packets, servicePacketsPerSecond: 0 };
      return { ...bounds, identity: BigInt(instance + 1), trackedMax: 1_000 + instance };
    }),
  };
  const records = recordsOfPolicy(input);
  const network = { policy: compilePolicy(input), services: records };
  await bus.setPolicy(encodeCardNetwork(network), scope);
  const { policy, rxFrames } = await bus.interfaceCounters(1, scope);
  expect(policy.conntrackAllowanceAvailable).toBe(1_001);
  expect(rxFrames).toBeGreaterThanOrEqual(before.rxFrames);

  // An interface that is in no policy any more leaves its last records at once.
  expect(await bus.flowLogs(scope)).toEqual([{ id: flowLog.id, ...noRecords }]);
  const without = { ...input, generation: 2n, places: [] };
  const last = { policy: compilePolicy(without), services: recordsOfPolicy(without) };
  await bus.setPolicy(encodeCardNetwork(last), scope);
  await eventually(
    async () => ((await bus.flowLogs(scope))[0]?.written === 1n ? true : undefined),
    'records of flows',
  );
  const lines = (await readFile(join(folder, `${flowLog.id}.log`), 'utf8')).trim().split('\n');
  expect(lines.toSorted()).toEqual([
    `${networkId('eni', 1)} ${networkId('subnet', 1)} - NODATA`,
    'interface-id subnet-id tcp-flags log-status',
  ]);
}

describe('a network card in slots', () => {
  it('is killed under load, and the next one goes on with the same rings', {
    timeout: patienceMs * 3,
  }, async () => {
    await using dir = await createTempDir();
    await using stack = new AsyncDisposableStack();
    const log = pino({ level: 'silent' });
    const { backplane, pid } = await startOrAdoptBackplane({ runtimeDir: dir.path, log, ...scope });
    stack.defer(() => {
      process.kill(pid, 'SIGTERM');
    });
    stack.use(backplane);
    const [sourcePath = '', targetPath = ''] = ids.map((_, slot) => join(dir.path, `${slot}.sock`));
    for (const [slot, socketPath] of [sourcePath, targetPath].entries()) {
      await backplane.openSlot({ slot, socketPath, mapBytes: 0n }, scope);
    }
    const flowLogFolder = join(dir.path, 'flow-logs');
    const start = async (name: string): Promise<RunningSlotCard> => {
      const environment = 'test';
      const options = { pollMode: 'off', cpus: [], flowLogFolder, environment } as const;
      const logFile = join(dir.path, `${name}.log`);
      const card = await startSlotNetworkCard({ card: options, logFile, ...scope });
      stack.defer(async () => {
        card.bus.end();
        await card.exited;
      });
      await backplane.attachCard(name, card.slotChannelFd, scope);
      closeSync(card.slotChannelFd);
      for (const [slot, id] of ids.entries()) {
        await backplane.assign(slot, name, scope);
        await card.bus.addInterface({ interface: id, index: slot, pairs: 1, slot }, scope);
      }
      return card;
    };
    const first = await start('first');

    const loading = loadFrontendAddon().runNetLoad({
      sourcePath,
      targetPath,
      pattern: 'ping-pong',
      frameBytes: 64,
      depth: 1,
      durationNs: 6_000_000_000n,
      warmupNs: 0n,
      cpus: [],
    });
    await eventually(
      async () =>
        (await first.bus.interfaceCounters(1, scope)).rxFrames > 100n ? true : undefined,
      'frames',
    );
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start('second');
    const { brokenRings } = await eventually(async () => {
      const counted = await second.bus.interfaceCounters(1, scope);
      return counted.rxFrames > 100n ? counted : undefined;
    }, 'frames through the second card');
    expect(brokenRings).toBe(0n);
    // It may have been told of a frame twice, and ends then.
    await loading.catch(() => {});
    await expectCounters(second, flowLogFolder);
  });
});

describe('the network card of a host', () => {
  it('is started again when it is killed, with the interface and its policy', {
    timeout: patienceMs * 3,
  }, async () => {
    await using place = await HostPlace.create();
    await using controller = await place.start();
    const one = await controller.get({ do: 'create-interface' });
    const instance = await controller.get({ do: 'create-instance' });
    await controller.get({ do: 'attach-interface', interface: one, instance });
    await controller.get({ do: 'start', instance });
    const pidOf = async (): Promise<number | undefined> =>
      (await controller.inspect()).parts.find(({ id }) => id === 'network-card')?.pid;
    const before = (await pidOf()) ?? 0;
    expect(before).toBeGreaterThan(0);

    process.kill(before, 'SIGKILL');
    await eventually(async () => {
      const pid = await pidOf();
      return pid !== undefined && pid !== before ? true : undefined;
    }, 'another card');

    expect(await controller.get({ do: 'detach-interface', interface: one })).toBe('none');
    expect(await controller.get({ do: 'attach-interface', interface: one, instance })).toBe(
      'plugged',
    );
    expect(await controller.get({ do: 'shut-down' })).toBe('down');
  });
});
