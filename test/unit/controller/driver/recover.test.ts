// SPDX-License-Identifier: Apache-2.0

// Goal: a controller that is killed at any step of any mutation leaves the old or the new state and
// nothing that nobody knows. Method: a step that never returns is a driver that is gone; the next
// driver starts on the same registry, the same files and the same parts.

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../../src/base/byte-size.ts';
import type { InstanceId } from '../../../../src/base/instance-id.ts';
import type { VolumeId } from '../../../../src/base/volume-id.ts';
import { standInOf } from '../../../../src/controller/driver/decide.ts';
import { deviceId } from '../../../../src/controller/model.ts';
import { networkId } from '../../network/samples.ts';
import { putNetworks } from '../registry/put-networks.ts';
import { FakeMachine, scope, type TestDriver, TestHost } from './fake-host.ts';
import {
  attachVolume,
  createInstance,
  createVolume,
  deleteVolume,
  detachVolume,
  makeInstance,
  makeVolume,
  onInstance,
  runInstance,
  stopInstance,
  updateVolume,
} from './requests.ts';

const eni = networkId('eni', 1);
const once = { requestId: '', isValidateOnly: false } as const;

interface Scene {
  readonly volume: VolumeId;
  readonly instance: InstanceId;
}

interface Case {
  readonly name: string;
  readonly prepare: (driver: TestDriver) => Promise<Scene>;
  readonly mutate: (driver: TestDriver, scene: Scene) => Promise<unknown>;
  /** What a caller can tell the old state from the new by. */
  readonly look: (driver: TestDriver, scene: Scene) => unknown;
  readonly before: unknown;
  readonly after: unknown;
}

async function stoppedScene(driver: TestDriver): Promise<Scene> {
  return { volume: await makeVolume(driver), instance: await makeInstance(driver) };
}

async function runningScene(driver: TestDriver): Promise<Scene> {
  return { volume: await makeVolume(driver), instance: await runInstance(driver) };
}

async function attachedScene(driver: TestDriver): Promise<Scene> {
  const scene = await runningScene(driver);
  await driver.attachments.attach(attachVolume(scene.volume, scene.instance), scope);
  return scene;
}

function phaseOf({ registry }: TestDriver, { volume }: Scene): string {
  return registry.attachment(volume)?.phase ?? 'none';
}

function stateOf({ registry }: TestDriver, { instance }: Scene): string {
  return registry.instance(instance)?.state ?? 'none';
}

