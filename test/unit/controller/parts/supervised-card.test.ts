// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../../src/base/deadline.ts';
import { createLogger } from '../../../../src/base/log.ts';
import type { Part } from '../../../../src/controller/model.ts';
import { SupervisedCard } from '../../../../src/controller/parts/supervised-card.ts';
import { sampleFault, sampleLimits } from '../../card/samples.ts';
import { sampleAttachment, samplePart, volumeId } from '../samples.ts';
import { FakeCard, FakeLauncher } from './fake-cards.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const attachment = sampleAttachment(1, 1);

function create(launcher: FakeLauncher, pingIntervalMs = 60_000) {
  const parts: Part[] = [];
  const card = new SupervisedCard({
    id: 'block-card',
    launcher,
    log: createLogger('test', 'silent'),
    limitsOf: ({ volume }) => [{ scope: 'volume', name: volume, limits: sampleLimits() }],
    onProcess: (part) => parts.push(part),
    pingIntervalMs,
  });
  return { card, parts };
}

/** Waits until a card has been started in place of others. */
async function untilStarted(launcher: FakeLauncher, count: number): Promise<FakeCard> {
  await pollUntil(() => (launcher.cards.length >= count ? true : undefined), 'waiting for a card', {
    ...scope,
    intervalMs: 1,
  });
  return launcher.last;
}

async function until(isReached: () => boolean): Promise<void> {
  await pollUntil(() => (isReached() ? true : undefined), 'waiting for the card', {
    ...scope,
    intervalMs: 1,
  });
}

