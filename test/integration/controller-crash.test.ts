// SPDX-License-Identifier: Apache-2.0

// Goal: kill -9 of the controller at every step of every mutation leaves the old or the new state,
// and nothing that the registry does not know. Method: real processes but for QEMU; a controller
// that a test kills at its nth step, and the next one, which is asked and killed at step n + 1.

import { describe, expect, it } from 'vitest';

import { eventually } from './support/child.ts';
import type { HostCommand } from './support/host-controller.ts';
import { type HostController, HostPlace, type HostState } from './support/host-place.ts';

/** Nothing is there that the registry does not say, and all that it says. */
async function expectInLine(place: HostPlace, state: HostState): Promise<void> {
  const running = state.instances.filter((instance) => instance.state === 'running');
  const served = state.attachments.filter(({ instance }) =>
    running.some(({ id }) => id === instance),
  );
  // A card that was given up ends in its own time.
  const cardPids = state.parts
    .filter(({ id }) => id.startsWith('block-card') || id === 'network-card')
    .map(({ pid }) => pid);
  await eventually(
    async () => ((await place.cards()).length === cardPids.length ? true : undefined),
    'the end of cards that nobody knows',
  );
  expect(await place.cards()).toEqual(cardPids);
  expect(await place.machines()).toEqual(running.map(({ pid }) => pid));
  expect(await place.sockets('slots')).toEqual(served.map(({ slot }) => `${slot}.sock`).toSorted());
  expect(await place.sockets('tenant')).toEqual(
    running.flatMap(({ id }) => [`${id}.agent.sock`, `${id}.console.sock`]).toSorted(),
  );
  expect(await place.names('volumes')).toEqual(state.volumes.map(({ id }) => id).toSorted());
  for (const name of await place.names('host', 'instances')) {
    expect(state.instances.map(({ id }) => id)).toContain(name);
  }
  for (const { phase } of state.volumes) expect(phase).toBe('available');
  for (const instance of state.instances) expect(instance.state).toMatch(/^(stopped|running)$/);
  for (const { phase } of state.attachments) expect(phase).toBe('plugged');
}

