// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { GuestAgent } from '../../../src/guest/agent.ts';
import { serveAgent } from '../../../src/guest/agent-server.ts';
import { openAgentSession } from '../../../src/guest/agent-session.ts';
import { runInGuest } from '../../../src/guest/exec.ts';
import { createTempDir, type TempDir } from '../temp-dir.ts';
import { base64, exited, FakeAgent } from './fake-agent.ts';

const scope = { signal: AbortSignal.timeout(300_000) };

interface Served extends AsyncDisposable {
  readonly socketPath: string;
  readonly guestSide: Duplex;
  readonly dir: TempDir;
}

async function serve(waitingMax = 4): Promise<Served> {
  const dir = await createTempDir();
  const socketPath = join(dir.path, 'agent.sock');
  const [port, guestSide] = duplexPair();
  const server = await serveAgent(port, { ...scope, socketPath, waitingMax });
  return {
    socketPath,
    guestSide,
    dir,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function dial(socketPath: string): Promise<Socket> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  return socket;
}

describe('serveAgent', () => {
  it('gives sessions the port one after another', async () => {
    await using served = await serve();
    const agent = new FakeAgent(served.guestSide);
    agent.reply = ({ execute }) =>
      execute === 'guest-exec'
        ? { return: { pid: 7 } }
        : execute === 'guest-exec-status'
          ? exited(3, { 'out-data': base64('said') })
          : { return: {} };

    const results = await Promise.all(
      [1, 2, 3].map(async () => {
        const socket = await dial(served.socketPath);
        await openAgentSession(socket, scope);
        const result = await runInGuest(new GuestAgent(socket), 'true', scope);
        socket.destroy();
        return [result.exitCode, result.stdout.toString()];
      }),
    );

    expect(results).toEqual([
      [3, 'said'],
      [3, 'said'],
      [3, 'said'],
    ]);
    expect((await stat(served.socketPath)).mode & 0o777).toBe(0o600);
  });

  it('keeps what a session did not wait for from the next one', async () => {
    await using served = await serve();
    const first = await dial(served.socketPath);
    await openAgentSession(first, scope);
    first.destroy();
    await once(first, 'close');
    served.guestSide.write('{"return": {"of": "another"}}\n');

    const second = await dial(served.socketPath);
    await openAgentSession(second, scope);
    served.guestSide.write('mine');

    const [bytes] = await once(second, 'data');
    expect(String(bytes)).toMatch(/mine$/);
    second.destroy();
  });

  it('refuses more than may wait', async () => {
    await using served = await serve(1);
    const [first, second] = [await dial(served.socketPath), await dial(served.socketPath)];
    await openAgentSession(first, scope);

    const refused = await dial(served.socketPath);
    await expect(openAgentSession(refused, scope)).rejects.toMatchObject({
      code: 'resource-exhausted',
    });

    first.destroy();
    await openAgentSession(second, scope);
    second.destroy();
  });

  it('ends every session with the guest', async () => {
    await using served = await serve();
    const [first, second] = [await dial(served.socketPath), await dial(served.socketPath)];
    await openAgentSession(first, scope);
    const waiting = openAgentSession(second, scope);

    served.guestSide.end();

    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    first.resume();
    await once(first, 'close');
    second.destroy();
  });
});
