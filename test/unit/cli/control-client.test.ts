// SPDX-License-Identifier: Apache-2.0

import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { callControl } from '../../../src/cli/control-client.ts';
import { createTempDir } from '../temp-dir.ts';

/** A device that does with each connection what the test says. */
async function serve(
  onConnection: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly socketPath: string }> {
  const dir = await createTempDir();
  const socketPath = join(dir.path, 'c.sock');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(socketPath, listening.resolve);
  await listening.promise;
  return {
    socketPath,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const call = { method: 'limit.show', params: {} } as const;
const scope = { signal: new AbortController().signal };

describe('callControl', () => {
  it('sends one line and returns the value of the answer', async () => {
    let received = '';
    await using device = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
        socket.write('{"value":{"levels":');
        socket.write('[]}}\n');
      });
    });

    expect(await callControl(device.socketPath, call, scope)).toEqual({ levels: [] });
    expect(received).toBe('{"method":"limit.show","params":{}}\n');
  });

  it('throws what the device refused with', async () => {
    await using device = await serve((socket) => {
      socket.end('{"error":{"code":"not-found","message":"no such rule","hint":"list them"}}\n');
    });

    await expect(callControl(device.socketPath, call, scope)).rejects.toMatchObject({
      code: 'not-found',
      message: 'no such rule',
      hint: 'list them',
    });
  });

  it.each(['nonsense', '[]', '{}', '{"error":{"code":"odd","message":"x"}}', '{"value":1}'])(
    'refuses %s as an answer',
    async (line) => {
      await using device = await serve((socket) => {
        socket.end(`${line}\n`);
      });

      await expect(callControl(device.socketPath, call, scope)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    },
  );

  it('says that nothing listens', async () => {
    await using dir = await createTempDir();

    await expect(callControl(join(dir.path, 'none.sock'), call, scope)).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('--control'),
    });
  });

  it('says that the device left without an answer', async () => {
    await using device = await serve((socket) => {
      socket.end();
    });

    await expect(callControl(device.socketPath, call, scope)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('ends when the command is interrupted', async () => {
    await using device = await serve(() => {});

    const interrupted = AbortSignal.abort();
    await expect(
      callControl(device.socketPath, call, { signal: interrupted }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});
