// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../src/base/deadline.ts';
import { ArgonError } from '../../../src/base/errors.ts';
import { createLogger } from '../../../src/base/log.ts';
import type { CaptureOptions } from '../../../src/card/bus/captures.ts';
import { Captures, pieceBytesMax } from '../../../src/card/captures.ts';
import type { CaptureSubject } from '../../../src/card/network-watch.ts';
import type { HostEnvironment } from '../../../src/native/network-watch.ts';
import { networkId } from '../network/samples.ts';
import { sampleFrame, sampleHead } from './pcapng-samples.ts';

const scope = { signal: AbortSignal.timeout(300_000), intervalMs: 5 };
const head = sampleHead();

class FakeCard {
  readonly calls: unknown[] = [];
  readonly blocks: Uint8Array[] = [];
  failure: Error | undefined;

  async startCapture(environment: HostEnvironment, what: CaptureSubject): Promise<Uint8Array> {
    if (environment === 'production') throw new ArgonError('permission-denied', 'refused');
    this.calls.push(what);
    return head;
  }
  async takeCapture(): Promise<Uint8Array> {
    if (this.failure !== undefined) throw this.failure;
    return this.blocks.shift() ?? new Uint8Array();
  }
  async stopCapture(): Promise<void> {
    this.calls.push('stop');
  }
}

function open(options: { readonly patienceMs?: number; environment?: HostEnvironment } = {}) {
  const card = new FakeCard();
  const logger = createLogger('test', 'silent');
  const captures = new Captures({ card, environment: 'test', logger, ...options });
  return { card, captures };
}

function asked(number = 1, changes: Partial<CaptureOptions> = {}): CaptureOptions {
  const interfaceId = networkId('eni', number);
  const bounds = { framesMax: 100, bytesMax: 1_000_000, secondsMax: 3_600 };
  return { capture: `cap-${number}`, interface: interfaceId, index: number, ...bounds, ...changes };
}

async function untilEnded(captures: Captures, id = 'cap-1') {
  return pollUntil(
    () => {
      const reading = captures.read(id, 0);
      return reading.end === undefined ? undefined : reading;
    },
    'waiting for the end',
    scope,
  );
}

