// SPDX-License-Identifier: Apache-2.0

import { type Duplex, duplexPair } from 'node:stream';

import { describe, expect, it, vi } from 'vitest';

import type { CardExit, CardProcess } from '../../../../src/card/bus/card-process.ts';
import { GuestSession } from '../../../../src/cli/run/guest-session.ts';
import type { RunningInstance } from '../../../../src/controller/instance.ts';
import type { QemuExit, QemuProcess } from '../../../../src/qemu/process.ts';
import { base64, exited, FakeAgent, type FakeReply } from '../../guest/fake-agent.ts';
import { openFake } from '../../qemu/fake-qmp.ts';
import { FakeContext, untouched } from '../fake-context.ts';

interface Stage extends AsyncDisposable {
  readonly session: GuestSession;
  readonly guest: FakeAgent;
  /** The guest's end of its console. */
  readonly serial: Duplex;
  readonly context: FakeContext;
  /** Ends the card, as a process ends. */
  readonly endCard: (exit: CardExit) => void;
  /** Ends QEMU. */
  readonly end: (change?: Partial<QemuExit>) => void;
  readonly verbs: () => readonly string[];
}

const patient = { firmware: 60_000, kernel: 60_000, init: 60_000, agent: 60_000 };
const soon = { signal: AbortSignal.timeout(300_000) };
const waitOptions = { timeout: 30_000 }; // A hang; it is a second where nothing is said.

async function open(budgetsMs = patient): Promise<Stage> {
  const [serialOurs, serial] = duplexPair();
  const [agentOurs, agentTheirs] = duplexPair();
  const guest = new FakeAgent(agentTheirs);
  const ended = Promise.withResolvers<QemuExit>();
  const { qemu, qmp } = await openFake();
  const process: QemuProcess = {
    pid: 1,
    qmp,
    serial: serialOurs,
    agent: agentOurs,
    exited: ended.promise,
    [Symbol.asyncDispose]: async () => {},
  };
  const cardEnded = Promise.withResolvers<CardExit>();
  const instance: RunningInstance = {
    qemu: process,
    card: { exited: cardEnded.promise } as CardProcess,
    socketDir: '/run/x',
    controlSockets: [],
    [Symbol.asyncDispose]: async () => {},
  };
  const context = new FakeContext(untouched);
  const session = new GuestSession(instance, {
    consoleSocket: '/run/x/console.sock',
    budgetsMs,
    consoleLog: '/dev/null',
    stages: context.stages,
  });
  return {
    session,
    guest,
    serial,
    context,
    verbs: () => qemu.verbs,
    endCard: cardEnded.resolve,
    end: (change = {}) => {
      ended.resolve({
        end: { kind: 'code', code: 0 },
        reason: 'guest-shutdown',
        hasPanicked: false,
        stderr: [],
        ...change,
      });
      serial.end();
    },
    [Symbol.asyncDispose]: async () => {
      serial.end();
      await session[Symbol.asyncDispose]();
    },
  };
}

/** Answers guest-exec and its status as a command that is over at once. */
function commandThat(status: { return: unknown }): (request: { execute: string }) => FakeReply {
  return ({ execute }) => {
    if (execute === 'guest-exec') return { return: { pid: 7 } };
    return execute === 'guest-exec-status' ? status : { return: {} };
  };
}

