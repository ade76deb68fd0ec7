// SPDX-License-Identifier: Apache-2.0

// The host's time, finer than JavaScript has it. `Date.now()` is whole milliseconds, cut off; the
// monotonic clock is fine, and says nothing of the date. The kernel steers both alike, so what lies
// between them only changes when somebody sets the clock; and each reading bounds it:
//
//     wall ≤ monotonic + distance < wall + 1 ms
//
// What all readings allow gets narrower with each, down to a hundredth of a millisecond. A reading
// that contradicts the others says that the clock was set, and everything begins anew.

import type { NtpClock, NtpStatus } from './ntp.ts';

/** Where the time is read; tests have others. */
export interface TimeSources {
  /** Milliseconds since 1970, whole. */
  wallMs(): number;
  /** Milliseconds since whenever, with a fraction; never less than before. */
  monotonicMs(): number;
}

/** What cannot be read from a clock, and is for the operator to say. */
export type NtpSource = Omit<NtpStatus, 'referenceTimeNs'>;

// Numbers of the size of a date are exact to a quarter of a microsecond; this is well above it, so
// that rounding never looks like a clock that was set.
const slackMs = 0.01;

const systemSources: TimeSources = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A clock for the time service. Goes back only when the host's does. */
export class HostClock implements NtpClock {
  readonly #source: NtpSource;
  readonly #times: TimeSources;
  // Between these the distance is, in milliseconds.
  #lowMs = 0;
  #highMs = 0;
  #latestNs = 0n;
  #setAtNs = 0n;

  constructor(source: NtpSource, times: TimeSources = systemSources) {
    this.#source = source;
    this.#times = times;
  }

  nowNs(): bigint {
    const beforeMs = this.#times.monotonicMs();
    const wallMs = this.#times.wallMs();
    const afterMs = this.#times.monotonicMs();
    // The wall clock was read somewhere between.
    const [lowMs, highMs] = [wallMs - afterMs, wallMs + 1 - beforeMs];
    const isContradicted = lowMs > this.#highMs + slackMs || highMs < this.#lowMs - slackMs;
    const isSet = isContradicted || this.#latestNs === 0n;
    if (isSet) [this.#lowMs, this.#highMs] = [lowMs, highMs];
    else this.#narrow(lowMs, highMs);
    const nowNs = nanoseconds(afterMs + (this.#lowMs + this.#highMs) / 2);
    if (isSet) this.#setAtNs = nowNs;
    // A narrower distance may be a smaller one, which is no reason to go back.
    if (isSet || nowNs > this.#latestNs) this.#latestNs = nowNs;
    return this.#latestNs;
  }

  status(): NtpStatus {
    return { ...this.#source, referenceTimeNs: this.#setAtNs };
  }

  #narrow(lowMs: number, highMs: number): void {
    const [low, high] = [Math.max(lowMs, this.#lowMs), Math.min(highMs, this.#highMs)];
    if (high - low >= slackMs) [this.#lowMs, this.#highMs] = [low, high];
  }
}

function nanoseconds(milliseconds: number): bigint {
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((milliseconds - whole) * 1_000_000));
}
