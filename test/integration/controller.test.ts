// SPDX-License-Identifier: Apache-2.0

// The controller's own program, with a QEMU that is none: what starts with it, who may have a host,
// and what is left when it ends, or when a part of it does.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { connect, type ManagementClient } from '../../src/api/client.ts';
import { type Child, eventually, patienceMs, root, startChild } from './support/child.ts';
import { connectFrontend } from './support/frontend.ts';
import { HostPlace } from './support/host-place.ts';
import { hasEnded } from './support/proc.ts';

const program = join(root, 'src/controller/main.ts');
const scope = { signal: AbortSignal.timeout(patienceMs) };

function launch(place: HostPlace, ...args: readonly string[]): Child {
  const flags = ['--disable-warning=ExperimentalWarning', program, ...args];
  return startChild(process.execPath, flags, { env: place.env });
}

async function start(place: HostPlace, ...args: readonly string[]): Promise<Child> {
  const controller = launch(place, ...args);
  await controller.waitFor('stdout', /ready/);
  return controller;
}

function client(place: HostPlace): ManagementClient {
  return connect({ socketPath: join(place.runtimeDir, 'management.sock') });
}

/** A guest that runs, with a volume. */
async function startGuest(api: ManagementClient): Promise<{ name: string; volume: string }> {
  const instance = { image: 'BOOT_IMAGE_TINY', memoryBytes: 67_108_864n } as const;
  const { name } = await api.call('Instances.CreateInstance', { instance }, scope);
  const sizeBytes = 1_048_576n;
  const volume = await api.call('Volumes.CreateVolume', { volume: { sizeBytes } }, scope);
  await api.call('Volumes.AttachVolume', { name: volume.name, instance: name }, scope);
  await api.call('Instances.StartInstance', { name }, scope);
  return { name, volume: volume.name };
}

async function partsOf(api: ManagementClient): Promise<Readonly<Record<string, number>>> {
  const { parts } = await api.call('Host.GetHost', {}, scope);
  return Object.fromEntries(parts.map(({ id, pid }) => [id, pid]));
}

