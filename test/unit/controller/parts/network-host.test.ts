// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../../src/base/deadline.ts';
import { createLogger } from '../../../../src/base/log.ts';
import { locateRuntimeDir } from '../../../../src/base/runtime-dir.ts';
import { locateStateDir } from '../../../../src/base/state-dir.ts';
import { NetworkDevices } from '../../../../src/controller/parts/network-host.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { parseCardNetwork } from '../../../../src/network/card-network.ts';
import { parseCidr } from '../../../../src/network/model/address.ts';
import { createCardDirectory } from '../../../../src/network/services/service-records.ts';
import { sampleQuestion, sampleServiceCounters } from '../../card/samples.ts';
import { sampleOptions, sampleVpc, sampleZone } from '../../network/samples.ts';
import { putNetworks } from '../registry/put-networks.ts';
import { sampleInstance, sampleInterfaceAttachment } from '../samples.ts';
import { FakeNetworkLauncher } from './fake-network-cards.ts';
import { FakePlane } from './fake-plane.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const runtimeDir = locateRuntimeDir(locateStateDir({ ARGON_STATE: '/s' }, '/'), '/run');
const attachment = sampleInterfaceAttachment(1, 1);

function create(registry = new Registry(':memory:'), allowsUplinks = false) {
  const plane = new FakePlane();
  const launcher = new FakeNetworkLauncher();
  const log = createLogger('test', 'silent');
  putNetworks(registry);
  registry.putInstance(sampleInstance(1));
  registry.putDevice(attachment);
  const step = async (): Promise<void> => {};
  const devices = new NetworkDevices({
    runtimeDir,
    backplane: plane,
    launcher,
    registry,
    step,
    log,
    allowsUplinks,
  });
  return { devices, launcher, plane, registry };
}

/** The domain that DHCP tells the interface, and the private zone that it may ask. */
function toldTo({ last }: FakeNetworkLauncher): readonly (string | undefined)[] {
  const policy = last.calls.findLast((call) => call.startsWith('policy ')) ?? '';
  const bytes = Uint8Array.from(policy.replace('policy ', '').split(','), Number);
  const asker = createCardDirectory(parseCardNetwork(bytes).services).askerAt(attachment.slot);
  return [asker?.interface.dhcp.domainName, asker?.names?.zoneOf('db.corp')?.origin];
}