interface Case {
  /** What is killed in the middle. */
  readonly command: HostCommand;
  /** What brings the old state back. */
  readonly undo?: HostCommand;
  readonly look: (state: HostState) => unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/** Kills at the first step, the second, … until the command gets through. */
async function killAtEachStep(
  place: HostPlace,
  first: HostController,
  { command, undo, look, before, after }: Case,
): Promise<HostController> {
  let controller = first;
  for (let killAt = 1; ; killAt += 1) {
    const answer = await controller.tell({ ...command, killAt });
    if (answer !== undefined) {
      expect(answer.error, `${command.do} at ${killAt}`).toBeUndefined();
      expect(look(await controller.inspect())).toEqual(after);
      await expectInLine(place, await controller.inspect());
      if (undo !== undefined) await controller.get(undo);
      return controller;
    }
    await controller[Symbol.asyncDispose]();
    controller = await place.start();
    const state = await controller.inspect();
    expect([before, after], `${command.do} killed at ${killAt}`).toContainEqual(look(state));
    await expectInLine(place, state);
    const isNew = JSON.stringify(look(state)) === JSON.stringify(after);
    if (isNew && undo !== undefined) await controller.get(undo);
    if (isNew && undo === undefined) return controller;
  }
}

const mib = 2 ** 20;

interface Plugging {
  readonly attach: HostCommand;
  readonly detach: HostCommand;
}

function phaseOf({ attachments }: HostState): unknown {
  return attachments[0]?.phase;
}

/** The device is attached in the end. */
async function killWhileAttaching(
  place: HostPlace,
  controller: HostController,
  { attach: command, detach: undo }: Plugging,
): Promise<HostController> {
  const attaching = { command, undo, look: phaseOf, before: undefined, after: 'plugged' };
  const last = await killAtEachStep(place, controller, attaching);
  await last.get(command);
  return last;
}

/** The device is attached before, and in the end. */
async function killWhileDetaching(
  place: HostPlace,
  controller: HostController,
  { attach: undo, detach: command }: Plugging,
): Promise<HostController> {
  const detaching = { command, undo, look: phaseOf, before: 'plugged', after: undefined };
  return killAtEachStep(place, controller, detaching);
}

describe('a controller that is killed at every step', () => {
  it('of making and deleting a volume', async () => {
    await using place = await HostPlace.create();
    let controller = await place.start();
    const count = ({ volumes }: HostState): number => volumes.length;

    // Each that gets through stays, and the next one is one more.
    controller = await killAtEachStep(place, controller, {
      command: { do: 'create-volume' },
      look: count,
      before: 0,
      after: 1,
    });
    const [made] = (await controller.inspect()).volumes;
    controller = await killAtEachStep(place, controller, {
      command: { do: 'delete-volume', volume: made?.id ?? '' },
      look: count,
      before: 1,
      after: 0,
    });

    expect(await controller.get({ do: 'shut-down' })).toBe('down');
    await controller[Symbol.asyncDispose]();
  });

  it.each([
    ['starting', { do: 'start' }, { do: 'stop' }, 'stopped', 'running'],
    ['resetting', { do: 'reset' }, { do: 'inspect' }, 'running', 'running'],
    ['stopping', { do: 'stop' }, { do: 'start' }, 'running', 'stopped'],
  ] as const)('of %s a guest with a volume', async (_what, command, undo, before, after) => {
    await using place = await HostPlace.create();
    let controller = await place.start();
    const volume = await controller.get({ do: 'create-volume' });
    const instance = await controller.get({ do: 'create-instance' });
    await controller.get({ do: 'attach', volume, instance });
    if (before === 'running') await controller.get({ do: 'start', instance });

    controller = await killAtEachStep(place, controller, {
      command: { ...command, instance },
      undo: { ...undo, instance },
      look: ({ instances }) => instances[0]?.state,
      before,
      after,
    });

    expect(await controller.get({ do: 'shut-down' })).toBe('down');
    await controller[Symbol.asyncDispose]();
    expect(await place.machines()).toEqual([]);
    expect(await place.sockets('slots')).toEqual([]);
  });

  it('of attaching, growing and detaching a volume of a running guest', async () => {
    await using place = await HostPlace.create();
    let controller = await place.start();
    const volume = await controller.get({ do: 'create-volume' });
    const instance = await controller.get({ do: 'create-instance' });
    await controller.get({ do: 'start', instance });
    const attach: HostCommand = { do: 'attach', volume, instance };
    const detach: HostCommand = { do: 'detach', volume };

    controller = await killWhileAttaching(place, controller, { attach, detach });
    controller = await killAtEachStep(place, controller, {
      command: { do: 'grow-volume', volume, sizeBytes: 2 * mib },
      look: ({ volumes }) => volumes[0]?.sizeBytes,
      before: mib,
      after: 2 * mib,
    });
    controller = await killWhileDetaching(place, controller, { attach, detach });

    expect(await controller.get({ do: 'shut-down' })).toBe('down');
    await controller[Symbol.asyncDispose]();
  });

  it('of attaching and detaching an interface of a running guest', async () => {
    await using place = await HostPlace.create();
    let controller = await place.start();
    const made = await controller.get({ do: 'create-interface' });
    const instance = await controller.get({ do: 'create-instance' });
    await controller.get({ do: 'start', instance });
    const attach: HostCommand = { do: 'attach-interface', interface: made, instance };
    const detach: HostCommand = { do: 'detach-interface', interface: made };

    controller = await killWhileAttaching(place, controller, { attach, detach });
    controller = await killWhileDetaching(place, controller, { attach, detach });

    expect(await controller.get({ do: 'shut-down' })).toBe('down');
    await controller[Symbol.asyncDispose]();
  });
});
