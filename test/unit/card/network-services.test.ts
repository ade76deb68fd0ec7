// SPDX-License-Identifier: Apache-2.0

import { setImmediate } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { startNetworkServices, tryToOpenStreams } from '../../../src/card/network-services.ts';
import type { NativeQuestion, NativeServices } from '../../../src/native/network-addon.ts';
import { ipv4Bytes, macBytes } from '../../../src/network/services/addresses.ts';
import { decodeUdpFrame, encodeUdpFrame } from '../../../src/network/services/udp-frame.ts';
import { nativeError } from '../fake-host.ts';
import { sampleServiceRecords } from '../network/services/samples.ts';

const nothing = {
  questions: 0n,
  questionsOverShare: 0n,
  questionsTooLong: 0n,
  answers: 0n,
  answersOverShare: 0n,
  answersTooLong: 0n,
};

/** A card that hands out its questions two at a time, and remembers the answers. */
class FakeCard implements NativeServices {
  readonly waiting: NativeQuestion[] = [];
  readonly answers: { readonly index: number; readonly frame: Uint8Array }[] = [];
  readonly failure: Error | undefined;
  ring: () => void = () => {};

  constructor(failure?: Error) {
    this.failure = failure;
  }

  serveQuestions(onQuestions: () => void): void {
    this.ring = onQuestions;
  }

  takeQuestions() {
    const questions = this.waiting.splice(0, 2);
    return { questions, hasMore: this.waiting.length > 0 };
  }

  answer(index: number, frame: Uint8Array): boolean {
    this.answers.push({ index, frame });
    return true;
  }

  async openStreams() {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    return { metadata: [], resolver: [] };
  }

  serviceTraffic() {
    return { datagrams: nothing, streams: nothing };
  }
}

/** What time it is, asked by an interface. */
function timeQuestion(index: number): NativeQuestion {
  const payload = Buffer.alloc(48);
  payload[0] = 0x23; // Version 4, a client.
  const frame = encodeUdpFrame({
    sourceMac: macBytes('02:00:00:00:00:01'),
    destinationMac: macBytes('02:00:00:00:00:09'),
    source: ipv4Bytes('10.0.1.5'),
    destination: ipv4Bytes('169.254.169.123'),
    sourcePort: 50_000,
    destinationPort: 123,
    payload,
  });
  return { index, service: 'ntp', frame };
}

function start(card: FakeCard) {
  return startNetworkServices({ card, setHopLimit: () => {} });
}

describe('startNetworkServices()', () => {
  it('answers questions of interfaces that it has records of, and no others', async () => {
    const card = new FakeCard();
    await using services = start(card);
    card.waiting.push(timeQuestion(7));
    card.ring();
    expect(card.answers).toEqual([]); // No records, no answers.

    services.setRecords(sampleServiceRecords());
    card.waiting.push(timeQuestion(7), timeQuestion(8));
    card.ring();

    expect(card.answers.map(({ index }) => index)).toEqual([7]);
    const answer = decodeUdpFrame(new Uint8Array(card.answers[0]?.frame ?? []));
    expect(answer).toMatchObject({ sourcePort: 123, destinationPort: 50_000 });
    expect(services.counters.ntp).toMatchObject({ asked: 1, answered: 1 });
    expect(services.traffic().streams).toEqual(nothing);
  });

  it('takes more questions in later turns', async () => {
    const card = new FakeCard();
    await using services = start(card);
    services.setRecords(sampleServiceRecords());
    card.waiting.push(...Array.from({ length: 5 }, () => timeQuestion(7)));

    card.ring();
    expect(card.answers).toHaveLength(2);
    await expect.poll(() => card.answers.length, { timeout: 20_000 }).toBe(5);
  });

  it('answers no more when it is over', async () => {
    const card = new FakeCard();
    const services = start(card);
    services.setRecords(sampleServiceRecords());
    card.waiting.push(...Array.from({ length: 5 }, () => timeQuestion(7)));
    card.ring();

    await services[Symbol.asyncDispose]();
    await setImmediate();

    expect(card.answers).toHaveLength(2);
  });

  it('says what needs root', async () => {
    await using services = start(new FakeCard(nativeError('permission-denied', 'unshare')));

    await expect(services.openStreams()).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('root') as string,
    });
    await tryToOpenStreams(services, createLogger('test', 'silent')); // And goes on.
  });
});