describe('NetworkDevices', () => {
  it('opens a slot without memory, and starts the card with the first interface', async () => {
    const { devices, launcher, plane, registry } = create();
    expect(devices.cards()).toEqual([]);

    await Promise.all([devices.open(attachment, scope), devices.open(attachment, scope)]);

    expect(plane.open).toEqual(new Map([[1, 0n]]));
    expect(launcher.cards.length).toBe(1);
    expect(registry.parts()).toMatchObject([{ id: 'network-card', kind: 'network-card' }]);
    expect(devices.cards()).toMatchObject([{ state: 'running' }]);
    await devices.close(attachment, scope);
    expect(plane.open.size).toBe(0);
    expect([...launcher.last.served]).toEqual([]);
    await devices.stop();
    expect(registry.parts()).toEqual([]);
  });

  it('puts a policy in force with each change, and tries a refused one again', async () => {
    const { devices, launcher } = create();
    await devices.refreshPolicy();
    await devices.open(attachment, scope);
    const count = launcher.last.calls.length;

    await devices.refreshPolicy();
    launcher.last.policyFailures = [new Error('as the test wants')];
    await devices.refreshPolicy();

    expect(launcher.last.calls.length).toBe(count + 1);
    expect(devices.conditions()).toMatchObject([
      {
        type: 'PolicyNotInForce',
        reason: 'PushFailed',
        message: expect.stringMatching(/as the test wants$/),
      },
    ]);
    await pollUntil(() => (devices.conditions().length === 0 ? true : undefined), 'another try', {
      ...scope,
      intervalMs: 1,
    });
    expect(launcher.last.calls.length).toBe(count + 2);
    await devices.stop();
  });

  it('says what the numbers of a trace are of, as long as it knows the policy', async () => {
    const { devices, launcher, registry } = create();
    const { from: _from, ...packet } = sampleQuestion();
    const { interface: id } = attachment;
    await expect(devices.trace(id, packet, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
      hint: 'attach it to an instance that runs',
    });
    await devices.open(attachment, scope);

    const traced = await devices.trace(id, packet, scope);

    expect(traced.trace).toMatchObject({ outcome: 'deliver' });
    expect(traced.interfaces).toEqual(new Map([[1, id]]));
    expect(traced.state).toEqual(registry.networks.state());
    launcher.last.generation -= 1n;
    await expect(devices.trace(id, packet, scope)).rejects.toMatchObject({ code: 'aborted' });
    await devices.stop();
  });

  it('tells what is counted, and nothing of a card that is silent', async () => {
    const { devices, launcher } = create();
    const { interface: id } = attachment;
    expect(await devices.counters([id], scope)).toEqual(new Map());
    expect(await devices.serviceCounters(scope)).toBeUndefined();
    await devices.open(attachment, scope);

    const counted = await devices.counters([id, 'eni-0000000000000000f'], scope);
    expect([...counted.keys()]).toEqual([id]);
    expect(counted.get(id)).toMatchObject({ txFrames: 1n, policy: { punts: 14n } });
    expect(await devices.serviceCounters(scope)).toEqual(sampleServiceCounters());
    expect(await devices.flowLogs(scope)).toMatchObject([{ written: 7n }]);

    launcher.last.isSilent = true;
    expect(await devices.counters([id], scope)).toEqual(new Map());
    expect(await devices.serviceCounters(scope)).toBeUndefined();
    expect(await devices.flowLogs(scope)).toEqual([]);
    await devices.stop();
  });

  it('has uplinks only if the host was started with them, and keeps their numbers', async () => {
    const ipv4Cidr = parseCidr('198.51.100.0/30');
    const uplink = { tap: 'outside0', namespace: undefined, ipv4Cidr };
    const { from: _from, ...packet } = sampleQuestion();
    for (const allowsUplinks of [false, true]) {
      const { devices, registry } = create(new Registry(':memory:'), allowsUplinks);
      registry.networks.put('vpc', sampleVpc(1, { uplink }));
      registry.networks.put('vpc', sampleVpc(2, { uplink: { ...uplink, tap: 'b' } }));
      await devices.open(attachment, scope);
      const places = async () =>
        (await devices.trace(attachment.interface, packet, scope)).interfaces;

      expect((await places()).get(1024)).toBe(allowsUplinks ? sampleVpc(1).id : undefined);
      registry.networks.put('vpc', sampleVpc(1));
      await devices.refreshPolicy();
      expect((await places()).get(1024)).toBeUndefined();
      expect((await places()).get(1025)).toBe(allowsUplinks ? sampleVpc(2).id : undefined);
      await devices.abandon();

      // Another controller; the device stays while its number does.
      const next = create(registry, allowsUplinks).devices;
      registry.networks.put('vpc', sampleVpc(2, { uplink: { ...uplink, tap: 'b' } }));
      await next.open(attachment, scope);
      const { interfaces } = await next.trace(attachment.interface, packet, scope);
      expect(interfaces.get(1025)).toBe(allowsUplinks ? sampleVpc(2).id : undefined);
      await next.stop();
    }
  });

  it('says what has become of uplinks, or why nobody can', async () => {
    const refusing = create();
    expect(await refusing.devices.uplinks(scope)).toBe('not-allowed');
    const { devices, launcher } = create(new Registry(':memory:'), true);
    expect(await devices.uplinks(scope)).toBe('no-card');
    await devices.open(attachment, scope);

    expect(await devices.uplinks(scope)).toMatchObject([{ vpc: sampleVpc(1).id, trouble: '' }]);
    launcher.last.isSilent = true;
    expect(await devices.uplinks(scope)).toBe('silent');
    await devices.stop();
  });

  it('opens slots again on another backplane, with another card', async () => {
    const { devices, launcher, plane } = create();
    await devices.open(attachment, scope);
    plane.open.clear();

    await devices.reopen([attachment], scope);

    expect(plane.open).toEqual(new Map([[1, 0n]]));
    expect(launcher.cards.length).toBe(2);
    expect([...launcher.last.served.keys()]).toEqual([1]);
    await devices.stop();
  });

  it('tells every card what option sets and zones say, whoever has started it', async () => {
    using registry = new Registry(':memory:');
    const first = create(registry);
    await first.devices.open(attachment, scope);
    expect(toldTo(first.launcher)).toEqual(['ec2.internal', undefined]);
    const vpc = sampleVpc(1, { dhcpOptions: sampleOptions().id });
    registry.networks.put('dhcp-options', sampleOptions());
    registry.networks.put('vpc', vpc);
    registry.networks.put('private-zone', sampleZone());

    await first.devices.refreshPolicy();
    expect(toldTo(first.launcher)).toEqual(['corp.internal', 'corp']);
    await first.devices.reopen([attachment], scope);
    expect(first.launcher.cards).toHaveLength(2);
    expect(toldTo(first.launcher)).toEqual(['corp.internal', 'corp']);
    await first.devices.abandon();

    const second = create(registry);
    registry.networks.put('vpc', vpc);
    await second.devices.open(attachment, scope);
    expect(toldTo(second.launcher)).toEqual(['corp.internal', 'corp']);
    await second.devices.stop();
  });

  it('takes over the card that a controller before had, or starts another', async () => {
    using registry = new Registry(':memory:');
    const first = create(registry);
    await first.devices.open(attachment, scope);
    first.launcher.alive = first.launcher.last;
    await first.devices.abandon();

    const second = create(registry);
    second.launcher.alive = first.launcher.last;
    await second.devices.adopt(scope);
    await second.devices.open(attachment, scope);
    await second.devices.prune(scope);
    expect(second.launcher.cards).toEqual([]);
    expect([...first.launcher.last.served.keys()]).toEqual([1]);
    await second.devices.abandon();

    const third = create(registry);
    await third.devices.adopt(scope);
    expect(third.launcher.cards.length).toBe(1);
    await third.devices.stop();
  });

  it('has the card capture what it serves', async () => {
    const { devices, launcher } = create();
    const bounds = { framesMax: 5, bytesMax: 4_096, secondsMax: 60 };
    const options = { capture: 'cap-1', interface: attachment.interface, ...bounds };
    expect(devices.process).toBeUndefined();
    await expect(devices.startCapture(options, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await expect(devices.readCapture('cap-1', 0, scope)).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(devices.stopCapture('cap-1', scope)).rejects.toMatchObject({ code: 'not-found' });
    await devices.open(attachment, scope);

    expect(await devices.startCapture(options, scope)).toMatchObject({ frames: 3 });
    expect(await devices.readCapture('cap-1', 7, scope)).toMatchObject({ end: undefined });
    expect(await devices.stopCapture('cap-1', scope)).toMatchObject({ end: 'stopped' });

    expect(launcher.last.calls).toContain(`capture 1 ${attachment.interface}`);
    expect(launcher.last.calls).toContain('read from 7');
    expect(devices.process).toEqual(launcher.last.process);
    await devices.stop();
  });
});