const cases: readonly Case[] = [
  {
    name: 'creating a volume',
    prepare: stoppedScene,
    mutate: async ({ volumes }) => volumes.create(createVolume({ displayName: 'new' }), scope),
    look: ({ registry }) => registry.volumes().items.length,
    before: 1,
    after: 2,
  },
  {
    name: 'deleting a volume',
    prepare: stoppedScene,
    mutate: async ({ volumes }, { volume }) => volumes.delete(deleteVolume(volume), scope),
    look: ({ registry }) => registry.volumes().items.length,
    before: 1,
    after: 0,
  },
  {
    name: 'growing a volume',
    prepare: stoppedScene,
    mutate: async ({ volumes }, { volume }) =>
      volumes.update(updateVolume(volume, { sizeBytes: parseBytes('2MiB') }), scope),
    look: ({ registry }, { volume }) => registry.volume(volume)?.sizeBytes,
    before: 1_048_576,
    after: 2_097_152,
  },
  {
    name: 'growing a volume that a guest uses',
    prepare: attachedScene,
    mutate: async ({ volumes }, { volume }) =>
      volumes.update(updateVolume(volume, { sizeBytes: parseBytes('2MiB') }), scope),
    look: ({ registry }, { volume }) => registry.volume(volume)?.sizeBytes,
    before: 1_048_576,
    after: 2_097_152,
  },
  {
    name: 'creating an instance',
    prepare: stoppedScene,
    mutate: async ({ instances }, { volume }) =>
      instances.create(createInstance({ image: 'none', bootVolume: volume }), scope),
    look: ({ registry }) => registry.instances().items.length,
    before: 1,
    after: 2,
  },
  {
    name: 'creating an instance of an image with a disk',
    prepare: stoppedScene,
    mutate: async ({ instances }) => instances.create(createInstance({ image: 'debian' }), scope),
    look: ({ registry }) => registry.instances().items.length,
    before: 1,
    after: 2,
  },
  {
    name: 'starting an instance',
    prepare: async (driver) => {
      const scene = await stoppedScene(driver);
      await driver.attachments.attach(attachVolume(scene.volume, scene.instance), scope);
      return scene;
    },
    mutate: async ({ instances }, { instance }) => instances.start(onInstance(instance), scope),
    look: stateOf,
    before: 'stopped',
    after: 'running',
  },
  {
    name: 'stopping an instance',
    prepare: attachedScene,
    mutate: async ({ instances }, { instance }) => instances.stop(stopInstance(instance), scope),
    look: stateOf,
    before: 'running',
    after: 'stopped',
  },
  {
    name: 'resetting an instance',
    prepare: attachedScene,
    mutate: async ({ instances }, { instance }) => instances.reset(onInstance(instance), scope),
    look: stateOf,
    before: 'running',
    after: 'running',
  },
  {
    name: 'deleting an instance',
    prepare: stoppedScene,
    mutate: async ({ instances }, { instance }) =>
      instances.delete({ ...onInstance(instance), etag: '', isMissingAllowed: false }, scope),
    look: stateOf,
    before: 'stopped',
    after: 'none',
  },
  {
    name: 'attaching to a stopped instance',
    prepare: stoppedScene,
    mutate: async ({ attachments }, { volume, instance }) =>
      attachments.attach(attachVolume(volume, instance), scope),
    look: phaseOf,
    before: 'none',
    after: 'plugged',
  },
  {
    name: 'attaching to a running instance',
    prepare: runningScene,
    mutate: async ({ attachments }, { volume, instance }) =>
      attachments.attach(attachVolume(volume, instance), scope),
    look: phaseOf,
    before: 'none',
    after: 'plugged',
  },
  {
    name: 'detaching by force from a guest that does not let go',
    prepare: attachedScene,
    mutate: async ({ attachments, context }, { volume, instance }) => {
      const machine = context.running.get(instance);
      if (machine instanceof FakeMachine) machine.isObedient = false;
      return attachments.detach(detachVolume(volume, { isForced: true }), scope);
    },
    // One that broke off is busy: nothing has changed, and it may be tried again.
    look: (driver, scene) =>
      phaseOf(driver, scene) === 'busy' ? 'plugged' : phaseOf(driver, scene),
    before: 'plugged',
    after: 'none',
  },
  {
    name: 'detaching an interface by force from a guest that does not let go',
    prepare: async (driver) => {
      const scene = await runningScene(driver);
      putNetworks(driver.registry);
      const request = { ...once, interface: eni, instance: scene.instance };
      await driver.interfaces.attach(request, scope);
      return scene;
    },
    mutate: async ({ interfaces, context }, { instance }) => {
      const machine = context.running.get(instance);
      if (machine instanceof FakeMachine) machine.isObedient = false;
      return interfaces.detach({ ...once, interface: eni, isForced: true }, scope);
    },
    look: ({ registry }) => (registry.networks.attachment(eni) === undefined ? 'none' : 'plugged'),
    before: 'plugged',
    after: 'none',
  },
  {
    name: 'detaching from a running instance',
    prepare: attachedScene,
    mutate: async ({ attachments }, { volume }) => attachments.detach(detachVolume(volume), scope),
    look: phaseOf,
    before: 'plugged',
    after: 'none',
  },
];

/** Nothing is there that the registry does not say, and all that it says. */
async function expectConsistent(host: TestHost, { registry }: TestDriver): Promise<void> {
  const running = registry.instances().items.filter(({ state }) => state === 'running');
  expect([...host.parts.alive].filter(([, { isAlive }]) => isAlive).map(([id]) => id)).toEqual(
    running.map(({ id }) => id),
  );
  const standIns = running.flatMap(({ id }) => registry.heldSlots(id).map(standInOf));
  const served = [...running.flatMap(({ id }) => registry.devices(id)), ...standIns];
  expect([...host.parts.opened].toSorted(([a], [b]) => a - b)).toEqual(
    served
      .map((device): [number, string] => [device.slot, deviceId(device)])
      .toSorted(([a], [b]) => a - b),
  );
  for (const { id } of running) {
    expect([...(host.parts.alive.get(id)?.plugged ?? [])].toSorted()).toEqual(
      [...registry.devices(id), ...registry.held(id)]
        .map((one) => ('interface' in one ? one.interface : one.volume))
        .toSorted(),
    );
  }
  for (const { phase } of registry.devices()) expect(phase).toMatch(/plugged|busy/);
  for (const { state } of registry.instances().items) expect(state).toMatch(/stopped|running/);
  for (const { phase } of registry.volumes().items) expect(phase).toBe('available');
  expect((await readdir(join(host.path, 'volumes'))).toSorted()).toEqual(
    registry
      .volumes()
      .items.map(({ id }) => String(id))
      .toSorted(),
  );
}

