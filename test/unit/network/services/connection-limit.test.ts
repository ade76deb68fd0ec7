// SPDX-License-Identifier: Apache-2.0

import { Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import {
  ConnectionLimit,
  connectionsMax,
} from '../../../../src/network/services/connection-limit.ts';

describe('ConnectionLimit', () => {
  it('admits a number of connections of one owner, and others beside them', () => {
    const limit = new ConnectionLimit();
    for (let count = 0; count < connectionsMax; count += 1) {
      expect(limit.admit(new Socket(), 'eni-1')).toBe(true);
    }

    const late = new Socket();
    expect(limit.admit(late, 'eni-1')).toBe(false);
    expect(late.destroyed).toBe(true);
    expect(limit.admit(new Socket(), 'eni-2')).toBe(true);
  });

  it('admits another when one is closed', () => {
    const limit = new ConnectionLimit();
    const sockets = Array.from({ length: connectionsMax }, () => new Socket());
    for (const socket of sockets) limit.admit(socket, 'eni-1');

    sockets[0]?.emit('close');

    expect(limit.admit(new Socket(), 'eni-1')).toBe(true);
    expect(limit.admit(new Socket(), 'eni-1')).toBe(false);
  });

  it('ends the connection of nobody', () => {
    const socket = new Socket();
    expect(new ConnectionLimit().admit(socket, undefined)).toBe(false);
    expect(socket.destroyed).toBe(true);
  });
});