describe('SupervisedCard', () => {
  it('serves a volume once, under its limits, until it is removed', async () => {
    const launcher = new FakeLauncher();
    const { card, parts } = create(launcher);
    await card.start(undefined, scope);

    await card.serve(attachment, scope);
    await card.serve(attachment, scope);
    expect(launcher.last.volumes).toEqual([volumeId(1)]);
    expect(launcher.last.calls).toEqual([`setLimits volume ${volumeId(1)}`]);
    expect(launcher.assigned).toEqual(['1 block-card']);
    await card.remove(volumeId(1), scope);
    await card.remove(volumeId(1), scope);
    expect(launcher.last.volumes).toEqual([]);
    await card.stop();

    expect(launcher.last.calls).toContain('stop');
    expect(parts).toMatchObject([{ process: { pid: 1_000 }, restarts: 0 }]);
  });

  it('starts a card again that is lost, with all that it served and its faults', async () => {
    const launcher = new FakeLauncher();
    const { card, parts } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(attachment, scope);
    await card.serve(sampleAttachment(2, 1), scope);
    const { id } = await card.addFault(volumeId(1), sampleFault(), scope);

    launcher.last.lose();
    const next = await untilStarted(launcher, 2);
    const faults = await card.faults(volumeId(1), scope);

    expect(next.volumes).toEqual([volumeId(1), volumeId(2)]);
    expect(faults).toEqual([{ id, rule: sampleFault(), matches: 5n, hits: 2n }]);
    expect(launcher.forgotten).toEqual(['block-card']);
    expect(launcher.assigned.slice(2)).toEqual(['1 block-card', '2 block-card']);
    expect(parts.at(-1)).toMatchObject({ restarts: 1 });
    await card.removeFault(volumeId(1), id, scope);
    expect(await next.faults(1)).toEqual([]);
    await card.stop();
  });

  it('starts a card again that does not answer', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher, 1);
    await card.start(undefined, scope);
    const [first] = launcher.cards;
    if (first !== undefined) first.pingFailure = new Error('as the test wants');

    await untilStarted(launcher, 2);

    expect(first?.calls).toContain('kill');
    await card.stop();
  });

  it('reads what a card counts without asking it, also when it is gone', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(attachment, scope);
    const counted = { queues: [], workers: [] };
    launcher.last.counters.set(volumeId(1), counted);
    expect(await card.metrics(volumeId(1), scope)).toBe(counted);

    launcher.startFailures = [new Error('for a while')];
    launcher.last.lose();
    await until(() => card.state === 'backing-off');

    expect(await card.metrics(volumeId(1), scope)).toBe(counted);
    const next = await untilStarted(launcher, 2);
    await until(() => next.volumes.length > 0);
    // The next card counts from zero, and is asked where it has no counters to read.
    await until(() => card.state === 'running');
    expect((await card.metrics(volumeId(1), scope)).queues).toHaveLength(1);
    await card.remove(volumeId(1), scope);
    await expect(card.metrics(volumeId(1), scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await card.stop();
  });

  it('is renewed in stages and at once, with all that it served', async () => {
    const launcher = new FakeLauncher();
    const { card, parts } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(attachment, scope);
    const [first] = launcher.cards;

    await card.renew(scope);

    expect(first?.calls).toContain('stop');
    expect(first?.calls).not.toContain('kill');
    expect(launcher.last).not.toBe(first);
    expect(launcher.last.volumes).toEqual([volumeId(1)]);
    expect(parts.at(-1)).toMatchObject({ restarts: 1 });
    // And again, for the renewal of one card is not that of the next.
    await card.renew(scope);
    expect(launcher.cards).toHaveLength(3);
    await card.stop();
  });

  it('goes on trying when a card cannot be started', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(attachment, scope);
    launcher.startFailures = [new Error('once'), new Error('twice')];

    launcher.last.lose();
    const next = await untilStarted(launcher, 2);
    await card.ask(volumeId(1), scope, async (link, id) => link.releaseFaults(id, scope));

    expect(next.calls).toContain('releaseFaults 1');
    await card.stop();
  });

  it('serves the others when one volume cannot be served again', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(attachment, scope);
    await card.setLimits({ scope: 'host', name: '', limits: sampleLimits() }, scope);
    const next = new FakeCard(7);
    next.addFailure = new Error('as the test wants');
    launcher.start = async () => next;

    launcher.last.lose();
    await pollUntil(
      () => (card.state === 'running' && card.part?.process.pid === 7 ? 1 : undefined),
      'waiting',
      {
        ...scope,
        intervalMs: 1,
      },
    );

    await expect(card.ask(volumeId(1), scope, async () => {})).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    next.addFailure = undefined;
    await card.remove(volumeId(1), scope);
    await card.serve(attachment, scope);
    expect(next.volumes).toEqual([volumeId(1)]);
    await card.stop();
  });

  it('gives a volume once to a card that is being started when somebody asks for it', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(attachment, scope);
    const next = new FakeCard(7);
    const started = Promise.withResolvers<FakeCard>();
    launcher.start = async () => started.promise;

    launcher.last.lose();
    await until(() => card.state === 'starting');
    const serving = card.serve(attachment, scope);
    started.resolve(next);
    await serving;

    expect(next.volumes).toEqual([volumeId(1)]);
    await card.stop();
  });

  it('takes a volume back that was removed while a new card was given it', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    await card.serve(attachment, scope);
    const next = new FakeCard(7);
    const added = Promise.withResolvers<void>();
    const add = next.addDevice.bind(next);
    next.addDevice = async (wanted) => {
      await added.promise;
      return add(wanted);
    };
    launcher.start = async () => next;

    launcher.last.lose();
    await until(() => launcher.assigned.length === 2);
    await card.remove(volumeId(1), scope);
    added.resolve();
    await card.setLimits({ scope: 'host', name: '', limits: sampleLimits() }, scope);
    expect(next.volumes).toEqual([]);
    await card.serve(attachment, scope);

    expect(next.volumes).toEqual([volumeId(1)]);
    await card.stop();
  });

  it('answers who asked while a card could not be started', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher);
    await card.start(undefined, scope);
    const failing = Promise.withResolvers<FakeCard>();
    const next = new FakeCard(7);
    launcher.start = async () => {
      launcher.start = async () => next;
      return failing.promise;
    };

    await until(() => card.state === 'running');
    launcher.last.lose();
    await until(() => card.state === 'starting');
    const asking = card.setLimits({ scope: 'host', name: '', limits: sampleLimits() }, scope);
    failing.reject(new Error('as the test wants'));
    await asking;

    expect(next.calls).toEqual(['setLimits host ']);
    await card.stop();
  });

  it('adopts what a controller before had started, and takes away what nobody wants', async () => {
    const launcher = new FakeLauncher();
    const running = new FakeCard(77);
    await running.addDevice(attachment);
    await running.addDevice(sampleAttachment(2, 1));
    const fault = await running.addFault(1, sampleFault());
    launcher.alive.set('block-card', running);
    const { card } = create(launcher);

    await card.start(samplePart({ restarts: 3 }), scope);
    await card.serve(attachment, scope);
    await card.prune(scope);

    expect(running.volumes).toEqual([volumeId(1)]);
    expect(card.part).toMatchObject({ restarts: 3, process: { pid: 77 } });
    expect(await card.faults(volumeId(1), scope)).toMatchObject([{ id: fault }]);
    expect((await card.addFault(volumeId(1), sampleFault(), scope)).id).toBe(fault + 1);
    await card.abandon();
    expect(running.calls).toContain('abandon');
  });

  it('starts a new card where the old one cannot be adopted', async () => {
    const launcher = new FakeLauncher();
    const { card } = create(launcher);

    await card.start(samplePart({ restarts: 3 }), scope);

    expect(launcher.forgotten).toEqual(['block-card']);
    expect(card.part).toMatchObject({ restarts: 4, process: { pid: 1_000 } });
    await card.stop();
  });
});