describe('GuestSession.waitUntilReady', () => {
  it('shows each stage until the agent answers', async () => {
    await using stage = await open();
    stage.guest.isUp = false;
    const ready = stage.session.waitUntilReady(soon);
    stage.serial.write('[    0.000000] Linux version 6.1.0\n');
    stage.serial.write('[    2.345678] Run /init as init process\n');
    await vi.waitFor(() => {
      expect(stage.context.stderr).toContain('kernel … ok');
    }, waitOptions);
    stage.guest.isUp = true;

    await ready;

    expect(stage.context.stderr.replaceAll(/\[ *[\d.]+s\] /g, '')).toBe(
      'firmware … ok\nkernel … ok\ninit … ok\nagent … ok\n',
    );
  });

  it('fails when the guest panics', async () => {
    await using stage = await open();
    stage.guest.isUp = false;
    const ready = stage.session.waitUntilReady(soon);
    stage.serial.write('[    2.599926] Kernel panic - not syncing: dead\n');

    await expect(ready).rejects.toMatchObject({ name: 'GuestTroubleError' });
    expect(stage.context.stderr).toContain('FAILED');
  });

  it('fails with what QEMU said when it ends', async () => {
    await using stage = await open();
    stage.guest.isUp = false;
    const ready = stage.session.waitUntilReady(soon);
    stage.end({ stderr: ['qemu: cannot set up guest memory'] });

    await expect(ready).rejects.toMatchObject({ code: 'aborted' });
  });

  it('fails when a stage takes too long', async () => {
    await using stage = await open({ firmware: 5, kernel: 5, init: 5, agent: 5 });
    stage.guest.isUp = false;

    await expect(stage.session.waitUntilReady(soon)).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
  });

  it('ends with its caller', async () => {
    await using stage = await open();
    stage.guest.isUp = false;
    const cancel = new AbortController();
    const ready = stage.session.waitUntilReady({ signal: cancel.signal });
    cancel.abort();

    await expect(ready).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('GuestSession.exec', () => {
  it('gives what a command did', async () => {
    await using stage = await open();
    stage.guest.reply = commandThat(
      exited(3, { 'out-data': base64('out'), 'err-data': base64('err') }),
    );

    const result = await stage.session.exec('true', soon);

    expect({ ...result, stdout: String(result.stdout), stderr: String(result.stderr) }).toEqual({
      exitCode: 3,
      stdout: 'out',
      stderr: 'err',
      isTruncated: false,
    });
  });

  it.each([
    [{ stderr: ['qemu: killed'] }, 'the guest ended', 'QEMU said: qemu: killed'],
    [{ hasPanicked: true }, 'the guest panicked', undefined],
  ])('fails when QEMU ends with %j meanwhile', async (change, message, hint) => {
    await using stage = await open();
    stage.guest.reply = ({ execute }) =>
      execute === 'guest-exec' ? { return: { pid: 7 } } : { return: { exited: false } };
    const running = stage.session.exec('sleep 60', soon);
    await vi.waitFor(() => {
      expect(stage.guest.verbs).toContain('guest-exec-status');
    }, waitOptions);
    stage.end(change);

    await expect(running).rejects.toMatchObject({ code: 'aborted', message, hint });
  });
});

describe('a guest whose card ends', () => {
  it.each([
    [{ code: null, signal: 'SIGKILL' }, 'the card of the guest ended (SIGKILL)'],
    [{ code: 1, signal: null }, 'the card of the guest ended (exit code 1)'],
  ] as const)('by %j is given up, while it boots and while it works', async (exit, message) => {
    await using stage = await open();
    stage.guest.reply = commandThat({ return: { exited: false } });
    const running = stage.session.exec('sleep 60', soon);
    const ready = stage.session.waitUntilReady(soon);
    const failed = Promise.allSettled([running, ready]);
    stage.guest.isUp = false;

    stage.endCard(exit);

    const failure = { status: 'rejected', reason: { code: 'aborted', message } };
    expect(await failed).toMatchObject([failure, failure]);
  });
});

describe('GuestSession.powerOff', () => {
  it('asks the agent and waits for QEMU to end', async () => {
    await using stage = await open();
    stage.guest.reply = ({ execute }) => {
      if (execute === 'guest-shutdown') stage.end();
      return 'silence';
    };

    expect(await stage.session.powerOff(soon)).toBe(true);
    expect(stage.guest.verbs).toContain('guest-shutdown');
    expect(stage.verbs()).toEqual([]);
  });

  it('presses the power button of a guest whose agent refuses', async () => {
    await using stage = await open();
    stage.guest.reply = () => {
      stage.end();
      return { error: { class: 'GenericError', desc: 'no' } };
    };

    await stage.session.powerOff(soon);

    expect(stage.verbs()).toContain('system_powerdown');
  });

  it('says that a guest had to be cut off', async () => {
    await using stage = await open();
    stage.guest.isUp = false;

    expect(await stage.session.powerOff({ signal: AbortSignal.abort() })).toBe(false);
  });
});
