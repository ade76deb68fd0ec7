// SPDX-License-Identifier: Apache-2.0

// The management server against peers that mean it ill: each is bounded and logged, and others are
// served while it goes on.

import type { Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { defaultLimits } from '../../src/controller/management/limits.ts';
import {
  patience,
  type Served,
  serveHost,
  until as untilWithin,
} from '../unit/controller/management/fixture.ts';
import {
  callHeaders,
  continuationFrame,
  fatHeader,
  greeting,
  headersFrame,
  pingFrame,
  resetFrame,
} from '../unit/controller/management/raw-http2.ts';

const path = '/argon.v1.Host/GetHost';
const closings = [
  'closed a connection that broke HTTP/2',
  'closed a connection: it takes back one call after the other',
];
const cutOff = 'a call ended before its answer: taken back, cut off or larger than allowed';

async function expectServed(served: Served): Promise<void> {
  await using client = served.client();
  expect(await client.call('Host.GetHost', {}, patience)).toMatchObject({ version: '1.2.3' });
}

// A bound on a hang: continuous integration may do other things meanwhile.
async function until(check: () => boolean, what: string): Promise<void> {
  await untilWithin(check, what, 120_000);
}

function isLogged(served: Served, message: string): boolean {
  return served.lines.some(({ msg }) => msg === message);
}

const floods: readonly (readonly [string, readonly Buffer[]])[] = [
  ['garbage', [Buffer.alloc(64 * 1024, 'garbage ')]],
  [
    'calls that are taken back at once',
    [
      greeting(),
      ...Array.from({ length: 5000 }, (_, index) => [
        headersFrame(2 * index + 1, callHeaders(path)),
        resetFrame(2 * index + 1),
      ]).flat(),
    ],
  ],
  ['pings whose answers nobody reads', [greeting(), ...Array.from({ length: 100_000 }, pingFrame)]],
  [
    'headers without an end',
    [
      greeting(),
      headersFrame(1, callHeaders(path), 0),
      ...Array.from({ length: 2000 }, () => continuationFrame(1, fatHeader)),
    ],
  ],
];

describe('a management server', () => {
  it.each(floods)('ends a connection with %s', async (_what, frames) => {
    await using served = await serveHost();
    const socket = await served.raw();
    socket.pause();

    socket.write(Buffer.concat(frames));
    await expectServed(served);
    // Node ends it, or the guard that counts what is taken back, as the bytes happen to arrive.
    await until(() => closings.some((message) => isLogged(served, message)), 'its end');
    await expectServed(served);
  });

  it('serves others while a thousand connections say nothing', async () => {
    await using served = await serveHost();
    const idle: Socket[] = [];
    for (let index = 0; index < 1000; index += 1) idle.push((await served.raw()).resume());

    await expectServed(served);

    expect(served.server.connectionCount).toBeLessThanOrEqual(defaultLimits.connectionsMax);
    const openCount = (): number => idle.filter(({ destroyed }) => !destroyed).length;
    await until(() => openCount() <= defaultLimits.connectionsMax, 'the end of the oldest');
  });

  it('closes connections that never call', async () => {
    await using served = await serveHost({ limits: { firstCallTimeoutMs: 1 } });
    const idle = await served.raw();
    idle.resume();

    await until(() => idle.destroyed, 'its end');

    expect(isLogged(served, 'closed a connection that was idle')).toBe(true);
  });

  it('serves others while headers trickle in, and ends that connection', async () => {
    // Time enough for the others to come to their first call.
    await using served = await serveHost({ limits: { firstCallTimeoutMs: 3_000 } });
    const slow = await served.raw();
    slow.resume();
    slow.write(greeting());
    slow.write(headersFrame(1, callHeaders(path), 0));

    await expectServed(served);
    await until(() => slow.destroyed, 'its end');
  });

  it('keeps no part of a message of 100 MB', async () => {
    await using served = await serveHost();
    const socket = await served.raw();
    const message = Buffer.alloc(5);
    message.writeUInt32BE(100 * 1024 * 1024, 1);

    socket.write(greeting());
    socket.write(headersFrame(1, callHeaders(path)));
    // A frame of DATA (type 0) on the stream, as far as flow control lets it.
    socket.write(Buffer.concat([Buffer.from([0, 0, 5, 0, 0, 0, 0, 0, 1]), message]));
    await until(() => isLogged(served, cutOff), 'the refusal');

    await expectServed(served);
    expect(served.server.openCallCount).toBe(0);
  });

  it('answers two hundred clients side by side', async () => {
    await using served = await serveHost();
    const clients = Array.from({ length: 200 }, () => served.client());

    const answers = await Promise.all(
      clients.map(async (client) => client.call('Host.GetHost', {}, patience)),
    );

    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['1.2.3']));
    expect(served.server.connectionCount).toBe(200);
  });
});