describe('the controller', () => {
  it('names exactly the parts that run, and leaves none when it is told to end', async () => {
    await using place = await HostPlace.create();
    await using controller = await start(place);
    await using api = client(place);
    expect(Object.keys(await partsOf(api))).toEqual(['controller', 'backplane']);

    const { name } = await startGuest(api);
    const parts = await partsOf(api);
    const machine = `qemu-${name.replace('instances/', '')}`;
    expect(Object.keys(parts)).toEqual(['controller', 'backplane', 'block-card', machine]);
    const { code, stdout } = await controller.end('SIGTERM');

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ready\n' });
    for (const pid of Object.values(parts)) expect(await hasEnded(pid)).toBe(true);
    expect(existsSync(place.runtimeDir)).toBe(false);
  });

  it('ends after it has answered ShutDown', async () => {
    await using place = await HostPlace.create();
    await using controller = await start(place);
    await using api = client(place);
    await startGuest(api);

    expect(await api.call('Host.ShutDown', {}, scope)).toEqual({});

    expect((await controller.waitForEnd()).code).toBe(0);
    expect(await place.machines()).toEqual([]);
    expect(existsSync(place.runtimeDir)).toBe(false);
  });

  it('gives each guest a card of its own where that is asked', async () => {
    await using place = await HostPlace.create();
    await using controller = await start(place, '--cards=per-instance');
    await using api = client(place);

    const guests = [await startGuest(api), await startGuest(api)];
    const cards = guests.map(({ name }) => `block-card-${name.replace('instances/', '')}`);
    expect(Object.keys(await partsOf(api))).toEqual(expect.arrayContaining(cards));
    const [first] = guests;
    await api.call('Instances.StopInstance', { name: first?.name ?? '' }, scope);

    expect(Object.keys(await partsOf(api))).not.toContain(cards[0]);
    expect(Object.keys(await partsOf(api))).toContain(cards[1]);
    await controller.end('SIGTERM');
  });

  it('has a host alone', async () => {
    await using place = await HostPlace.create();
    await using controller = await start(place);

    await using other = launch(place);
    const { code, stderr } = await other.waitForEnd();

    expect(code).toBe(1);
    expect(stderr).toContain('another controller has');
    await controller.end('SIGTERM');
  });

  it('has limits and faults in force after its card was killed', async () => {
    await using place = await HostPlace.create();
    await using controller = await start(place);
    await using api = client(place);
    const { volume } = await startGuest(api);
    const fault = {
      operations: ['FAULT_OPERATION_FLUSH'],
      action: 'FAULT_ACTION_ERROR',
    } as const;
    const made = await api.call('Faults.CreateFault', { volume, fault }, scope);

    const { 'block-card': card = 0 } = await partsOf(api);
    process.kill(card, 'SIGKILL');
    const next = await eventually(async () => {
      const pid = (await partsOf(api))['block-card'];
      return pid !== undefined && pid !== card ? pid : undefined;
    }, 'another card');

    expect(next).not.toBe(card);
    const { faults } = await api.call('Faults.ListFaults', { volume }, scope);
    expect(faults.map(({ name }) => name)).toEqual([made.name]);
    await api.call('Faults.DeleteFault', { name: made.name }, scope);
    expect(await api.call('Faults.ListFaults', { volume }, scope)).toEqual({ faults: [] });
    await controller.end('SIGTERM');
  });

  it('has another backplane when its own is killed, and its guests go on', async () => {
    await using place = await HostPlace.create();
    const first = await start(place);
    let before: Readonly<Record<string, number>>;
    let guest: { readonly name: string; readonly volume: string };
    {
      await using controller = first;
      await using api = client(place);
      guest = await startGuest(api);
      before = await partsOf(api);
      process.kill(before['backplane'] ?? 0, 'SIGKILL');
      const { name } = guest;

      await eventually(async () => {
        const { conditions } = await api.call('Instances.GetInstance', { name }, scope);
        return conditions.find(({ type }) => type === 'BackplaneReplaced');
      }, 'a condition of the guest');
      // QEMU connects again by itself; this machine has no such habit.
      const [socket = ''] = await place.sockets('slots');
      await using frontend = await connectFrontend(join(place.runtimeDir, 'slots', socket));
      expect(await frontend.identify()).toBe(guest.volume.replace('volumes/', ''));

      const { parts } = await api.call('Host.GetHost', {}, scope);
      const plane = parts.find(({ id }) => id === 'backplane');
      expect(plane?.restarts).toBe(1);
      expect(plane?.pid).not.toBe(before['backplane']);
      process.kill(before['controller'] ?? 0, 'SIGKILL');
      await controller.waitForEnd();
    }

    // The new one has the channels of the machine too.
    await using next = await start(place);
    await using api = client(place);
    const { state } = await api.call('Instances.GetInstance', { name: guest.name }, scope);
    const machine = `qemu-${guest.name.replace('instances/', '')}`;

    expect(state).toBe('INSTANCE_STATE_RUNNING');
    expect((await partsOf(api))[machine]).toBe(before[machine]);
    await next.end('SIGTERM');
    expect(await place.machines()).toEqual([]);
  });

  it('ends when no other backplane can serve its guests', async () => {
    await using place = await HostPlace.create();
    await using controller = await start(place);
    await using squatter = createServer();
    {
      await using api = client(place);
      await startGuest(api);
      const [socket = ''] = await place.sockets('slots');
      const path = join(place.runtimeDir, 'slots', socket);
      await rm(path);
      squatter.listen(path);
      await once(squatter, 'listening');
      process.kill((await partsOf(api))['backplane'] ?? 0, 'SIGKILL');
    }

    const { code, stderr } = await controller.waitForEnd();

    expect(code).toBe(1);
    expect(stderr).toContain('the backplane has ended, and no other can be started');
  });

  it('says what became of guests whose backplane died with their controller', async () => {
    await using place = await HostPlace.create();
    let name: string;
    {
      await using controller = await start(place);
      await using api = client(place);
      name = (await startGuest(api)).name;
      const { backplane = 0, controller: pid = 0 } = await partsOf(api);
      process.kill(pid, 'SIGKILL');
      process.kill(backplane, 'SIGKILL');
      await controller.waitForEnd();
    }

    await using next = await start(place);
    await using api = client(place);
    const { state, conditions } = await api.call('Instances.GetInstance', { name }, scope);

    expect(state).toBe('INSTANCE_STATE_ERROR');
    expect(conditions).toMatchObject([{ type: 'MachineFailed', reason: 'MachineEnded' }]);
    expect(await place.machines()).toEqual([]);
    await api.call('Instances.StartInstance', { name }, scope);
    await next.end('SIGTERM');
  });
});