/** A driver that stops for ever at its nth step, and the steps that it took. */
function stopAt(nth: number): {
  readonly step: (name: string) => Promise<void>;
  readonly arm: () => void;
  readonly stopped: Promise<void>;
  readonly taken: string[];
} {
  const taken: string[] = [];
  const stopped = Promise.withResolvers<void>();
  let isArmed = false;
  return {
    taken,
    stopped: stopped.promise,
    arm() {
      isArmed = true;
    },
    async step(name) {
      if (!isArmed) return;
      taken.push(name);
      if (taken.length < nth) return;
      stopped.resolve();
      await new Promise<never>(() => {});
    },
  };
}

describe.each(cases)('$name', ({ prepare, mutate, look, before, after }) => {
  it('is whole or not at all, wherever the controller is killed', async () => {
    const outcomes = new Set<unknown>();
    for (let nth = 1; ; nth += 1) {
      await using host = await TestHost.create();
      const stop = stopAt(nth);
      const killed = await host.start(stop.step);
      const scene = await prepare(killed);
      stop.arm();
      const isFinished = await Promise.race([
        mutate(killed, scene).then(() => true),
        stop.stopped.then(() => false),
      ]);

      const next = await host.start();

      const seen = look(next, scene);
      expect([before, after], `killed at ${stop.taken.at(-1) ?? 'nothing'}`).toContain(seen);
      if (isFinished) expect(seen).toBe(after);
      outcomes.add(seen);
      await expectConsistent(host, next);
      if (isFinished) break;
      // What had begun can be asked for again, and nothing stands in its way.
      if (seen === before) {
        await mutate(next, scene);
        expect(look(next, scene)).toBe(after);
        await expectConsistent(host, next);
      }
    }
    expect(outcomes).toContain(after);
  });
});

describe('recover', () => {
  it('gives volumes that were made without the controller a row', async () => {
    await using host = await TestHost.create();
    const first = await host.start();
    const record = await first.store.create({ sizeBytes: parseBytes('1MiB'), cipher: 'none' });

    const next = await host.start();

    expect(next.registry.volume(record.id)).toMatchObject({ phase: 'available', cipher: 'none' });
  });

  it('says of a volume whose files are gone that it is damaged, until they are back', async () => {
    await using host = await TestHost.create();
    const id = await makeVolume(await host.start());
    await rm(join(host.path, 'volumes', id), { recursive: true });

    const next = await host.start();

    expect(next.registry.volume(id)).toMatchObject({
      phase: 'error',
      conditions: [{ type: 'FilesMissing' }],
    });
    await next.volumes.delete(deleteVolume(id), scope);
    expect(next.registry.volume(id)).toBeUndefined();
  });

  it.each([
    ['guest-shutdown', false, 'stopped'],
    ['guest-reset', false, 'running'],
    [undefined, false, 'error'],
    ['guest-shutdown', true, 'error'],
  ] as const)(
    'of a machine that ended as %s (panic: %s) makes %s',
    async (reason, hasPanicked, state) => {
      await using host = await TestHost.create();
      const first = await host.start();
      const id = await runInstance(first);
      first.context.running.delete(id); // The driver is gone before the machine.
      host.parts.alive.get(id)?.end(reason, hasPanicked);

      const next = await host.start();

      expect(next.registry.instance(id)?.state).toBe(state);
    },
  );

  it('keeps what a guest has not let go of', async () => {
    await using host = await TestHost.create();
    const first = await host.start();
    const scene = await attachedScene(first);
    const attachment = first.registry.attachment(scene.volume);
    if (attachment === undefined) throw new Error('it is attached');
    const machine = host.parts.alive.get(scene.instance);
    if (machine !== undefined) machine.isObedient = false;

    first.registry.putAttachment({ ...attachment, phase: 'reserved' });
    const second = await host.start();
    expect(phaseOf(second, scene)).toBe('plugged');

    second.registry.putAttachment({ ...attachment, phase: 'releasing' });
    const third = await host.start();
    expect(phaseOf(third, scene)).toBe('busy');
  });

  it('drops requests that have no answer, so that they may be sent again', async () => {
    await using host = await TestHost.create();
    const first = await host.start();
    first.registry.putOperation({
      requestId: 'abcdefgh',
      method: 'volumes.create',
      requestHash: 'x',
      startTimeMs: 1,
      answer: undefined,
    });

    const next = await host.start();

    expect(next.registry.operation('abcdefgh')).toBeUndefined();
  });
});
