// SPDX-License-Identifier: Apache-2.0

// Waiting with an end: whoever awaits something outside the process gives a signal, and polling has
// a bound and a named interval.

import { setTimeout as sleep } from 'node:timers/promises';

import { ArgonError } from './errors.ts';

/** What every function takes that awaits something outside the process. */
export interface Cancellable {
  readonly signal: AbortSignal;
}

/** A signal that ends after `timeoutMs`, or with `signal` if that is sooner. */
export function deadlineSignal(timeoutMs: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/**
 * Settles as `promise` does, or rejects when `signal` ends: deadline-exceeded for a time-out,
 * cancelled otherwise. `what` names what was awaited.
 */
export async function abortable<Value>(
  promise: Promise<Value>,
  what: string,
  { signal }: Cancellable,
): Promise<Value> {
  const ended = Promise.withResolvers<never>();
  const onAbort = (): void => {
    ended.reject(endedError(signal, what));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  // The race is entered even so: a promise that nobody awaits must not reject unhandled later.
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([ended.promise, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Calls `check` every `intervalMs` until it returns something, or rejects when `signal` ends. */
export async function pollUntil<Value>(
  check: () => Promise<Value | undefined> | Value | undefined,
  what: string,
  { signal, intervalMs }: Cancellable & { readonly intervalMs: number },
): Promise<Value> {
  for (;;) {
    throwIfEnded(signal, what);
    const value = await check();
    if (value !== undefined) return value;
    await abortable(sleep(intervalMs), what, { signal });
  }
}

/** Throws what `endedError` makes if `signal` has ended. */
export function throwIfEnded(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw endedError(signal, what);
}

/** The error for a wait that a signal ended. */
export function endedError(signal: AbortSignal, what: string): ArgonError {
  const isTimeout = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  return isTimeout
    ? new ArgonError('deadline-exceeded', `timed out while ${what}`, { cause: signal.reason })
    : new ArgonError('cancelled', `cancelled while ${what}`, { cause: signal.reason });
}
