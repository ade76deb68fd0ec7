// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { AgentError, type GuestAgent } from '../../../src/guest/agent.ts';
import { base64, exited, type FakeAgent, type FakeReply, openFakeAgent } from './fake-agent.ts';

function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(300_000) };
}

/** Answers guest-exec with a pid and then guest-exec-status with these, one after the other. */
function runs(guest: FakeAgent, ...statuses: readonly FakeReply[]): void {
  const left = [...statuses];
  guest.reply = ({ execute }) => {
    if (execute === 'guest-exec') return { return: { pid: 77 } };
    return left.shift() ?? { return: { exited: false } };
  };
}

describe('waitUntilUp', () => {
  it('finds an agent that is there', async () => {
    const { agent, guest } = openFakeAgent();

    await agent.waitUntilUp(soon());
    await agent.ping(soon());
    expect(guest.syncCount).toBe(1);
  });

  it('asks again until the agent comes up', async () => {
    const { agent, guest } = openFakeAgent();
    guest.isUp = false;
    const waiting = agent.waitUntilUp(soon());
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    guest.isUp = true;

    await expect(waiting).resolves.toBeUndefined();
  });

  it('gives up with its signal, and the next caller begins anew', async () => {
    const { agent, guest } = openFakeAgent();
    guest.isUp = false;

    await expect(agent.waitUntilUp({ signal: AbortSignal.timeout(5) })).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
    guest.isUp = true;
    await expect(agent.ping(soon())).resolves.toBeUndefined();
  });

  it('rejects when the guest ends', async () => {
    const { agent, guest } = openFakeAgent();
    guest.isUp = false;
    const waiting = agent.waitUntilUp(soon());
    guest.hangUp();

    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    await expect(agent.ping(soon())).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a port with a past', () => {
  it.each([
    ['half a reply of an agent that died', '{"return": {"pi'],
    ['a whole reply that nobody waits for', '{"return": {"pid": 1}}\n'],
    ['garbage', '\u0000\u0001 login:\n'],
    [
      'a sync that was answered to somebody else',
      Buffer.from([0xff, ...Buffer.from('{"return": 1}\n')]),
    ],
  ])('is brought in order after %s', async (_what, bytes) => {
    const { agent, guest } = openFakeAgent();
    guest.sendRaw(bytes);
    guest.reply = () => ({ return: { version: '7.2', supported_commands: [] } });

    expect((await agent.info(soon())).version).toBe('7.2');
  });

  it('is brought in order again when a reply comes that nobody asked for', async () => {
    const { agent, guest } = openFakeAgent();
    await agent.ping(soon());
    guest.send({ return: { late: true } });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });

    await agent.ping(soon());
    expect(guest.syncCount).toBe(2);
  });

  it('is brought in order when a reply did not come in time', async () => {
    const { agent, guest } = openFakeAgent({ replyTimeoutMs: 5 });
    guest.reply = () => 'silence';
    await expect(agent.ping(soon())).rejects.toMatchObject({ code: 'deadline-exceeded' });

    guest.send({ return: { stale: true } });
    guest.reply = () => ({ return: { version: '7.2', supported_commands: [] } });
    expect((await agent.info(soon())).version).toBe('7.2');
  });

  it.each([
    ['garbage', 'nonsense\n', 'data-loss'],
    ['a delimiter', Buffer.of(0xff), 'data-loss'],
    ['more than it may', `{"return": "${'x'.repeat(2_000)}"}\n`, 'resource-exhausted'],
  ])('fails one command that is answered with %s, not the next', async (_what, bytes, code) => {
    const { agent, guest } = openFakeAgent({ replyMaxBytes: 1_000 });
    guest.reply = () => {
      guest.sendRaw(bytes);
      return 'silence';
    };
    await expect(agent.ping(soon())).rejects.toMatchObject({ code });

    guest.reply = () => ({ return: {} });
    await expect(agent.ping(soon())).resolves.toBeUndefined();
  });

  it('finds its last sync behind the answers to all that were asked before', async () => {
    const { agent, guest } = openFakeAgent();
    guest.onSync = () => {
      const stale = Buffer.concat([Buffer.of(0xff), Buffer.from('{"return": 5}\n')]);
      guest.sendRaw(Buffer.concat(Array.from({ length: 500 }, () => stale)));
    };

    await agent.waitUntilUp(soon());
    expect(guest.syncCount).toBe(1);
  });

  it('survives a flood', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => {
      guest.sendRaw('{"return": {}}\n'.repeat(1_000));
      return 'silence';
    };
    await agent.ping(soon());
    await agent.ping(soon());

    guest.reply = () => ({ return: { version: '7.2', supported_commands: [] } });
    expect((await agent.info(soon())).version).toBe('7.2');
  });
});

describe('info', () => {
  it('lists what the guest leaves enabled', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => ({
      return: {
        version: '7.2.22',
        supported_commands: [
          { name: 'guest-exec', enabled: true, 'success-response': true },
          { name: 'guest-file-open', enabled: false, 'success-response': true },
        ],
      },
    });

    expect(await agent.info(soon())).toEqual({ version: '7.2.22', commands: ['guest-exec'] });
  });

  it('refuses an answer of another form', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => ({ return: { version: 7 } });

    await expect(agent.info(soon())).rejects.toMatchObject({ code: 'data-loss' });
  });
});

