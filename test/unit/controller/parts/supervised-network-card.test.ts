// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../../src/base/deadline.ts';
import { ArgonError } from '../../../../src/base/errors.ts';
import { createLogger } from '../../../../src/base/log.ts';
import type { InterfaceAttachment, Part } from '../../../../src/controller/model.ts';
import { SupervisedNetworkCard } from '../../../../src/controller/parts/supervised-network-card.ts';
import { sampleQuestion } from '../../card/samples.ts';
import { sampleInterfaceAttachment, samplePart } from '../samples.ts';
import { FakeNetworkCard, FakeNetworkLauncher } from './fake-network-cards.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const [first, second] = [sampleInterfaceAttachment(1, 1), sampleInterfaceAttachment(2, 2)];

function create(launcher: FakeNetworkLauncher, known: readonly InterfaceAttachment[] = []) {
  const parts: Part[] = [];
  const card = new SupervisedNetworkCard({
    id: 'network-card',
    launcher,
    log: createLogger('test', 'silent'),
    attachmentOf: (id) => known.find((attachment) => attachment.interface === id),
    policyOf: (served) => Uint8Array.from(served.map(({ slot }) => slot).toSorted((a, b) => a - b)),
    onProcess: (part) => parts.push(part),
    pingIntervalMs: 60_000,
  });
  return { card, parts };
}

async function untilStarted(launcher: FakeNetworkLauncher, count: number): Promise<void> {
  await pollUntil(() => (launcher.cards.length >= count ? true : undefined), 'waiting for a card', {
    ...scope,
    intervalMs: 1,
  });
}

describe('SupervisedNetworkCard', () => {
  it('serves an interface once, under a policy that has it already', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card, parts } = create(launcher);
    await card.start(undefined, scope);

    await card.serve(first, scope);
    await card.serve(first, scope);
    await card.serve(second, scope);
    await card.remove(first, scope);
    await card.remove(first, scope);

    expect(launcher.last.calls).toEqual([
      'policy 1',
      'add 1',
      'policy 1,2',
      'add 2',
      'remove 1',
      'policy 2',
    ]);
    expect(launcher.assigned).toEqual(['1 network-card', '2 network-card']);
    expect(parts).toMatchObject([{ kind: 'network-card', restarts: 0 }]);
    await card.stop();
  });

  it('gives a card that takes its place the policy, then the interfaces', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card, parts } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(first, scope);
    await card.serve(second, scope);

    launcher.last.lose();
    await untilStarted(launcher, 2);
    await card.pushPolicy(scope);

    expect(launcher.last.calls).toEqual(['policy 1,2', 'add 1', 'add 2', 'policy 1,2']);
    expect(parts.at(-1)).toMatchObject({ restarts: 1 });
    await card.stop();
  });

  it('serves the others where one cannot be served again', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(first, scope);
    await card.serve(second, scope);

    launcher.refusedSlot = 1;
    launcher.last.lose();
    await untilStarted(launcher, 2);
    await card.pushPolicy(scope);

    expect([...launcher.last.served.keys()]).toEqual([2]);
    await card.stop();
  });

  it('forgets an interface that cannot be added, and tells why', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    launcher.refusedSlot = 1;

    await expect(card.serve(first, scope)).rejects.toMatchObject({ code: 'aborted' });

    await card.pushPolicy(scope);
    expect(launcher.last.calls.at(-1)).toBe('policy ');
    await card.stop();
  });

  it('asks about interfaces that it serves, by their slots', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    const { from: _from, ...packet } = sampleQuestion();
    expect(await card.trace(second.interface, packet, scope)).toBeUndefined();
    await card.serve(second, scope);

    expect(await card.trace(second.interface, packet, scope)).toMatchObject({ outcome: 'deliver' });

    expect(launcher.last.calls.at(-1)).toBe('trace 2 10.0.1.11');
    expect(await card.counters(second.interface, scope)).toMatchObject({ txFrames: 2n });
    expect(await card.counters(first.interface, scope)).toBeUndefined();
    await card.remove(second, scope);
    expect(await card.trace(second.interface, packet, scope)).toBeUndefined();
    await card.stop();
  });

  it('pushes policies one after another, also behind one that failed', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    launcher.last.policyFailures = [new ArgonError('data-loss', 'as the test wants')];

    const outcomes = await Promise.allSettled([card.pushPolicy(scope), card.pushPolicy(scope)]);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(card.policyTrouble).toBeUndefined();
    await card.stop();
  });

  it('tries a policy again until it is in force, and says so meanwhile', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    const failure = new ArgonError('data-loss', 'as the test wants');
    launcher.last.policyFailures = [failure, failure, failure];

    await expect(card.pushPolicy(scope)).rejects.toBe(failure);

    expect(card.policyTrouble).toMatchObject({ reason: 'as the test wants' });
    const since = card.policyTrouble?.sinceMs;
    await pollUntil(() => (launcher.last.policyFailures.length <= 1 ? true : undefined), 'a try', {
      ...scope,
      intervalMs: 1,
    });
    expect(card.policyTrouble?.sinceMs ?? since).toBe(since);
    await pollUntil(() => (card.policyTrouble === undefined ? true : undefined), 'the end', {
      ...scope,
      intervalMs: 1,
    });
    expect(launcher.last.calls).toEqual(['policy ']);
    await card.stop();
  });

  it('gives a policy that failed to the next card, and does not outlive it', async () => {
    const launcher = new FakeNetworkLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(first, scope);
    launcher.last.policyFailures = Array.from({ length: 1_000 }, () => new Error('never'));

    await expect(card.pushPolicy(scope)).rejects.toThrow('never');
    launcher.last.lose();
    await untilStarted(launcher, 2);
    await pollUntil(() => (card.policyTrouble === undefined ? true : undefined), 'the end', {
      ...scope,
      intervalMs: 1,
    });
    expect(launcher.last.calls.slice(0, 2)).toEqual(['policy 1', 'add 1']);

    launcher.last.policyFailures = Array.from({ length: 1_000 }, () => new Error('never'));
    await expect(card.pushPolicy(scope)).rejects.toThrow('never');
    await card.stop();
    expect(launcher.last.policyFailures.length).toBeGreaterThan(900);
  });

  it('takes over what the registry has, and nothing else', async () => {
    const launcher = new FakeNetworkLauncher();
    const alive = new FakeNetworkCard(launcher, 77);
    for (const { slot, interface: id } of [first, second]) alive.served.set(slot, id);
    launcher.alive = alive;
    const { card } = create(launcher, [first]);

    await card.start(samplePart({ id: 'network-card', kind: 'network-card' }), scope);
    await card.pushPolicy(scope);

    expect(alive.calls).toEqual(['remove 2', 'policy 1', 'policy 1']);
    await card.prune(scope);
    expect([...alive.served.keys()]).toEqual([]);
    await card.abandon();
    expect(alive.calls.at(-1)).toBe('abandon');
  });
});
