// SPDX-License-Identifier: Apache-2.0

import { Duplex } from 'node:stream';

import { describe, expect, it } from 'vitest';

import {
  type Connection,
  Connections,
  describePeer,
} from '../../../../src/controller/management/connections.ts';
import {
  defaultLimits,
  type ManagementLimits,
} from '../../../../src/controller/management/limits.ts';
import { RefusalLog } from '../../../../src/controller/management/refusal-log.ts';
import { keepLog } from './fixture.ts';

const peer = { kind: 'unix', uid: 1000, pid: 7 } as const;

const { log, lines } = keepLog();

function create(limits: Partial<ManagementLimits> = {}): Connections {
  return new Connections({ ...defaultLimits, ...limits }, new RefusalLog(log));
}

function silent(): Duplex {
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
}

function take(connections: Connections, socket = silent()): Connection {
  const connection = connections.add(socket, peer);
  if (connection === undefined) throw new Error('it was refused');
  return connection;
}

describe('Connections', () => {
  it('knows who is connected until the socket closes', async () => {
    const connections = create();

    const connection = take(connections);
    const isEmpty = connections.emptied();
    expect(connections.find(connection.id)).toBe(connection);
    connection.socket.destroy();
    await isEmpty;

    expect(connections.count).toBe(0);
    expect(connections.find(connection.id)).toBeUndefined();
    expect(connections.find(undefined)).toBeUndefined();
    await connections.emptied();
  });

  it('closes the one that has been idle for the longest time for a new one', () => {
    const connections = create({ connectionsMax: 3 });
    const [busy, older, newer] = [take(connections), take(connections), take(connections)];
    connections.beginCall(busy);
    older.idleSinceMs = 1;
    newer.idleSinceMs = 2;

    take(connections);

    expect([busy, older, newer].map(({ socket }) => socket.destroyed)).toEqual([
      false,
      true,
      false,
    ]);
    expect(connections.count).toBe(3);
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'closed the connection that was idle for the longest time for a new one',
        connection: older.id,
      }),
    );
  });

  it('refuses a new one when all are busy', () => {
    const connections = create({ connectionsMax: 1 });
    connections.beginCall(take(connections));
    const socket = silent();

    expect(connections.add(socket, peer)).toBeUndefined();
    expect(socket.destroyed).toBe(true);
  });

  it('closes what never calls, and what has not called for long', () => {
    const limits = { firstCallTimeoutMs: 1_000_000, idleTimeoutMs: 2_000_000 };
    const connections = create(limits);
    const [fresh, mute, idle, busy] = [0, 1, 2, 3].map(() => take(connections));
    if (fresh === undefined || mute === undefined || idle === undefined || busy === undefined) {
      throw new Error('four were taken');
    }
    const nowMs = performance.now();
    for (const connection of [idle, busy]) connections.beginCall(connection);
    connections.endCall(idle);
    mute.idleSinceMs = nowMs - 1_000_001;
    idle.idleSinceMs = nowMs - 2_000_001;
    busy.idleSinceMs = nowMs - 3_000_000;

    connections.sweep(1000);

    const isOpen = [fresh, mute, idle, busy].map(({ socket }) => !socket.destroyed);
    expect(isOpen).toEqual([true, false, false, true]);
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'closed a connection that was idle', connection: mute.id }),
    );
  });

  it('forgets resets as time goes by', () => {
    const connections = create({ resetsPerSecond: 10 });
    const connection = take(connections);
    connection.resets = 12;

    connections.sweep(1000);
    expect(connection.resets).toBe(2);
    connections.sweep(1000);
    expect(connection.resets).toBe(0);
  });

  it('closes all, and survives errors of sockets', async () => {
    const connections = create();
    const connection = take(connections);
    take(connections);

    const closed = Promise.withResolvers<void>();
    connection.socket.once('close', closed.resolve);
    connection.socket.destroy(new Error('reset'));
    await closed.promise;
    connections.closeAll();
    await connections.emptied();

    expect(connections.count).toBe(0);
  });
});

describe('describePeer()', () => {
  it('names a user or a certificate', () => {
    expect(describePeer(peer)).toBe('uid 1000 pid 7');
    expect(describePeer({ kind: 'tls', name: 'operator', fingerprint: 'aa' })).toBe(
      'certificate "operator"',
    );
  });
});
