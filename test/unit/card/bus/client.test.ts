// SPDX-License-Identifier: Apache-2.0

import { type Duplex, duplexPair } from 'node:stream';

import { describe, expect, it, vi } from 'vitest';

import { CardBus } from '../../../../src/card/bus/client.ts';
import { encodeFrame, FrameDecoder } from '../../../../src/card/bus/frames.ts';
import {
  type CardAnswer,
  type CardRequest,
  encodeAnswer,
  type Numbered,
  parseRequest,
} from '../../../../src/card/bus/messages.ts';
import { unhandledDuring } from '../../unhandled.ts';
import { idleWorker, noCounters, noMetrics } from '../fake-block-addon.ts';
import { sampleDevice } from '../samples.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const waitOptions = { timeout: 30_000 }; // A hang; it is a second where nothing is said.
const options = { workers: 1, pollMode: 'off', cpus: [] } as const;

/** The other end of the bus: keeps requests, sends what the test says. */
class FakeCard {
  readonly requests: Numbered<CardRequest>[] = [];
  reply: (request: CardRequest) => CardAnswer | undefined = () => ({ kind: 'done' });
  readonly stream: Duplex;
  readonly #decoder = new FrameDecoder();

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      for (const frame of this.#decoder.push(chunk)) this.#handle(parseRequest(frame));
    });
  }

  send(number: number, body: CardAnswer): void {
    this.stream.write(encodeFrame(encodeAnswer({ number, body })));
  }

  #handle(request: Numbered<CardRequest>): void {
    this.requests.push(request);
    const body = this.reply(request.body);
    if (body !== undefined) this.send(request.number, body);
  }
}

interface Opened {
  readonly bus: CardBus;
  readonly card: FakeCard;
  /** The bus's own side of the pair. */
  readonly stream: Duplex;
}

/** A card whose bus another controller had, which left bytes unread. */
async function adopt(unread: Uint8Array, late?: Numbered<CardAnswer>): Promise<Opened> {
  const [ours, theirs] = duplexPair();
  const card = new FakeCard(theirs);
  theirs.write(unread);
  card.reply = (request) => {
    if (request.method !== 'resync') return { kind: 'done' };
    if (late !== undefined) card.send(late.number, late.body);
    theirs.write(request.nonce);
    return undefined;
  };
  return { bus: await CardBus.adopt(ours, scope), card, stream: ours };
}

function open(): Opened {
  const [ours, theirs] = duplexPair();
  return { bus: new CardBus(ours), card: new FakeCard(theirs), stream: ours };
}

