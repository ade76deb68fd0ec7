// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { join } from 'node:path';
import { connect as connectTls, type SecureVersion } from 'node:tls';

import { describe, expect, it } from 'vitest';

import { connect } from '../../../../src/api/client.ts';
import { createMessage } from '../../../../src/api/codec.ts';
import { hostInfoType } from '../../../../src/api/generated/argon/v1/host.ts';
import type { ManagementServerOptions } from '../../../../src/controller/management/server.ts';
import { patience, type Served, serveHost, until } from './fixture.ts';

function certificatesOf(name: string): {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
} {
  const file = (base: string): string => join(import.meta.dirname, '../../../fixtures/tls', base);
  return {
    caFile: file('ca.crt'),
    certificateFile: file(`${name}.crt`),
    keyFile: file(`${name}.key`),
  };
}

async function serveTls(options: Partial<ManagementServerOptions> = {}): Promise<Served> {
  const tcp = { address: '127.0.0.1', port: 0, tls: certificatesOf('host') };
  return serveHost({ tcp, ...options });
}

function portOf({ server }: Served): number {
  if (server.tcpPort === undefined) throw new Error('there is no TCP port');
  return server.tcpPort;
}

describe('a unix listener', () => {
  it('refuses whom nobody knows, and another user', async () => {
    for (const peerCredentials of [
      () => ({ pid: 1, uid: (process.getuid?.() ?? 0) + 1, gid: 0 }),
      (): never => {
        throw new Error('no such socket');
      },
    ]) {
      await using served = await serveHost({ host: { peerCredentials } });

      const socket = await served.raw();
      await until(() => socket.destroyed, 'the end of the connection');

      await expect(served.client().call('Host.GetHost', {}, patience)).rejects.toMatchObject({
        code: 'unavailable',
      });
      expect(served.lines).toContainEqual(
        expect.objectContaining({ msg: 'refused a connection of another user' }),
      );
      expect(served.server.connectionCount).toBe(0);
    }
  });
});

describe('a TLS listener', () => {
  it('is not there unless it is asked for', async () => {
    await using served = await serveHost();

    expect(served.server.tcpPort).toBeUndefined();
  });

  it('serves who shows a certificate of its authority, and knows its name', async () => {
    const peers: unknown[] = [];
    await using served = await serveTls({
      handlers: {
        'Host.GetHost': async (_request, { peer }) => {
          peers.push(peer);
          return createMessage(hostInfoType, {});
        },
      },
    });
    await using client = connect({
      host: 'localhost',
      port: portOf(served),
      tls: certificatesOf('operator'),
    });

    await client.call('Host.GetHost', {}, patience);

    expect(peers).toEqual([
      {
        kind: 'tls',
        name: 'operator',
        fingerprint: expect.stringMatching(/^(?:[0-9A-F]{2}:?){32}$/),
      },
    ]);
  });

  it('refuses a certificate of another authority, and logs it', async () => {
    await using served = await serveTls();
    await using client = connect({
      host: 'localhost',
      port: portOf(served),
      tls: certificatesOf('stranger'),
    });

    await expect(client.call('Host.GetHost', {}, patience)).rejects.toMatchObject({
      code: 'unavailable',
    });

    expect(served.lines).toContainEqual(
      expect.objectContaining({ msg: 'refused a TLS connection' }),
    );
    expect(served.server.connectionCount).toBe(0);
  });

  it.each(['TLSv1.1', 'TLSv1.2'] as const)('refuses %s', async (version: SecureVersion) => {
    await using served = await serveTls();

    const socket = connectTls({
      host: '127.0.0.1',
      port: portOf(served),
      maxVersion: version,
      minVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
      rejectUnauthorized: false,
    });
    const [error] = (await once(socket, 'error')) as [Error];

    expect(error.message).toMatch(/protocol version|unsupported protocol|no protocols/i);
  });
});
