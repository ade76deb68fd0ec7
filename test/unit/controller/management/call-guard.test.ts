// SPDX-License-Identifier: Apache-2.0

import { type ClientHttp2Stream, connect } from 'node:http2';

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { hostInfoType } from '../../../../src/api/generated/argon/v1/host.ts';
import { patience, type Served, serveHost, until } from './fixture.ts';
import { callHeaders, greeting, headersFrame, resetFrame } from './raw-http2.ts';

interface RawCall {
  readonly stream: ClientHttp2Stream;
  /** Of HTTP. */
  readonly status: Promise<unknown>;
  /** Of gRPC, where it comes with the headers. */
  readonly ended: Promise<unknown>;
}

interface RawSession extends Disposable {
  /** Begins a call and sends none of its message. */
  begin(path?: string, type?: string): RawCall;
}

/** HTTP/2 without gRPC's manners. */
async function open(served: Served): Promise<RawSession> {
  const socket = await served.raw();
  const session = connect('http://localhost', { createConnection: () => socket });
  session.on('error', () => {}); // The server may close it at any time.
  return {
    begin: (path = '/argon.v1.Host/GetHost', type = 'application/grpc') => {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': type,
        te: 'trailers',
      });
      stream.on('error', () => {});
      const status = Promise.withResolvers<unknown>();
      const ended = Promise.withResolvers<unknown>();
      stream.on('response', (headers) => {
        status.resolve(headers[':status']);
        ended.resolve(headers['grpc-status']);
      });
      return { stream, status: status.promise, ended: ended.promise };
    },
    [Symbol.dispose]: () => {
      session.destroy();
    },
  };
}

function messagesOf(served: Served): readonly unknown[] {
  return served.lines.map((line) => line['msg']);
}

describe('CallGuard', () => {
  it('answers an unknown method with UNIMPLEMENTED before its message, and logs it', async () => {
    await using served = await serveHost();
    using session = await open(served);

    const { ended } = session.begin('/argon.v1.Host/Other');

    expect(await ended).toBe('12'); // UNIMPLEMENTED
    expect(messagesOf(served)).toContain('refused a call: there is no such method');
    expect(JSON.stringify(served.lines)).not.toContain('Host/Other');
    expect(served.server.openCallCount).toBe(0);
    await served.client().call('Host.GetHost', {}, patience);
  });

  it('answers what is no gRPC with the status 415, and logs it', async () => {
    await using served = await serveHost();
    using session = await open(served);

    const { status } = session.begin('/argon.v1.Host/GetHost', 'application/json');

    expect(await status).toBe(415);
    expect(messagesOf(served)).toContain('refused a request that is no gRPC');
  });

  it.each([
    ['/argon.v1.Host/Other', 'application/grpc'],
    ['/', 'text/html'],
  ])('closes a connection that asks for %s as %s again and again', async (path, type) => {
    await using served = await serveHost({ limits: { resetsMax: 5, resetsPerSecond: 0 } });
    const bystander = served.client();
    await bystander.call('Host.GetHost', {}, patience);
    using session = await open(served);

    for (let count = 0; count < 5; count += 1) await session.begin(path, type).status;
    session.begin(path, type);
    await until(() => served.server.connectionCount === 1, 'the end of the connection');

    await bystander.call('Host.GetHost', {}, patience);
    expect(messagesOf(served)).toContain('closed a connection: it asks for what is not there');
  });

  it('ends a call whose message does not arrive in time, and serves others meanwhile', async () => {
    await using served = await serveHost({ limits: { requestTimeoutMs: 1 } });
    using slow = await open(served);

    const { stream, ended } = slow.begin();
    stream.write(Buffer.from([0, 0, 0]));
    await served.client().call('Host.GetHost', {}, patience);

    expect(await ended).toBe('4'); // DEADLINE_EXCEEDED
    expect(messagesOf(served)).toContain('ended a call: its request did not arrive in time');
    expect(served.server.openCallCount).toBe(0);
  });

  it('ends the oldest call without a message when there are too many', async () => {
    await using served = await serveHost({ limits: { callsMax: 2, requestTimeoutMs: 3_600_000 } });
    using slow = await open(served);
    const first = slow.begin();
    const second = slow.begin();
    await until(() => served.server.openCallCount === 2, 'two calls');

    await served.client().call('Host.GetHost', {}, patience);

    expect(await first.ended).toBe('8'); // RESOURCE_EXHAUSTED
    expect(second.stream.closed).toBe(false);
  });

  it('refuses a call when there are too many and all are being answered', async () => {
    const mayEnd = Promise.withResolvers<void>();
    await using served = await serveHost({
      limits: { callsMax: 1 },
      handlers: {
        'Host.GetHost': async () => {
          await mayEnd.promise;
          return createMessage(hostInfoType, {});
        },
      },
    });
    const answered = served.client().call('Host.GetHost', {}, patience);
    await until(() => served.server.openCallCount === 1, 'a call');

    await expect(served.client().call('Host.GetHost', {}, patience)).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
    mayEnd.resolve();
    await answered;
    await served.client().call('Host.GetHost', {}, patience);
  });

  it('closes a connection that takes back call after call, and serves others', async () => {
    await using served = await serveHost({ limits: { resetsMax: 5, resetsPerSecond: 0 } });
    const flood = await served.raw();
    const bystander = served.client();
    await bystander.call('Host.GetHost', {}, patience);

    flood.write(greeting());
    for (let stream = 1; stream < 2 * 6; stream += 2) {
      flood.write(headersFrame(stream, callHeaders('/argon.v1.Host/GetHost')));
      await until(() => served.server.openCallCount === 1, 'a call');
      flood.write(resetFrame(stream));
      await until(() => served.server.openCallCount === 0, 'its end');
    }
    flood.resume();
    await until(() => flood.destroyed, 'the end of the flood');
    await bystander.call('Host.GetHost', {}, patience);

    expect(messagesOf(served)).toContain(
      'closed a connection: it takes back one call after the other',
    );
  });
});
