// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { createLogger } from '../../../../src/base/log.ts';
import type { CaptureOptions, CaptureReading } from '../../../../src/card/bus/captures.ts';
import { CaptureDriver, type CapturePlaces } from '../../../../src/controller/driver/captures.ts';
import type { HostEnvironment } from '../../../../src/native/network-watch.ts';
import { networkId } from '../../network/samples.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const eni = networkId('eni', 1);
const bounds = { framesMax: 5, bytesMax: 5_000, secondsMax: 5 };

class FakePlaces implements CapturePlaces {
  process = { pid: 1, startTicks: '7' };
  readonly asked: Omit<CaptureOptions, 'index'>[] = [];
  readonly failures: ArgonError[] = [];
  #known: string | undefined;

  async startCapture(options: Omit<CaptureOptions, 'index'>): Promise<CaptureReading> {
    this.asked.push(options);
    this.#known = options.capture;
    return this.#reading();
  }
  async readCapture(capture: string): Promise<CaptureReading> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    if (capture === this.#known) return this.#reading();
    throw new ArgonError('not-found', 'there is none');
  }
  async stopCapture(capture: string): Promise<CaptureReading> {
    return { ...(await this.readCapture(capture)), end: 'stopped' };
  }
  forget(): void {
    this.#known = undefined;
  }

  #reading(): CaptureReading {
    return { end: undefined, frames: 3, framesLost: 2n, sizeBytes: 9, data: Uint8Array.of(1) };
  }
}

function open(environment: HostEnvironment = 'test') {
  const places = new FakePlaces();
  const log = createLogger('test', 'silent');
  return { places, captures: new CaptureDriver({ environment, places, log }) };
}

describe('CaptureDriver', () => {
  it('asks no card in production', async () => {
    const { places, captures } = open('production');

    await expect(captures.start(eni, bounds, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining(eni) as string,
      hint: expect.stringContaining('--environment test') as string,
    });
    expect(places.asked).toEqual([]);
  });

  it('starts, reads and stops, by a name that no other has', async () => {
    const { places, captures } = open();

    const one = await captures.start(eni, bounds, scope);
    const other = await captures.start(eni, bounds, scope);

    expect(places.asked[0]).toEqual({ capture: one.capture, interface: eni, ...bounds });
    expect(one.capture).toMatch(/^cap-[0-9a-f]{17}$/);
    expect(other.capture).not.toBe(one.capture);
    expect(await captures.read(other, 0, scope)).toMatchObject({ ...other, end: undefined });
    expect(await captures.stop(other, scope)).toMatchObject({ end: 'stopped', frames: 3 });
    await expect(captures.read(one, 0, scope)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('says what it last heard of one whose card is gone', async () => {
    const { places, captures } = open();
    const name = await captures.start(eni, bounds, scope);
    await captures.read(name, 0, scope);

    places.forget();
    await expect(captures.read(name, 0, scope)).rejects.toMatchObject({ code: 'not-found' });
    places.process = { pid: 1, startTicks: '8' };
    places.failures.push(new ArgonError('unavailable', 'the card is gone'));

    const gone = { end: 'card-gone', frames: 3, framesLost: 2n, data: new Uint8Array() };
    expect(await captures.read(name, 0, scope)).toMatchObject(gone);
    expect(await captures.stop(name, scope)).toMatchObject(gone);
  });

  it('hears of one that a controller before had started', async () => {
    const { places, captures } = open();
    const { capture } = await captures.start(eni, bounds, scope);
    const log = createLogger('test', 'silent');
    const next = new CaptureDriver({ environment: 'test', places, log });

    expect(await next.read({ interface: eni, capture }, 0, scope)).toMatchObject({ frames: 3 });
  });

  it('tells what else a card throws', async () => {
    const { places, captures } = open();
    const name = await captures.start(eni, bounds, scope);
    const refusal = new ArgonError('invalid-argument', 'the capture has 9 bytes');
    places.failures.push(refusal);

    await expect(captures.read(name, 70, scope)).rejects.toBe(refusal);
  });
});
