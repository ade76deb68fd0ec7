// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { duplexPair } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { openAgentSession } from '../../../src/guest/agent-session.ts';

const scope = { signal: AbortSignal.timeout(300_000) };

describe('openAgentSession', () => {
  it('reads the first line and not a byte more', async () => {
    const [socket, server] = duplexPair();
    server.write('argon-agent attached\r\n{"return": 1}\n');

    await openAgentSession(socket, scope);

    const [rest] = await once(socket, 'data');
    expect(String(rest)).toBe('{"return": 1}\n');
  });

  it.each([
    ['argon-agent busy: too many\r\n', 'resource-exhausted'],
    ['HTTP/1.1 200 OK\r\n', 'data-loss'],
    ['x'.repeat(1_000), 'data-loss'],
  ])('refuses %j', async (line, code) => {
    const [socket, server] = duplexPair();
    server.write(line);

    await expect(openAgentSession(socket, scope)).rejects.toMatchObject({ code });
  });

  it('fails when the guest ends meanwhile, or its time is over', async () => {
    const [socket, server] = duplexPair();
    server.end();
    await expect(openAgentSession(socket, scope)).rejects.toMatchObject({ code: 'unavailable' });

    const [silent] = duplexPair();
    await expect(
      openAgentSession(silent, { signal: AbortSignal.timeout(1) }),
    ).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });
});
