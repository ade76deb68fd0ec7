// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  adoptQmp,
  openQmp,
  type QmpClient,
  QmpError,
  type TranscriptLine,
} from '../../../src/qemu/qmp-client.ts';
import type { QmpEvent } from '../../../src/qemu/qmp-codec.ts';
import { type QmpCommand, queryStatus, resume } from '../../../src/qemu/qmp-commands.ts';
import { FakeQmp, greeting, openFake, refusal } from './fake-qmp.ts';

function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(300_000) };
}

describe('openQmp', () => {
  it('waits for the greeting and leaves negotiation', async () => {
    const { qemu, qmp } = await openFake();

    expect(qmp.version).toEqual({ major: 7, minor: 2, micro: 22 });
    expect(qemu.commands.map(({ execute }) => execute)).toEqual(['qmp_capabilities']);
  });

  it('gives up when its signal ends, and closes the stream', async () => {
    const qemu = new FakeQmp();
    const signal = AbortSignal.timeout(1);

    await expect(openQmp(qemu.clientSide, { signal })).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
    expect(qemu.clientSide.destroyed).toBe(true);
  });

  it('fails when QEMU hangs up before it greets', async () => {
    const qemu = new FakeQmp();
    const opening = openQmp(qemu.clientSide, soon());
    qemu.hangUp();

    await expect(opening).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each([
    ['garbage', 'hello\n'],
    ['a reply first', '{"return": {}, "id": 1}\n'],
    ['two greetings', `${JSON.stringify(greeting)}\n${JSON.stringify(greeting)}\n`],
  ])('refuses %s', async (_what, bytes) => {
    const qemu = new FakeQmp();
    const opening = openQmp(qemu.clientSide, soon());
    qemu.sendRaw(bytes);

    await expect(opening).rejects.toMatchObject({ code: 'data-loss' });
  });
});

describe('adoptQmp', () => {
  const version = { major: 7, minor: 2, micro: 22 } as const;
  const running = { return: { status: 'running', running: true } };

  it('passes over what the one before left, but for events', async () => {
    const qemu = new FakeQmp();
    qemu.answer = ({ execute }) => (execute === 'query-status' ? running : { return: {} });
    const events: string[] = [];
    qemu.sendRaw(': {}, "id": 7}\r\n{"return": {}, "id": 8}\r\n');
    qemu.sendEvent('SHUTDOWN', { reason: 'guest-shutdown' });
    qemu.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });

    const qmp = await adoptQmp(qemu.clientSide, {
      ...soon(),
      version,
      onEvent: ({ name }) => events.push(name),
    });

    expect(qmp.version).toEqual(version);
    expect(events).toEqual(['SHUTDOWN']);
    expect(qemu.verbs).toEqual(['query-status']);
    expect(qemu.commands[0]?.id).toBeGreaterThan(2 ** 32);
    await qmp.execute(resume(), soon());
  });

  it('is as strict as ever once it has found its place', async () => {
    const qemu = new FakeQmp();
    qemu.answer = () => running;
    const qmp = await adoptQmp(qemu.clientSide, { ...soon(), version });

    qemu.sendRaw('Segmentation fault\n');

    expect(await qmp.closed).toMatchObject({ code: 'data-loss' });
  });

  it('fails where QEMU was never greeted, and closes the stream', async () => {
    const qemu = new FakeQmp();
    qemu.answer = () => refusal('Expecting capabilities negotiation', 'CommandNotFound');
    qemu.send(greeting);

    await expect(adoptQmp(qemu.clientSide, { ...soon(), version })).rejects.toMatchObject({
      code: 'unimplemented',
    });
    expect(qemu.clientSide.destroyed).toBe(true);
  });

  it('fails where QEMU is gone, after it has told how', async () => {
    const qemu = new FakeQmp();
    qemu.answer = () => 'silence';
    const events: string[] = [];
    qemu.sendEvent('SHUTDOWN', { reason: 'guest-reset' });
    qemu.hangUp();

    await expect(
      adoptQmp(qemu.clientSide, {
        ...soon(),
        version,
        onEvent: ({ name }) => events.push(name),
      }),
    ).rejects.toMatchObject({ code: 'unavailable' });
    expect(events).toEqual(['SHUTDOWN']);
  });
});

