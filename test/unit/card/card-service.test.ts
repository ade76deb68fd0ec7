// SPDX-License-Identifier: Apache-2.0

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../src/base/errors.ts';
import type { BlockCardSurroundings } from '../../../src/card/block-card.ts';
import { CardBus } from '../../../src/card/bus/client.ts';
import { encodeFrame, FrameDecoder } from '../../../src/card/bus/frames.ts';
import { encodeRequest, parseAnswer } from '../../../src/card/bus/messages.ts';
import { serveCard } from '../../../src/card/card-service.ts';
import { callControl } from '../../../src/cli/control-client.ts';
import { nativeError } from '../fake-host.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeBlockAddon } from './fake-block-addon.ts';
import { sampleDevice, sampleFault, sampleLimits, sampleVolumeDevice } from './samples.ts';

const cardOptions = { workers: 1, pollMode: 'adaptive', cpus: [] } as const;
const logFile = '/dev/null';
const scope = { signal: AbortSignal.timeout(300_000) };

interface Served {
  readonly addon: FakeBlockAddon;
  readonly stream: Duplex;
  /** Settles as serveCard does. */
  readonly serving: Promise<void>;
}

function serve(addon = new FakeBlockAddon(), surroundings: BlockCardSurroundings = {}): Served {
  const [ours, theirs] = duplexPair();
  return { addon, stream: ours, serving: serveCard(theirs, addon, surroundings) };
}

/** The answers on a stream, by number, as they come. */
function collectAnswers(stream: Duplex): ReturnType<typeof parseAnswer>[] {
  const decoder = new FrameDecoder();
  const answers: ReturnType<typeof parseAnswer>[] = [];
  stream.on('data', (chunk: Buffer) => answers.push(...decoder.push(chunk).map(parseAnswer)));
  return answers;
}

