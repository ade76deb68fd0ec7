// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { HostClock, type NtpSource } from '../../../../src/network/services/host-clock.ts';

const source: NtpSource = {
  leap: 0,
  stratum: 3,
  precisionExponent: -18,
  rootDelayMs: 1,
  rootDispersionMs: 1,
  referenceId: Uint8Array.of(10, 0, 0, 1),
};

// A time that is known, of which the clock sees whole milliseconds and a monotonic clock.
class KnownTime {
  #setMs = 1_700_000_000_000;
  #elapsedMs = 0.3;
  readonly clock = new HostClock(source, {
    wallMs: () => Math.floor(this.#setMs + this.#elapsedMs),
    monotonicMs: () => this.#elapsedMs + 5000.25,
  });

  pass(milliseconds: number): void {
    this.#elapsedMs += milliseconds;
  }

  set(stepMs: number): void {
    this.#setMs += stepMs;
  }

  /** How far off the clock is, in milliseconds. */
  read(): number {
    const sinceSetNs = this.clock.nowNs() - BigInt(this.#setMs) * 1_000_000n;
    return Number(sinceSetNs) / 1e6 - this.#elapsedMs;
  }
}

describe('HostClock', () => {
  it('is right to half a millisecond at once, and to a hundredth of it later', () => {
    const time = new KnownTime();

    expect(Math.abs(time.read())).toBeLessThanOrEqual(0.5);
    for (let count = 0; count < 2000; count += 1) {
      time.pass(0.617);
      time.read();
    }
    expect(Math.abs(time.read())).toBeLessThan(0.011);
  });

  it('goes with the host when its clock is set, either way', () => {
    const time = new KnownTime();
    time.read();
    for (const stepMs of [3_600_000, -7_200_000, 2]) {
      time.set(stepMs);

      expect(Math.abs(time.read())).toBeLessThanOrEqual(0.5);
      expect(time.clock.status().referenceTimeNs).toBe(time.clock.nowNs());
    }
  });

  it('says when it was set, and what it was told', () => {
    const time = new KnownTime();
    const setAtNs = time.clock.nowNs();
    time.pass(10_000);
    time.clock.nowNs();

    expect(time.clock.status()).toEqual({ ...source, referenceTimeNs: setAtNs });
  });

  it('never goes back, however time passes', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (steps) => {
        const time = new KnownTime();
        const readings = steps.map((step) => {
          time.pass(step);
          return time.clock.nowNs();
        });

        expect(readings).toEqual(readings.toSorted((left, right) => (left < right ? -1 : 1)));
      }),
    );
  });

  it('reads the host', () => {
    const startMs = performance.now();
    const before = BigInt(Date.now()) * 1_000_000n;

    const nowNs = new HostClock(source).nowNs();

    // What a reading leaves open is as wide as the reading took.
    const openMs = Math.ceil(performance.now() - startMs) + 2;
    expect(nowNs >= before - 1_000_000n).toBe(true);
    expect(nowNs <= BigInt(Date.now() + openMs) * 1_000_000n).toBe(true);
  });
});
