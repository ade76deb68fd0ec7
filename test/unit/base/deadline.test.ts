// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  abortable,
  deadlineSignal,
  endedError,
  pollUntil,
  throwIfEnded,
} from '../../../src/base/deadline.ts';
import { unhandledDuring } from '../unhandled.ts';

const never = new Promise<never>(() => {});

function live(): AbortSignal {
  return new AbortController().signal;
}

describe('deadlineSignal', () => {
  it('ends after its time, as a time-out', async () => {
    const signal = deadlineSignal(1);

    await expect(abortable(never, 'waiting', { signal })).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: 'timed out while waiting',
    });
  });

  it('ends with the other signal if that is sooner, as cancelled', async () => {
    const user = new AbortController();
    const signal = deadlineSignal(60_000, user.signal);
    const waiting = abortable(never, 'waiting', { signal });
    user.abort();

    await expect(waiting).rejects.toMatchObject({
      code: 'cancelled',
      message: 'cancelled while waiting',
    });
  });
});

describe('abortable', () => {
  it('settles as the promise does', async () => {
    const error = new Error('no');

    await expect(abortable(Promise.resolve(7), 'x', { signal: live() })).resolves.toBe(7);
    await expect(abortable(Promise.reject(error), 'x', { signal: live() })).rejects.toBe(error);
  });

  it('rejects at once when the signal has ended already', async () => {
    await expect(
      abortable(Promise.resolve(7), 'x', { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('leaves no rejection unhandled when the signal had ended before', async () => {
    const seen = await unhandledDuring(async () => {
      const late = Promise.withResolvers<void>();
      const waiting = abortable(late.promise, 'x', { signal: AbortSignal.abort() });
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      late.reject(new Error('after the end'));
    });

    expect(seen).toEqual([]);
  });

  it('leaves no rejection unhandled when the signal ends first', async () => {
    const seen = await unhandledDuring(async () => {
      const late = Promise.withResolvers<void>();
      const controller = new AbortController();
      const waiting = abortable(late.promise, 'x', { signal: controller.signal });
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      late.reject(new Error('after the end'));
    });

    expect(seen).toEqual([]);
  });

  it('keeps the reason as the cause', () => {
    const reason = new Error('the user pressed Ctrl-C');

    expect(endedError(AbortSignal.abort(reason), 'x').cause).toBe(reason);
  });
});

describe('pollUntil', () => {
  it('asks until there is an answer', async () => {
    let asked = 0;
    const check = (): number | undefined => ((asked += 1) === 3 ? asked : undefined);

    expect(await pollUntil(check, 'x', { signal: live(), intervalMs: 1 })).toBe(3);
  });

  it('takes false, 0 and the empty text for answers', async () => {
    for (const answer of [false, 0, '', null]) {
      expect(await pollUntil(() => answer, 'x', { signal: live(), intervalMs: 1 })).toBe(answer);
    }
  });

  it('does not ask when its time is over, and stops asking when it ends', async () => {
    let asked = 0;
    const check = (): undefined => {
      asked += 1;
    };

    const over = pollUntil(check, 'asking', { signal: AbortSignal.abort(), intervalMs: 1 });
    await expect(over).rejects.toMatchObject({ code: 'cancelled' });
    expect(asked).toBe(0);

    const timed = pollUntil(check, 'asking', { signal: deadlineSignal(5), intervalMs: 1 });
    await expect(timed).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: 'timed out while asking',
    });
    expect(asked).toBeGreaterThan(0);
  });

  it('passes on what the check throws', async () => {
    const failure = new Error('the thing is broken');
    const check = async (): Promise<undefined> => {
      throw failure;
    };

    await expect(pollUntil(check, 'x', { signal: live(), intervalMs: 1 })).rejects.toBe(failure);
  });
});

describe('throwIfEnded', () => {
  it('throws for a signal that has ended, and only then', () => {
    expect(() => {
      throwIfEnded(live(), 'x');
    }).not.toThrow();
    expect(() => {
      throwIfEnded(AbortSignal.abort(), 'working');
    }).toThrow('cancelled while working');
  });
});