describe('serveCard', () => {
  it('says what it serves, and has limits, faults and size changed', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    await bus.start(cardOptions, logFile, scope);
    const id = await bus.addDevice(sampleVolumeDevice(), scope);

    expect(await bus.devices(scope)).toEqual([{ id, volume: 'vol0123456789abcdef0' }]);
    await bus.setLimits({ scope: 'guest', name: 'i-1', limits: sampleLimits() }, scope);
    expect(addon.levels).toMatchObject([{ scope: 'guest', name: 'i-1', limits: sampleLimits() }]);
    const fault = await bus.addFault(id, sampleFault(), scope);
    expect(await bus.faults(id, scope)).toEqual([
      { id: fault, rule: sampleFault(), matches: 0n, hits: 0n },
    ]);
    await bus.releaseFaults(id, scope);
    await bus.removeFault(id, fault, scope);
    await bus.growStore(id, 8192n, scope);
    await bus.growDevice(id, 8192n, scope);
    await bus.removeDevice(id, scope);
    expect(await bus.devices(scope)).toEqual([]);
    bus.close();
    await serving;

    expect(addon.calls).toEqual([
      'addDevice',
      'setLimits guest i-1',
      `addFault ${id}`,
      `faults ${id}`,
      `releaseFaults ${id}`,
      `removeFault ${id} ${fault}`,
      `growStore ${id} 8192`,
      `growDevice ${id} 8192`,
      'removeDevice',
      'stop',
    ]);
  });

  it('starts a card, serves devices on it, and stops it when the bus closes', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);

    await bus.start(cardOptions, logFile, scope);
    const id = await bus.addDevice(sampleVolumeDevice(), scope);
    const [counters] = await bus.counters(id, scope);
    const { queues } = await bus.metrics(id, scope);
    await bus.removeDevice(id, scope);
    bus.close();
    await serving;

    expect(addon.starts).toEqual([cardOptions]);
    expect(counters?.reads).toBe(2n ** 64n - 1n);
    expect(queues[0]?.writes).toBe(2n ** 64n - 1n);
    expect(addon.calls).toEqual(['addDevice', 'counters', 'metrics', 'removeDevice', 'stop']);
  });

  it('hands a device to native code exactly as it was asked for', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    const device = sampleVolumeDevice();

    await bus.start(cardOptions, logFile, scope);
    await bus.addDevice(device, scope);
    bus.close();
    await serving;

    expect(addon.devices.get(1)).toEqual(device);
  });

  it('offers the controls of a device until it goes', async () => {
    await using dir = await createTempDir();
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    const controls = { guest: 'web', hasFaults: true, hasPower: false, seed: 7n };
    const paths = [join(dir.path, '1.control'), join(dir.path, '2.control')];

    await bus.start(cardOptions, logFile, scope);
    for (const controlPath of paths) {
      await bus.addDevice({ ...sampleDevice({ controls }), controlPath }, scope);
    }
    const call = { method: 'limit.show', params: {} } as const;
    const shown = await Promise.all(paths.map(async (path) => callControl(path, call, scope)));
    await bus.removeDevice(1, scope);
    const left = await readdir(dir.path);
    bus.close();
    await serving;

    expect(addon.devices.get(2)).toEqual(sampleDevice({ controls }));
    expect(shown).toEqual([{ levels: [] }, { levels: [] }]);
    expect(left).toEqual(['2.control']);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('serves no device whose controls cannot be offered', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    await bus.start(cardOptions, logFile, scope);

    await expect(
      bus.addDevice({ ...sampleDevice(), controlPath: '/nowhere/1.control' }, scope),
    ).rejects.toMatchObject({ hint: expect.stringContaining('a path in a folder that exists') });

    expect(addon.devices.size).toBe(0);
    bus.close();
    await serving;
  });

  it('answers an error with its code, sentence and hint, and goes on', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    await bus.start(cardOptions, logFile, scope);
    addon.addFailure = nativeError('not-found', 'open /state/vol/data: No such file (ENOENT)');

    await expect(bus.addDevice(sampleVolumeDevice(), scope)).rejects.toMatchObject({
      name: 'ArgonError',
      code: 'not-found',
      message: 'open /state/vol/data: No such file (ENOENT)',
      hint: expect.stringContaining('file'),
    });
    addon.addFailure = undefined;

    expect(await bus.addDevice(sampleDevice(), scope)).toBe(1);
    bus.close();
    await serving;
  });

  it('refuses to start twice, and to do anything before it is started', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);

    await expect(bus.addDevice(sampleDevice(), scope)).rejects.toMatchObject({
      code: 'failed-precondition',
      message: 'the card is not started',
    });
    await bus.start(cardOptions, logFile, scope);
    await expect(bus.start(cardOptions, logFile, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
      message: 'the card is started already',
    });
    bus.close();
    await serving;

    expect(addon.starts).toHaveLength(1);
  });

  it('can be started again after a start that failed', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    addon.startFailure = nativeError('invalid-argument', 'pin a thread to the CPUs asked for');

    await expect(bus.start(cardOptions, logFile, scope)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    addon.startFailure = undefined;
    await bus.start(cardOptions, logFile, scope);
    bus.close();
    await serving;
  });

  it('says that a log file cannot be opened', async () => {
    await using dir = await createTempDir();
    const { stream, serving } = serve();
    const bus = new CardBus(stream);

    await expect(bus.start(cardOptions, `${dir.path}/missing/x.log`, scope)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('ENOENT'),
    });
    bus.close();
    await serving;
  });

  it('answers each request once, however many come at once', async () => {
    const { addon, stream, serving } = serve();
    const answers = collectAnswers(stream);
    const gate = Promise.withResolvers<void>();
    addon.addGate = gate.promise;
    const requests = [
      encodeRequest({ number: 5, body: { method: 'start', options: cardOptions, logFile } }),
      encodeRequest({ number: 6, body: { method: 'addDevice', options: sampleDevice() } }),
      encodeRequest({ number: 7, body: { method: 'counters', id: 1 } }),
      encodeRequest({ number: 8, body: { method: 'removeDevice', id: 9 } }),
    ];

    stream.write(Buffer.concat(requests.map(encodeFrame)));
    gate.resolve();
    stream.end();
    await serving;

    const kinds = answers.map(({ number, body }) => [number, body.kind] as const);
    expect(new Map(kinds)).toEqual(
      new Map([
        [5, 'done'],
        [6, 'device'],
        [7, 'counters'],
        [8, 'error'],
      ]),
    );
    expect(kinds).toHaveLength(4);
  });

  it('answers others while a device waits to be added', async () => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    await bus.start(cardOptions, logFile, scope);
    const gate = Promise.withResolvers<void>();
    addon.addGate = gate.promise;
    const adding = Array.from({ length: 5 }, async () => bus.addDevice(sampleDevice(), scope));

    await bus.ping(scope);
    expect(await bus.devices(scope)).toEqual([]);
    // So many at a time keep one of Node's threads free.
    expect(addon.calls).toEqual(['addDevice', 'addDevice', 'addDevice']);
    gate.resolve();
    await Promise.all(adding);

    expect(addon.calls.filter((call) => call === 'addDevice')).toHaveLength(5);
    bus.close();
    await serving;
  });

  it('says nothing of what a former controller asked, once that is done', async () => {
    const { addon, stream, serving } = serve();
    const gate = Promise.withResolvers<void>();
    const former = new CardBus(stream);
    await former.start(cardOptions, logFile, scope);
    addon.addGate = gate.promise;
    const adding = former.addDevice(sampleDevice(), scope);
    await former.ping(scope);
    stream.removeAllListeners('data');

    const taking = CardBus.adopt(stream, scope);
    setImmediate(gate.resolve);
    const bus = await taking;

    expect(await bus.devices(scope)).toHaveLength(1);
    bus.close();
    await serving;
    await expect(adding).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('gives the slot channel to the first card that it starts', async () => {
    const inherited = { backplaneFd: 9, counterFd: 10 };
    const { addon, stream, serving } = serve(new FakeBlockAddon(), inherited);
    const bus = new CardBus(stream);

    await bus.start(cardOptions, logFile, scope);
    bus.close();
    await serving;

    expect(addon.starts).toEqual([{ ...cardOptions, backplaneFd: 9, counterFd: 10 }]);
  });

  it.each([
    ['its own end is destroyed', undefined],
    ['the other end went with answers unread', 'ECONNRESET'],
    ['an answer finds nobody', 'EPIPE'],
  ])('stops its card in order when %s', async (_what, code) => {
    const addon = new FakeBlockAddon();
    const [ours, theirs] = duplexPair();
    const serving = serveCard(theirs, addon);
    const bus = new CardBus(ours);
    await bus.start(cardOptions, logFile, scope);

    theirs.destroy(code === undefined ? undefined : Object.assign(new Error(code), { code }));

    await expect(serving).resolves.toBeUndefined();
    expect(addon.calls).toEqual(['stop']);
  });

  it('does not hide an error that is not about the stream', async () => {
    const addon = new FakeBlockAddon();
    const [ours, theirs] = duplexPair();
    const serving = serveCard(theirs, addon);
    const bus = new CardBus(ours);
    await bus.start(cardOptions, logFile, scope);

    theirs.destroy(new TypeError('a bug'));

    await expect(serving).rejects.toThrow('a bug');
    expect(addon.calls).toEqual(['stop']);
  });

  it.each([
    ['no message', encodeFrame(Buffer.from('hello'))],
    ['an unknown field', encodeFrame(Buffer.from([8, 1, 106, 0, 160, 6, 1]))],
    ['a frame longer than allowed', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ])('stops its card and ends when the bus brings %s', async (_what, bytes) => {
    const { addon, stream, serving } = serve();
    const bus = new CardBus(stream);
    await bus.start(cardOptions, logFile, scope);
    await bus.addDevice(sampleDevice(), scope);

    stream.write(bytes);

    await expect(serving).rejects.toBeInstanceOf(ArgonError);
    expect(addon.calls.at(-1)).toBe('stop');
  });
});
