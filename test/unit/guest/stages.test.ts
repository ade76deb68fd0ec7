// SPDX-License-Identifier: Apache-2.0

import { type Duplex, duplexPair } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { GuestConsole } from '../../../src/guest/console.ts';
import {
  type BootEvent,
  BootWatch,
  type BootWatchOptions,
  GuestTroubleError,
  stageBudgets,
} from '../../../src/guest/stages.ts';

const patient = { firmware: 60_000, kernel: 60_000, init: 60_000, agent: 60_000 };

function open(options: Partial<BootWatchOptions> = {}): {
  watch: BootWatch;
  guest: Duplex;
  guestConsole: GuestConsole;
  events: BootEvent[];
} {
  const [ours, guest] = duplexPair();
  const guestConsole = new GuestConsole(ours);
  const watch = new BootWatch(guestConsole, { budgetsMs: patient, ...options });
  const events: BootEvent[] = [];
  watch.onEvent((event) => events.push(event));
  return { watch, guest, guestConsole, events };
}

function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(300_000) };
}

const linux = '[    0.000000] Linux version 6.1.0\n';
const init = '[    2.345678] Run /init as init process\n';
const panic = '[    2.599926] Kernel panic - not syncing: dead\n';

describe('waitFor', () => {
  it('follows a boot stage by stage', async () => {
    const { watch, guest, events } = open();
    guest.write(linux);
    await watch.waitFor('kernel', soon());
    guest.write(init);
    await watch.waitFor('init', soon());
    watch.note('agent');
    watch.note('ready');
    await watch.waitFor('ready', soon());

    const seen = events.map((event) => (event.kind === 'stage' ? event.stage : event.kind));
    expect(seen).toEqual(['kernel', 'init', 'agent', 'ready']);
  });

  it('takes a later stage for all before it, and never goes back', async () => {
    const { watch, guest, guestConsole } = open();
    watch.note('agent');
    guest.write(linux);
    await guestConsole.expect('6.1.0', soon());

    await watch.waitFor('kernel', soon());
    expect(watch.stage).toBe('agent');
  });

  it('is ready by the text of a guest that says so, even in a prompt', async () => {
    const { watch, guest } = open({ readyText: 'guest login: ' });
    guest.write('guest login: ');

    await expect(watch.waitFor('ready', soon())).resolves.toBeUndefined();
  });

  it('rejects at once on a panic, when the report that follows is in the history', async () => {
    const { watch, guest, guestConsole, events } = open();
    guest.write(linux);
    const waiting = watch.waitFor('ready', soon());
    guest.write(panic);
    guest.write('[    2.600000] Call Trace:\n[    2.600001] ---[ end Kernel panic ]---\n');

    const error = await waiting.catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(GuestTroubleError);
    expect(error).toMatchObject({
      code: 'aborted',
      stage: 'kernel',
      trouble: { kind: 'panic', line: panic.trim() },
      message: `the guest panicked at stage kernel: ${panic.trim()}`,
    });
    expect(guestConsole.lastLines(1)).toEqual(['[    2.600001] ---[ end Kernel panic ]---']);
    expect(events.at(-1)).toMatchObject({ kind: 'trouble', trouble: { kind: 'panic' } });
  });

  it('goes on when something is only slow, and keeps the first of each kind', async () => {
    const { watch, guest } = open();
    const line = '[   26.123456] watchdog: BUG: soft lockup - CPU#0 stuck for 26s!\n';
    guest.write(line + line + init);

    await watch.waitFor('init', soon());
    expect(watch.troubles.map(({ kind }) => kind)).toEqual(['hung']);
  });

  it('names the stage when a budget ends', async () => {
    const { watch, guest } = open({ budgetsMs: { firmware: 20, kernel: 20, init: 20, agent: 20 } });
    guest.write(linux);

    const error = watch.waitFor('ready', soon());

    await expect(error).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: expect.stringMatching(
        /^the guest was still at stage kernel after \d+\.\d s, waiting for ready$/,
      ),
      details: { stage: 'kernel' },
    });
  });

  it('lends what one stage leaves over to the next', async () => {
    const { watch } = open({ budgetsMs: { firmware: 60_000, kernel: 0, init: 0, agent: 0 } });
    watch.note('init');
    const waiting = watch.waitFor('agent', soon());
    watch.note('agent');

    await expect(waiting).resolves.toBeUndefined();
  });

  it('counts from the release of a guest that was held', async () => {
    const { watch } = open({ budgetsMs: { firmware: 50, kernel: 0, init: 0, agent: 0 } });
    await expect(watch.waitFor('kernel', soon())).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });

    watch.restartClock();
    const waiting = watch.waitFor('kernel', soon());
    watch.note('kernel');
    await expect(waiting).resolves.toBeUndefined();
  });

  it("names the stage when the caller's own deadline ends, and not when it gives up", async () => {
    const { watch } = open();

    await expect(watch.waitFor('ready', { signal: AbortSignal.timeout(1) })).rejects.toMatchObject({
      code: 'deadline-exceeded',
      details: { stage: 'firmware' },
    });
    await expect(watch.waitFor('ready', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('rejects when the guest ends', async () => {
    const { watch, guest } = open();
    const waiting = watch.waitFor('ready', soon());
    guest.end(linux);

    await expect(waiting).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the guest ended at stage kernel',
    });
  });
});

describe('guard', () => {
  it('gives what it guards', async () => {
    const { watch } = open();

    await expect(watch.guard(Promise.resolve(7))).resolves.toBe(7);
    await expect(watch.guard(Promise.reject(new Error('own')))).rejects.toThrow('own');
  });

  it('rejects when the guest panics meanwhile, or has before', async () => {
    const { watch, guest } = open();
    const { promise: never } = Promise.withResolvers<never>();
    const waiting = watch.guard(never);
    guest.write(panic);

    await expect(waiting).rejects.toThrow(GuestTroubleError);
    await expect(watch.guard(never)).rejects.toThrow(GuestTroubleError);
  });
});

describe('dispose', () => {
  it('stops watching', async () => {
    const { watch, guest, guestConsole } = open();
    watch[Symbol.dispose]();
    guest.write(linux);
    await guestConsole.expect('6.1.0', soon());

    expect(watch.stage).toBe('firmware');
  });
});

describe('stageBudgets', () => {
  it('gives TCG four times as long, and more by a factor', () => {
    expect(stageBudgets('kvm').kernel).toBe(15_000);
    expect(stageBudgets('tcg').kernel).toBe(60_000);
    expect(stageBudgets('tcg', 2.5)).toEqual({
      firmware: 100_000,
      kernel: 150_000,
      init: 450_000,
      agent: 200_000,
    });
  });
});
