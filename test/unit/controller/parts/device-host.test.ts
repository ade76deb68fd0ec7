// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../../src/base/log.ts';
import { locateRuntimeDir } from '../../../../src/base/runtime-dir.ts';
import { locateStateDir } from '../../../../src/base/state-dir.ts';
import { standInOf } from '../../../../src/controller/driver/decide.ts';
import { CardDevices, type CardSharing } from '../../../../src/controller/parts/device-host.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { sampleFault, sampleLimits } from '../../card/samples.ts';
import {
  instanceId,
  sampleAttachment,
  sampleHeldSlot,
  sampleInstance,
  samplePart,
  sampleVolume,
  volumeId,
} from '../samples.ts';
import { FakeCard, FakeLauncher } from './fake-cards.ts';
import { FakePlane } from './fake-plane.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const runtimeDir = locateRuntimeDir(locateStateDir({ ARGON_STATE: '/s' }, '/'), '/run');

function create(sharing: CardSharing = 'host') {
  const registry = new Registry(':memory:');
  for (const number of [1, 2]) {
    registry.putVolume(sampleVolume(number, { cipher: number === 1 ? 'aes-256-xts' : 'none' }));
    registry.putInstance(sampleInstance(number));
    registry.putAttachment(sampleAttachment(number, number));
  }
  const backplane = new FakePlane();
  const launcher = new FakeLauncher();
  const log = createLogger('test', 'silent');
  const step = async (): Promise<void> => {};
  const devices = new CardDevices({
    runtimeDir,
    backplane,
    launcher,
    registry,
    sharing,
    step,
    log,
  });
  return { devices, registry, backplane, launcher };
}

describe('CardDevices', () => {
  it('opens a slot and has one card of the host serve it', async () => {
    const { devices, backplane, launcher } = create();

    await Promise.all([1, 2].map(async (n) => devices.open(sampleAttachment(n, n), scope)));

    expect(launcher.cards).toHaveLength(1);
    expect(new Set(launcher.last.volumes)).toEqual(new Set([volumeId(1), volumeId(2)]));
    // A volume without encryption has no map.
    expect([...backplane.open].toSorted(([a], [b]) => a - b)).toEqual([
      [1, 4_096n],
      [2, 0n],
    ]);
    expect(devices.cards()).toMatchObject([{ part: { id: 'block-card' } }]);
    await devices.stop();
    expect(devices.cards()).toEqual([]);
  });

  it('gives each instance a card of its own as long as it needs one', async () => {
    const { devices, launcher, registry } = create('instance');
    for (const number of [1, 2]) await devices.open(sampleAttachment(number, number), scope);

    expect(launcher.cards).toHaveLength(2);
    expect(registry.parts().map(({ id }) => id)).toEqual([
      `block-card-${instanceId(1)}`,
      `block-card-${instanceId(2)}`,
    ]);
    await devices.close(sampleAttachment(1, 1), scope);

    expect(launcher.cards[0]?.calls).toContain('stop');
    expect(registry.parts()).toHaveLength(1);
    await devices.stop();
  });

  it('closes a device and its slot, also where there is nothing', async () => {
    const { devices, backplane, launcher } = create();
    await devices.open(sampleAttachment(1, 1), scope);

    await devices.close(sampleAttachment(1, 1), scope);
    await devices.close(sampleAttachment(1, 1), scope);

    expect(launcher.last.volumes).toEqual([]);
    expect(backplane.open.size).toBe(0);
    await devices.stop();
  });

  it('serves a stand-in where a volume was, which is free then', async () => {
    const { devices, launcher, backplane } = create();
    await devices.open(sampleAttachment(1, 1), scope);
    const mapBytes = backplane.open.get(1);

    const standIn = standInOf(sampleHeldSlot(1, 1));
    await devices.replace(volumeId(1), standIn, scope);

    expect(launcher.last.volumes).toEqual([standIn.volume]);
    expect(backplane.open).toEqual(new Map([[1, mapBytes]]));
    await devices.close(standIn, scope);
    expect(launcher.last.volumes).toEqual([]);
    await devices.stop();
  });

  it('asks the card of a volume, and refuses where none serves it', async () => {
    const { devices, launcher, backplane } = create();
    const volume = volumeId(1);
    await expect(devices.metrics(volume, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await devices.open(sampleAttachment(1, 1), scope);
    backplane.drivers.add(1);

    expect(await devices.hasDriver(sampleAttachment(1, 1), scope)).toBe(true);
    await devices.growStore(volume, 8_192n, scope);
    await devices.growDevice(volume, 8_192n, scope);
    await devices.setLimits({ scope: 'guest', name: 'i', limits: sampleLimits() });
    const { id } = await devices.addFault(volume, sampleFault(), scope);
    expect(await devices.faults(volume, scope)).toHaveLength(1);
    await devices.removeFault(volume, id, scope);
    await devices.releaseFaults(volume, scope);
    expect((await devices.metrics(volume, scope)).queues).toHaveLength(1);

    expect(launcher.last.calls.slice(-4)).toEqual([
      'growStore 1 8192',
      'growDevice 1 8192',
      'setLimits guest i',
      'releaseFaults 1',
    ]);
    await devices.stop();
  });

  it('fails every request of a volume that is taken by force, and those that hang', async () => {
    const { devices, launcher } = create();
    await devices.open(sampleAttachment(1, 1), scope);

    await devices.failRequests(volumeId(1), scope);

    const [fault] = await devices.faults(volumeId(1), scope);
    // All but FLUSH, which is what keeps the writes of before.
    expect(fault?.rule).toMatchObject({ action: 'error', operations: 27, chancePpm: 1_000_000 });
    expect(launcher.last.calls).toContain('releaseFaults 1');
    await devices.stop();
  });

  it('adopts cards, and takes away slots and cards that nobody knows', async () => {
    const { devices, registry, launcher, backplane } = create();
    const running = new FakeCard(77);
    await running.addDevice(sampleAttachment(1, 1));
    launcher.alive.set('block-card', running);
    registry.putPart(samplePart());
    backplane.open.set(9, 0n);
    backplane.attached.add('block-card').add('stranger');

    await devices.adopt(scope);
    await devices.open(sampleAttachment(1, 1), scope);
    await devices.prune(scope);

    expect(launcher.cards).toEqual([]);
    expect(running.volumes).toEqual([volumeId(1)]);
    expect([...backplane.open.keys()]).toEqual([1]);
    expect([...backplane.attached]).toEqual(['block-card']);
    await devices.abandon();
  });

  it('has a backplane that knows nothing serve what another one did', async () => {
    const { devices, backplane, launcher } = create();
    await devices.open(sampleAttachment(1, 1), scope);
    const [first] = launcher.cards;
    backplane.open.clear();

    await devices.reopen([sampleAttachment(1, 1)], scope);

    expect([...backplane.open]).toEqual([[1, 4_096n]]);
    expect(launcher.last).not.toBe(first);
    expect(launcher.last.volumes).toEqual([volumeId(1)]);
    expect(launcher.assigned).toEqual(['1 block-card', '1 block-card']);
    await devices.stop();
  });
});
