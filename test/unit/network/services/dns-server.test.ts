// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createDnsView } from '../../../../src/network/services/dns.ts';
import { frameDnsMessage } from '../../../../src/network/services/dns-message.ts';
import { createDnsServer, type DnsAsker } from '../../../../src/network/services/dns-server.ts';
import { createZone } from '../../../../src/network/services/dns-zone.ts';

const longText = 'x'.repeat(200);
const names = createDnsView([
  createZone('corp', [
    {
      name: 'corp',
      ttlS: 1,
      data: { type: 'TXT', texts: Array.from({ length: 19 }, () => longText) },
    },
  ]),
]);

/** Asks for the texts of "corp"; the id is told by the answer. */
function question(id: number): Uint8Array {
  const header = Buffer.from('000001000001000000000000', 'hex');
  header.writeUInt16BE(id);
  return frameDnsMessage(Buffer.concat([header, Buffer.from('04636f72700000100001', 'hex')]));
}

let asker: DnsAsker | undefined;
let server: Server;
let sockets: Socket[];

beforeEach(async () => {
  asker = { interfaceId: 'eni-1', names };
  sockets = [];
  server = createDnsServer(() => asker);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

async function dial(): Promise<Socket> {
  const address = server.address();
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** The ids of the answers that come until the server hangs up. */
async function idsFrom(socket: Socket): Promise<readonly number[]> {
  const stream = await buffer(socket);
  const ids: number[] = [];
  for (let at = 0; at < stream.length; at += 2 + stream.readUInt16BE(at)) {
    ids.push(stream.readUInt16BE(at + 2));
  }
  return ids;
}

describe('createDnsServer()', () => {
  it('answers what fits no datagram, one question after the other', async () => {
    const socket = await dial();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const bytes = Buffer.concat([question(1), question(2)]);

    socket.write(bytes.subarray(0, 20));
    socket.write(bytes.subarray(20));
    await expect
      .poll(() => Buffer.concat(chunks).length, { timeout: 20_000 })
      .toBeGreaterThan(7600);

    const stream = Buffer.concat(chunks);
    expect(stream.readUInt16BE(2)).toBe(1);
    expect(stream.readUInt16BE(4) & 0x0200).toBe(0); // Nothing is cut off.
    expect(stream.includes(longText)).toBe(true);
    expect(stream.readUInt16BE(2 + stream.readUInt16BE(0) + 2)).toBe(2);
  });

  it('hangs up on what is no question, after those before it', async () => {
    const socket = await dial();
    socket.write(Buffer.concat([question(7), frameDnsMessage(Buffer.of(1, 2, 3)), question(8)]));

    expect((await idsFrom(socket)).filter((id) => id !== 7)).toEqual([]);
  });

  it('hangs up on who is nobody, at once or later', async () => {
    const socket = await dial();
    socket.write(question(1));
    await once(socket, 'data');
    asker = undefined;
    socket.write(question(2));
    await buffer(socket);

    expect(await buffer(await dial())).toHaveLength(0);
  });

  it('reads no more questions of who does not read the answers', async () => {
    const socket = await dial();
    socket.pause();
    const flood = Buffer.concat(Array.from({ length: 1000 }, (_, id) => question(id)));
    socket.write(flood);
    socket.write(flood);

    socket.end();
    expect(await idsFrom(socket)).toHaveLength(2000);
  });
});