describe('CardBus', () => {
  it('sends each request with a number of its own and gives back its value', async () => {
    const { bus, card } = open();
    card.reply = ({ method }) => {
      if (method === 'addDevice') return { kind: 'device', id: 7 };
      if (method !== 'counters') return { kind: 'done' };
      return { kind: 'counters', queues: [{ ...noCounters, flushes: 3n }] };
    };

    await bus.start(options, '/log', scope);
    expect(await bus.addDevice(sampleDevice(), scope)).toBe(7);
    expect((await bus.counters(7, scope))[0]?.flushes).toBe(3n);
    await bus.removeDevice(7, scope);

    expect(card.requests).toEqual([
      { number: 1, body: { method: 'start', options, logFile: '/log' } },
      { number: 2, body: { method: 'addDevice', options: sampleDevice() } },
      { number: 3, body: { method: 'counters', id: 7 } },
      { number: 4, body: { method: 'removeDevice', id: 7 } },
    ]);
  });

  it('asks for metrics and reads them', async () => {
    const { bus, card } = open();
    const metrics = { queues: [{ ...noMetrics, inFlight: 3n }], workers: [idleWorker] };
    card.reply = () => ({ kind: 'metrics', metrics });

    expect(await bus.metrics(7, scope)).toEqual(metrics);
    expect(card.requests).toEqual([{ number: 1, body: { method: 'metrics', id: 7 } }]);
  });

  it('matches answers to requests in whatever order they come', async () => {
    const { bus, card } = open();
    card.reply = () => undefined;
    const first = bus.addDevice(sampleDevice(), scope);
    const second = bus.addDevice(sampleDevice(), scope);

    card.send(2, { kind: 'device', id: 20 });
    card.send(1, { kind: 'device', id: 10 });

    expect(await Promise.all([first, second])).toEqual([10, 20]);
  });

  it('makes an ArgonError of an answer that is one', async () => {
    const { bus, card } = open();
    card.reply = () => ({ kind: 'error', code: 'not-found', message: 'no file', hint: 'look' });

    await expect(bus.addDevice(sampleDevice(), scope)).rejects.toMatchObject({
      name: 'ArgonError',
      code: 'not-found',
      message: 'no file',
      hint: 'look',
    });
  });

  it('closes the bus on an answer to another question', async () => {
    const { bus, card } = open();
    card.reply = () => ({ kind: 'fault', fault: 1 });

    await expect(bus.addDevice(sampleDevice(), scope)).rejects.toMatchObject({
      code: 'aborted',
      message: 'the card answered another question than the one it was asked',
    });
    await expect(bus.ping(scope)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives up when its caller does, and takes the late answer without a word', async () => {
    const { bus, card } = open();
    card.reply = () => undefined;
    const giveUp = new AbortController();
    const asking = bus.removeDevice(1, { signal: giveUp.signal });
    await vi.waitFor(() => {
      expect(card.requests).toHaveLength(1);
    }, waitOptions);
    giveUp.abort();

    await expect(asking).rejects.toMatchObject({
      code: 'cancelled',
      message: 'cancelled while waiting for the card to removeDevice',
    });
    card.send(1, { kind: 'done' });
    card.reply = () => ({ kind: 'done' });

    await bus.removeDevice(2, scope);
  });

  it('leaves no rejection unhandled when a request whose caller had given up dies', async () => {
    const seen = await unhandledDuring(async () => {
      const { bus } = open();
      const ended = { signal: AbortSignal.abort() };
      await expect(bus.removeDevice(1, ended)).rejects.toMatchObject({ code: 'cancelled' });
      bus.close();
    });

    expect(seen).toEqual([]);
  });

  it('refuses a request too long for a frame, and lives on', async () => {
    const seen = await unhandledDuring(async () => {
      const { bus } = open();
      const device = sampleDevice({ socketPath: '😀'.repeat(4096) });

      await expect(bus.addDevice(device, scope)).rejects.toMatchObject({
        code: 'resource-exhausted',
      });
      await bus.removeDevice(1, scope);
      bus.close();
    });

    expect(seen).toEqual([]);
  });
});

describe('a bus that the card breaks', () => {
  it.each([
    [
      'answers what nobody asked',
      encodeFrame(encodeAnswer({ number: 99, body: { kind: 'done' } })),
      'aborted',
    ],
    ['sends what has no body', encodeFrame(Buffer.from([8, 1])), 'invalid-argument'],
    [
      'adds a field of its own',
      encodeFrame(Buffer.from([8, 1, 26, 0, 160, 6, 1])),
      'invalid-argument',
    ],
    ['sends garbage', encodeFrame(Buffer.from([0xff, 0x00])), 'invalid-argument'],
    ['announces a frame too long', Buffer.from([0x7f, 0xff, 0xff, 0xff]), 'aborted'],
  ])('is closed when it %s, and all that wait are told', async (_what, bytes, code) => {
    const { bus, card } = open();
    card.reply = () => undefined;
    const pending = [bus.removeDevice(1, scope), bus.counters(1, scope)];

    card.stream.write(bytes);

    for (const asking of pending) await expect(asking).rejects.toMatchObject({ code });
    await expect(bus.removeDevice(1, scope)).rejects.toMatchObject({ code });
  });

  it('is closed when an answer comes twice', async () => {
    const { bus, card } = open();
    await bus.removeDevice(1, scope);
    card.reply = () => undefined;
    const pending = bus.removeDevice(2, scope);

    card.send(1, { kind: 'done' });

    await expect(pending).rejects.toMatchObject({
      code: 'aborted',
      message: 'the card sent a frame that nobody asked for',
    });
  });

  it('is closed when its stream closes, as that of a card does which ends', async () => {
    const { bus, card, stream } = open();
    card.reply = () => undefined;
    const pending = bus.removeDevice(1, scope);

    stream.destroy();

    await expect(pending).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the card is gone',
    });
    await expect(bus.counters(1, scope)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a bus that is taken over', () => {
  const oldAnswer = { number: 1, body: { kind: 'device', id: 7 } } as const;

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an answer', encodeFrame(encodeAnswer(oldAnswer))],
    ['the second half of one', encodeFrame(encodeAnswer(oldAnswer)).subarray(9)],
    ['what looks like a frame too long', Buffer.alloc(40, 0xff)],
  ])('goes on where its last owner left %s unread', async (_what, unread) => {
    const { bus, card } = await adopt(unread, oldAnswer);

    await bus.ping(scope);

    expect(card.requests.map(({ body }) => body.method)).toEqual(['resync', 'ping']);
  });

  it('takes what follows in the same chunk for its own', async () => {
    const [ours, theirs] = duplexPair();
    const card = new FakeCard(theirs);
    card.reply = (request) => {
      if (request.method === 'resync') {
        const stray = encodeFrame(encodeAnswer(oldAnswer));
        theirs.write(Buffer.concat([Buffer.from(request.nonce), stray]));
      }
      return undefined;
    };
    const bus = await CardBus.adopt(ours, scope);

    await expect(bus.ping(scope)).rejects.toMatchObject({
      message: 'the card sent a frame that nobody asked for',
    });
  });

  it('is let go of when the card does not answer', async () => {
    const [ours, theirs] = duplexPair();
    const card = new FakeCard(theirs);
    card.reply = () => undefined;

    await expect(CardBus.adopt(ours, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
    expect(ours.destroyed).toBe(true);
  });

  it('is none when the card is gone', async () => {
    const [ours, theirs] = duplexPair();
    theirs.destroy();
    ours.destroy();

    await expect(CardBus.adopt(ours, scope)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('end', () => {
  it('is seen by the card, and settles what waits', async () => {
    const { bus, card } = open();
    card.reply = () => undefined;
    const pending = bus.ping(scope);
    const ended = Promise.withResolvers<void>();
    card.stream.on('end', ended.resolve);

    bus.end();
    bus.end();

    await expect(pending).rejects.toMatchObject({ code: 'cancelled' });
    await ended.promise;
    await bus.closed;
  });
});

describe('close', () => {
  it('tells the card and all that wait, and may come twice', async () => {
    const { bus, card } = open();
    card.reply = () => undefined;
    const pending = bus.removeDevice(1, scope);
    const hungUp = Promise.withResolvers<void>();
    card.stream.on('end', hungUp.resolve);

    bus.close();
    bus.close();

    await expect(pending).rejects.toMatchObject({ code: 'cancelled' });
    await hungUp.promise;
    await expect(bus.removeDevice(1, scope)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
