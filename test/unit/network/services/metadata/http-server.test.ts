// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { connectionsMax } from '../../../../../src/network/services/connection-limit.ts';
import { MetadataHandler } from '../../../../../src/network/services/metadata/handler.ts';
import { createMetadataServer } from '../../../../../src/network/services/metadata/http-server.ts';
import type { InstanceMetadata } from '../../../../../src/network/services/metadata/instance.ts';
import { sampleInstance } from './samples.ts';

let who: InstanceMetadata | undefined;
let hopLimits: (number | undefined)[];
let server: ReturnType<typeof createMetadataServer>;

beforeEach(async () => {
  who = sampleInstance();
  hopLimits = [];
  server = createMetadataServer(new MetadataHandler(() => 0), {
    instanceOf: () => who,
    setHopLimit: (_socket, hopLimit) => hopLimits.push(hopLimit),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function dial(): Socket {
  const address = server.address();
  return connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
}

/** What comes back until the server hangs up. */
async function exchange(...lines: readonly string[]): Promise<string> {
  const socket = dial();
  socket.write([...lines, '', ''].join('\r\n'));
  return text(socket);
}

const put = 'PUT /latest/api/token HTTP/1.1';
const host = 'Host: 169.254.169.254';
const close = 'Connection: close';
const ttl = 'X-aws-ec2-metadata-token-ttl-seconds: 60';

async function takeToken(): Promise<string> {
  const answer = await exchange(put, host, close, ttl);
  return answer.split('\r\n\r\n')[1] ?? '';
}

describe('createMetadataServer()', () => {
  it('gives a token and then what it opens, each with its hop limit', async () => {
    const token = await takeToken();

    const answer = await exchange(
      'GET /latest/meta-data/instance-id HTTP/1.1',
      host,
      close,
      `X-aws-ec2-metadata-token: ${token}`,
    );

    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\n\r\ni-0123456789abcdef0$/);
    expect(hopLimits).toEqual([1, undefined]);
  });

  it('answers many requests on one connection', async () => {
    const get = ['GET /latest/meta-data/ HTTP/1.1', host];

    const answer = await exchange(...get, '', ...get, '', put, host, ttl, close);

    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 401',
      'HTTP/1.1 401',
      'HTTP/1.1 200',
    ]);
  });

  it('sends the length alone for a HEAD', async () => {
    const token = await takeToken();

    const answer = await exchange(
      'HEAD /latest/meta-data/mac HTTP/1.1',
      host,
      close,
      `X-aws-ec2-metadata-token: ${token}`,
    );

    expect(answer.toLowerCase()).toContain('content-length: 17\r\n');
    expect(answer).toMatch(/\r\n\r\n$/);
  });

  it('hangs up on who sends a body', async () => {
    const answer = await exchange(put, host, ttl, 'Content-Length: 1000000', '', 'x'.repeat(1000));

    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it.each([
    ['no HTTP', ['hello']],
    ['headers that are too long', ['GET / HTTP/1.1', host, `x: ${'y'.repeat(9000)}`]],
    ['a tunnel', ['CONNECT 10.0.0.1:80 HTTP/1.1', host]],
  ])('hangs up on %s, and still answers others', async (_what, lines) => {
    expect(await exchange(...lines)).not.toContain('200');
    expect(await takeToken()).toHaveLength(56);
  });

  it('hangs up on who is no instance', async () => {
    who = undefined;

    expect(await exchange(put, host, close, ttl)).toBe('');
  });

  it('asks again who is there at each request', async () => {
    const socket = dial();
    await once(socket, 'connect');
    socket.write(`${put}\r\n${host}\r\n${ttl}\r\n\r\n`);
    await once(socket, 'data');
    who = undefined;

    socket.write(`${put}\r\n${host}\r\n${ttl}\r\n\r\n`);

    expect(await text(socket)).toBe('');
  });

  it('takes a number of connections of an instance, and again when they are gone', async () => {
    const sockets = Array.from({ length: connectionsMax }, dial);
    await Promise.all(sockets.map(async (socket) => once(socket, 'connect')));

    const late = exchange(put, host, close, ttl).catch((error: unknown) => String(error));

    expect(await late).not.toContain('200');
    who = sampleInstance({ instanceId: 'i-0123456789abcdef1' });
    expect(await takeToken()).toHaveLength(56);
    who = sampleInstance();
    const [first] = sockets;
    first?.destroy();
    await expect
      .poll(async () => exchange(put, host, close, ttl).catch(() => ''), { timeout: 20_000 })
      .toContain('200 OK');
    for (const socket of sockets) socket.destroy();
  });
});