describe('Captures', () => {
  it('has what came until it was stopped', async () => {
    const { card, captures } = open();
    expect(await captures.start(asked())).toMatchObject({ end: undefined, sizeBytes: head.length });
    card.blocks.push(sampleFrame(1), sampleFrame(2, 42, 5n));

    const stopped = await captures.stop('cap-1');

    const file = Buffer.concat([head, sampleFrame(1), sampleFrame(2, 42, 5n)]);
    expect(stopped).toMatchObject({ end: 'stopped', frames: 2, framesLost: 5n });
    expect(stopped.data).toHaveLength(0);
    expect(Buffer.from(captures.read('cap-1', 0).data)).toEqual(file);
    expect(Buffer.from(captures.read('cap-1', 10).data)).toEqual(file.subarray(10));
    expect(captures.read('cap-1', file.length).data).toHaveLength(0);
    expect(() => captures.read('cap-1', file.length + 1)).toThrow('the capture has');
    expect(await captures.stop('cap-1')).toMatchObject({ end: 'stopped' });
    await captures[Symbol.asyncDispose]();
    expect(card.calls).toEqual([{ only: 1, name: networkId('eni', 1) }, 'stop']);
  });

  it.each([
    ['frames', { framesMax: 2 }, 2],
    ['bytes', { bytesMax: head.length + sampleFrame(1).length + 1 }, 1],
    ['time', { secondsMax: 0 }, 3],
  ] as const)('ends with its bound: %s', async (end, bound, frames) => {
    const { card, captures } = open();
    card.blocks.push(Buffer.concat([sampleFrame(1), sampleFrame(2)]), sampleFrame(3));

    await captures.start(asked(1, bound));

    const last = await untilEnded(captures);
    expect(last).toMatchObject({ end, frames });
    expect(last.sizeBytes).toBe(head.length + frames * sampleFrame(1).length);
    await captures[Symbol.asyncDispose]();
    expect(card.calls.at(-1)).toBe('stop');
  });

  it('is stopped when nobody reads it, and then forgotten', async () => {
    const { card, captures } = open({ patienceMs: 50 });
    await captures.start(asked());

    await pollUntil(() => (card.calls.length === 2 ? true : undefined), 'its end', scope);
    expect(captures.read('cap-1', 0)).toMatchObject({ end: 'abandoned' });

    // Looks less often than would keep it.
    const isForgotten = async (): Promise<true | undefined> => {
      const [stopped] = await Promise.allSettled([captures.stop('cap-1')]);
      return stopped.status === 'rejected' ? true : undefined;
    };
    await pollUntil(isForgotten, 'it to be forgotten', { ...scope, intervalMs: 300 });
    await expect(captures.stop('cap-1')).rejects.toMatchObject({ code: 'not-found' });
    await captures[Symbol.asyncDispose]();
  });

  it('goes on while somebody reads it', async () => {
    const { captures } = open({ patienceMs: 400 });
    await captures.start(asked());
    const startedMs = performance.now();

    await pollUntil(
      () => {
        expect(captures.read('cap-1', 0).end).toBeUndefined();
        return performance.now() - startedMs > 1_500 ? true : undefined;
      },
      'time',
      scope,
    );
    await captures[Symbol.asyncDispose]();
  });

  it('ends with its interface, and with no other', async () => {
    const { captures } = open();
    await captures.start(asked());

    await captures.removeInterface(2);
    expect(captures.read('cap-1', 0).end).toBeUndefined();
    await captures.removeInterface(1);
    expect(captures.read('cap-1', 0).end).toBe('interface-gone');
    await captures[Symbol.asyncDispose]();
  });

  it('is one at a time, and another one when that has ended', async () => {
    const { captures } = open();
    const [first, beside] = await Promise.allSettled([
      captures.start(asked(1)),
      captures.start(asked(2)),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(beside).toMatchObject({ reason: { code: 'resource-exhausted' } });
    await expect(captures.start(asked(2))).rejects.toMatchObject({ code: 'resource-exhausted' });

    await captures.stop('cap-1');
    await captures.start(asked(2));

    expect(() => captures.read('cap-1', 0)).toThrow('no capture cap-1');
    expect(captures.read('cap-2', 0).end).toBeUndefined();
    await captures[Symbol.asyncDispose]();
  });

  it('is none in production', async () => {
    const { captures } = open({ environment: 'production' });

    await expect(captures.start(asked())).rejects.toMatchObject({ code: 'permission-denied' });
    expect(() => captures.read('cap-1', 0)).toThrow('no capture');
    await captures[Symbol.asyncDispose]();
  });

  it('says so where the card fails', async () => {
    const { card, captures } = open();
    card.failure = new Error('as the test wants');
    await captures.start(asked());

    expect(await untilEnded(captures)).toMatchObject({ end: 'failed', frames: 0 });
    await captures[Symbol.asyncDispose]();
  });

  it('is read in pieces', async () => {
    const { card, captures } = open();
    const frames = Array.from({ length: 6_000 }, (_, number) => sampleFrame(number % 200));
    card.blocks.push(Buffer.concat(frames));
    await captures.start(asked(1, { framesMax: 10_000 }));

    const { sizeBytes } = await captures.stop('cap-1');
    const piece = captures.read('cap-1', 0).data;
    const rest = captures.read('cap-1', piece.length).data;

    expect(piece).toHaveLength(pieceBytesMax);
    expect(piece.length + rest.length).toBe(sizeBytes);
    expect(Buffer.concat([piece, rest])).toEqual(Buffer.concat([head, ...frames]));
    await captures[Symbol.asyncDispose]();
  });
});
