// SPDX-License-Identifier: Apache-2.0

// Goal: what grpc-js would answer by itself is seen. A server of node:http2 stands for its own.

import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { unknownPath, watchStreams } from '../../../../src/controller/management/stream-watch.ts';

/** The path that a server sees of a request. */
async function seenPath(headers: IncomingHttpHeaders): Promise<string | undefined> {
  const server = createServer();
  const seen = Promise.withResolvers<string | undefined>();
  server.on('stream', (stream, { ':path': path }) => {
    seen.resolve(path);
    stream.respond({}, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  const stream = client.request(headers);
  stream.resume();
  await once(stream, 'close');
  client.close();
  server.close();
  return seen.promise;
}

describe('watchStreams()', () => {
  const routes = new Set(['/a.B/C']);
  const isRoute = (path: string): boolean => routes.has(path);

  it.each([
    ['/a.B/C', 'application/grpc', '/a.B/C', []],
    ['/a.B/C', 'application/grpc+proto', '/a.B/C', []],
    ['/a.B/D', 'application/grpc', unknownPath, ['unknown-method']],
    ['/a.B/C', 'text/html', '/a.B/C', ['no-grpc']],
  ])('of %s as %s a server sees %s', async (path, type, expected, foreign) => {
    const heard: string[] = [];
    const addresses: string[] = [];
    using watch = watchStreams({
      isRoute,
      onForeign: (address, stream) => {
        addresses.push(address);
        heard.push(stream);
      },
    });

    const seen = await seenPath({ ':method': 'POST', ':path': path, 'content-type': type });

    expect(watch).toBeDefined();
    expect(seen).toBe(expected);
    expect(heard).toEqual(foreign);
    expect(addresses).toEqual(foreign.map(() => '127.0.0.1'));
  });

  it('leaves all as it is afterwards', async () => {
    watchStreams({ isRoute, onForeign: () => {} })[Symbol.dispose]();

    expect(await seenPath({ ':path': '/a.B/D' })).toBe('/a.B/D');
  });
});