describe('run', () => {
  async function run(agent: GuestAgent): ReturnType<GuestAgent['run']> {
    return await agent.run({ path: '/bin/true' }, soon());
  }

  it('waits for the end and brings both outputs', async () => {
    const { agent, guest } = openFakeAgent();
    const running = { return: { exited: false } };
    const outputs = { 'out-data': base64('täst\n'), 'err-data': base64('bad') };
    runs(guest, running, running, exited(3, outputs));

    expect(await run(agent)).toEqual({
      exitCode: 3,
      signal: undefined,
      stdout: Buffer.from('täst\n'),
      stderr: Buffer.from('bad'),
      isTruncated: false,
    });
  });

  it('hands over program, arguments, environment and input', async () => {
    const { agent, guest } = openFakeAgent();
    runs(guest, exited(0));
    const request = { path: '/bin/cat', args: ['-'], env: ['A=b'], input: 'in\n' };

    await agent.run(request, soon());

    expect(guest.requests.at(-2)).toEqual({
      execute: 'guest-exec',
      arguments: {
        path: '/bin/cat',
        arg: ['-'],
        env: ['A=b'],
        'input-data': base64('in\n'),
        'capture-output': true,
      },
    });
    expect(guest.requests.at(-1)?.arguments).toEqual({ pid: 77 });
  });

  it('tells a signal from an exit, and that output was cut', async () => {
    const { agent, guest } = openFakeAgent();
    runs(guest, { return: { exited: true, signal: 9, 'out-truncated': true } });

    expect(await run(agent)).toMatchObject({ exitCode: undefined, signal: 9, isTruncated: true });
  });

  it('takes an end that is none for no success', async () => {
    const { agent, guest } = openFakeAgent();
    runs(guest, { return: { exited: true } });

    await expect(run(agent)).rejects.toMatchObject({ code: 'data-loss' });
  });

  it('passes on that a program cannot be started', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => ({ error: { class: 'GenericError', desc: 'Failed to execute child' } });
    const failure = run(agent);

    await expect(failure).rejects.toThrow(AgentError);
    await expect(failure).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  it('tells that the command is not there at all', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => ({ error: { class: 'CommandNotFound', desc: 'disabled' } });

    await expect(run(agent)).rejects.toMatchObject({ code: 'unimplemented' });
  });

  it('goes on asking when the agent is silent for a while', async () => {
    const { agent, guest } = openFakeAgent({ replyTimeoutMs: 5 });
    runs(guest, 'silence', 'silence', exited(0));

    expect((await run(agent)).exitCode).toBe(0);
  });

  it('tells that the agent was restarted and has forgotten the program', async () => {
    const { agent, guest } = openFakeAgent();
    runs(guest, { error: { class: 'GenericError', desc: "Invalid parameter 'pid'" } });

    await expect(run(agent)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives up with its signal', async () => {
    const { agent, guest } = openFakeAgent();
    runs(guest);

    await expect(
      agent.run({ path: '/bin/sleep' }, { signal: AbortSignal.timeout(30) }),
    ).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await expect(agent.ping(soon())).resolves.toBeUndefined();
  });

  it('runs two programs at a time, one exchange after the other', async () => {
    const { agent, guest } = openFakeAgent();
    let pid = 0;
    guest.reply = ({ execute, arguments: args }) => {
      if (execute !== 'guest-exec') return exited(Number(args['pid']));
      pid += 1;
      return { return: { pid } };
    };

    const both = await Promise.all([run(agent), run(agent)]);

    expect(both.map(({ exitCode }) => exitCode)).toEqual([1, 2]);
  });

  it('sends nothing for a caller that gave up while it waited for its turn', async () => {
    const { agent, guest } = openFakeAgent({ replyTimeoutMs: 20 });
    guest.reply = () => 'silence';
    const first = agent.ping(soon()).catch((thrown: unknown) => thrown);
    const second = agent.run({ path: '/bin/true' }, { signal: AbortSignal.timeout(1) });

    await expect(second).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await first;
    guest.reply = () => ({ return: {} });
    await agent.ping(soon());
    expect(guest.verbs).toEqual(['guest-ping', 'guest-ping']);
  });
});

describe('shutDown', () => {
  it('is content with silence, and with an answer', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => 'silence';
    await expect(agent.shutDown('powerdown', soon())).resolves.toBeUndefined();

    guest.reply = () => ({ return: {} });
    await expect(agent.shutDown('halt', soon())).resolves.toBeUndefined();
    expect(guest.requests.at(-1)).toEqual({
      execute: 'guest-shutdown',
      arguments: { mode: 'halt' },
    });
  });

  it('is content when the guest ends at once', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => {
      guest.hangUp();
      return 'silence';
    };

    await expect(agent.shutDown('powerdown', soon())).resolves.toBeUndefined();
  });

  it('passes on a refusal', async () => {
    const { agent, guest } = openFakeAgent();
    guest.reply = () => ({ error: { class: 'GenericError', desc: 'no shutdown here' } });

    await expect(agent.shutDown('reboot', soon())).rejects.toThrow('no shutdown here');
  });
});

describe('dispose', () => {
  it('ends what waits', async () => {
    const { agent, guest } = openFakeAgent();
    guest.isUp = false;
    const waiting = agent.ping(soon());
    agent[Symbol.dispose]();

    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  });
});