describe('execute', () => {
  it('gives each command its own reply, in whatever order they come', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => 'silence';

    const first = qmp.execute(queryStatus(), soon());
    const second = qmp.execute(queryStatus(), soon());
    await qmpIdle(qemu, 3);
    const [one, two] = qemu.commands.slice(1);
    qemu.send(
      { return: { status: 'paused' }, id: two?.id },
      { return: { status: 'running' }, id: one?.id },
    );

    expect(await Promise.all([first, second])).toEqual(['running', 'paused']);
  });

  it('rejects with the class that QEMU gave', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => refusal('no such device', 'DeviceNotFound');

    const failure = qmp.execute(resume(), soon());

    await expect(failure).rejects.toThrow(QmpError);
    await expect(failure).rejects.toMatchObject({
      code: 'not-found',
      qmpClass: 'DeviceNotFound',
      message: 'QEMU refused cont: no such device',
    });
  });

  it('refuses a verb that is not on the list before a byte is sent', async () => {
    const { qemu, qmp } = await openFake();
    const forged = { verb: 'human-monitor-command', parseReply: () => {} } as unknown;

    await expect(qmp.execute(forged as QmpCommand<void>, soon())).rejects.toMatchObject({
      code: 'permission-denied',
    });
    expect(qemu.verbs).toEqual([]);
  });

  it('tells a reply of the wrong form from a refusal, and goes on', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => ({ return: { status: 'dancing' } });

    await expect(qmp.execute(queryStatus(), soon())).rejects.toMatchObject({ code: 'data-loss' });
    qemu.answer = () => ({ return: { status: 'running' } });
    expect(await qmp.execute(queryStatus(), soon())).toBe('running');
  });

  it('drops the late reply to a command that was given up', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => 'silence';
    const late = qmp.execute(resume(), { signal: AbortSignal.timeout(1) });
    await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });

    qemu.answer = () => ({ return: { status: 'running' } });
    qemu.send({ return: {}, id: qemu.commands.at(-1)?.id });

    expect(await qmp.execute(queryStatus(), soon())).toBe('running');
  });

  it('sends nothing when its signal has ended before', async () => {
    const { qemu, qmp } = await openFake();

    await expect(qmp.execute(resume(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(qemu.verbs).toEqual([]);
  });

  it('bounds the commands that QEMU leaves unanswered', async () => {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => 'silence';
    const waiting = Array.from({ length: 64 }, async () => qmp.execute(resume(), soon()));

    await expect(qmp.execute(resume(), soon())).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
    await qmp[Symbol.asyncDispose]();
    const ends = await Promise.allSettled(waiting);
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('the end of the channel', () => {
  async function withPending(): Promise<{ qemu: FakeQmp; qmp: QmpClient; pending: Promise<void> }> {
    const { qemu, qmp } = await openFake();
    qemu.answer = () => 'silence';
    const pending = qmp.execute(resume(), soon());
    await qmpIdle(qemu, 2);
    return { qemu, qmp, pending };
  }

  it('rejects what waits, and all that comes after', async () => {
    const { qemu, qmp, pending } = await withPending();
    qemu.hangUp();

    await expect(pending).rejects.toMatchObject({ code: 'unavailable' });
    await expect(qmp.execute(resume(), soon())).rejects.toMatchObject({ code: 'unavailable' });
    expect(await qmp.closed).toMatchObject({ code: 'unavailable' });
  });

  it.each([
    ['a reply with an id of nobody', '{"return": {}, "id": 99}\n'],
    ['an error without an id', '{"error": {"class": "GenericError", "desc": "?"}}\n'],
    ['garbage', 'Segmentation fault\n'],
    ['a line without an end', `${'x'.repeat(1024 * 1024 + 1)}\n`],
  ])('comes with %s', async (_what, bytes) => {
    const { qemu, qmp, pending } = await withPending();
    qemu.sendRaw(bytes);

    await expect(pending).rejects.toMatchObject({ code: 'data-loss' });
    expect(await qmp.closed).toMatchObject({ code: 'data-loss' });
    expect(qemu.clientSide.destroyed).toBe(true);
  });

  it('comes with dispose, which may be called twice', async () => {
    const { qmp, pending } = await withPending();
    const rejected = expect(pending).rejects.toMatchObject({ code: 'cancelled' });
    await qmp[Symbol.asyncDispose]();
    await qmp[Symbol.asyncDispose]();

    await rejected;
  });
});

describe('onEvent', () => {
  it('tells events in order until it is disposed', async () => {
    const { qemu, qmp } = await openFake();
    const heard: string[] = [];
    const handle = qmp.onEvent(({ name }: QmpEvent) => heard.push(name));

    qemu.sendEvent('STOP');
    qemu.sendEvent('RESUME');
    await qmp.execute(resume(), soon());
    handle[Symbol.dispose]();
    qemu.sendEvent('SHUTDOWN');
    await qmp.execute(resume(), soon());

    expect(heard).toEqual(['STOP', 'RESUME']);
  });
});

describe('onTranscript', () => {
  it('is told every line both ways', async () => {
    const lines: TranscriptLine[] = [];
    const { qmp } = await openFake((line) => lines.push(line));

    await qmp.execute(resume(), soon());

    expect(lines.slice(1)).toEqual([
      { direction: 'sent', line: '{"execute":"qmp_capabilities","id":1}' },
      { direction: 'received', line: '{"return":{},"id":1}' },
      { direction: 'sent', line: '{"execute":"cont","id":2}' },
      { direction: 'received', line: '{"return":{},"id":2}' },
    ]);
  });
});

/** Until QEMU has got this many commands. */
async function qmpIdle(qemu: FakeQmp, count: number): Promise<void> {
  while (qemu.commands.length < count) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
