// SPDX-License-Identifier: Apache-2.0

import { closeSync, fstatSync, openSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { BackplaneConnection } from '../../../../src/controller/backplane/connection.ts';
import { type Answerer, FakeStream, greeting } from './fake-stream.ts';

const scope = { signal: AbortSignal.timeout(300_000) };

function connectionTo(answer: Answerer): { stream: FakeStream; connection: BackplaneConnection } {
  const stream = new FakeStream(answer);
  return { stream, connection: new BackplaneConnection(stream) };
}

function isOpen(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

describe('BackplaneConnection', () => {
  it('says which version it speaks, and learns the process', async () => {
    const { stream, connection } = connectionTo(() => greeting(4711));

    expect(await connection.hello(scope)).toBe(4711);
    expect(stream.requests[0]?.payload.toString('hex')).toBe('01000000');
  });

  it('refuses a backplane of another version', async () => {
    const { connection } = connectionTo(() => greeting(1, 2));

    await expect(connection.hello(scope)).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  it('makes each call the request that the protocol has for it', async () => {
    const { stream, connection } = connectionTo(() => ({}));

    await connection.openSlot({ slot: 1, socketPath: '/x', mapBytes: 4096n }, scope);
    await connection.closeSlot(2, scope);
    await connection.attachCard('card', 0, scope);
    await connection.detachCard('card', scope);
    await connection.assign(3, 'card', scope);
    await connection.assign(3, undefined, scope);
    await connection.keepFd('name', 1, scope);
    await connection.dropFd('name', scope);
    expect(await connection.listFds(scope)).toEqual([]);
    expect(await connection.slots(scope)).toEqual([]);
    expect(await connection.cards(scope)).toEqual([]);
    await connection.shutDown(scope);

    const sent = stream.requests.map(({ method, payload, fds }) => [
      method,
      payload.toString('latin1'),
      ...fds,
    ]);
    expect(sent).toEqual([
      [2, '\x01\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0/x'],
      [3, '\x02\0\0\0'],
      [4, 'card', 0],
      [5, 'card'],
      [6, '\x03\0\0\0card'],
      [6, '\x03\0\0\0'],
      [7, 'name', 1],
      [10, 'name'],
      [9, ''],
      [11, ''],
      [12, ''],
      [13, ''],
    ]);
    expect(new Set(stream.requests.map(({ number }) => number)).size).toBe(12);
  });

  it('gives the descriptor that it takes', async () => {
    const fd = openSync('/dev/null', 'r');
    const { connection } = connectionTo(() => ({ fds: [fd] }));

    expect(await connection.takeFd('name', scope)).toBe(fd);
    closeSync(fd);
  });

  it('closes descriptors that nobody asked for, and says so', async () => {
    const fds = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r')];
    const { connection } = connectionTo(({ method }) => (method === 10 ? { fds } : {}));

    await expect(connection.dropFd('name', scope)).rejects.toThrow('2 descriptors');
    await expect(connection.takeFd('name', scope)).rejects.toThrow('0 descriptors');
    expect(fds.map(isOpen)).toEqual([false, false]);
  });

  it('sends one request at a time', async () => {
    const { stream, connection } = connectionTo(async () => {
      await Promise.resolve();
      return {};
    });

    await Promise.all([1, 2, 3].map(async (slot) => connection.closeSlot(slot, scope)));

    expect(stream.underWayMax).toBe(1);
    expect(stream.requests.map(({ payload }) => payload.readUInt32LE(0))).toEqual([1, 2, 3]);
  });

  it('closes the descriptor of a call that was given up, and sends none that waits', async () => {
    const fd = openSync('/dev/null', 'r');
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const { stream, connection } = connectionTo(async () => {
      asked.resolve();
      await answered.promise;
      return { fds: [fd] };
    });
    const abort = new AbortController();
    const taken = connection.takeFd('name', { signal: abort.signal });
    const waiting = connection.takeFd('other', { signal: abort.signal });
    await asked.promise;
    abort.abort();

    await expect(taken).rejects.toMatchObject({ code: 'cancelled' });
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    answered.resolve();
    await expect.poll(() => isOpen(fd)).toBe(false);
    expect(stream.requests).toHaveLength(1);
  });

  it('fails when the backplane refuses or is gone', async () => {
    const { connection } = connectionTo(() => ({ status: 2, payload: Buffer.from('no slot') }));

    await expect(connection.assign(1, 'x', scope)).rejects.toMatchObject({ code: 'not-found' });
    await connection[Symbol.asyncDispose]();
    await expect(connection.closeSlot(1, scope)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
