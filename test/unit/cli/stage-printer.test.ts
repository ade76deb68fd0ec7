// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  createStagePrinter,
  everySecond,
  type StagePrinter,
  withoutStamp,
} from '../../../src/cli/stage-printer.ts';

interface Screen {
  readonly stages: StagePrinter;
  /** Lets seconds pass. */
  readonly pass: (seconds: number) => void;
  /** A second is over, for whoever counts them. */
  readonly tick: () => void;
  /** What was written since the last call. */
  readonly take: () => string;
}

function open({ isTTY = false } = {}): Screen {
  let text = '';
  let nowMs = 5000;
  const listeners = new Set<() => void>();
  const output = {
    isTTY,
    write: (part: string) => {
      text += part;
    },
  };
  return {
    stages: createStagePrinter(
      output,
      () => nowMs,
      (onTick) => {
        listeners.add(onTick);
        return { [Symbol.dispose]: () => void listeners.delete(onTick) };
      },
    ),
    tick: () => {
      for (const listener of listeners) listener();
    },
    pass: (seconds) => {
      nowMs += seconds * 1000;
    },
    take: () => {
      const taken = text;
      text = '';
      return taken;
    },
  };
}

const clear = '\r\u001b[K';

describe('a stage printer without a terminal', () => {
  it('shows a stage when it ends, with the time since the start', () => {
    const { stages, pass, take } = open();
    stages.step('kernel');
    expect(take()).toBe('');

    pass(3.24);
    stages.ok();

    expect(take()).toBe('[   3.2s] kernel … ok\n');
  });

  it('ends a stage well when the next begins', () => {
    const { stages, take } = open();
    stages.step('one');
    stages.step('two');
    stages.failed();

    expect(take()).toBe('[   0.0s] one … ok\n[   0.0s] two … FAILED\n');
  });

  it('adds a note to the end of a stage', () => {
    const { stages, take } = open();
    stages.step('one');
    stages.ok('12 MiB');
    stages.step('two');
    stages.failed('no answer');

    expect(take()).toBe('[   0.0s] one … ok (12 MiB)\n[   0.0s] two … FAILED (no answer)\n');
  });

  it('says nothing about the end of no stage', () => {
    const { stages, take } = open();
    stages.ok();
    stages.failed();
    stages.advance(1, 2);

    expect(take()).toBe('');
  });

  it('shows how far a long stage is, every two seconds', () => {
    const { stages, pass, take } = open();
    stages.step('copy');
    pass(1.9);
    stages.advance(1, 10);
    expect(take()).toBe('');

    pass(0.1);
    stages.advance(2, 10);
    stages.advance(3, 10);
    expect(take()).toBe('[   2.0s] copy … 20 %\n');

    pass(2);
    stages.advance(10, 10);
    expect(take()).toBe('[   4.0s] copy … 100 %\n');
  });

  it('takes nothing of nothing for all of it', () => {
    const { stages, pass, take } = open();
    stages.step('copy');
    pass(2);
    stages.advance(0, 0);

    expect(take()).toBe('[   2.0s] copy … 100 %\n');
  });

  it('writes a line between stages without ending one', () => {
    const { stages, take } = open();
    stages.step('boot');
    stages.note('the guest said hello');
    stages.ok();

    expect(take()).toBe('[   0.0s] the guest said hello\n[   0.0s] boot … ok\n');
  });
});

describe('withoutStamp()', () => {
  it('takes the time from a line, and leaves any other as it is', () => {
    const { stages, take } = open();
    stages.step('kernel');
    stages.ok();

    expect(withoutStamp(take())).toBe('kernel … ok\n');
    expect(withoutStamp('[12s] else')).toBe('[12s] else');
  });
});

describe('everySecond()', () => {
  it('ticks until it is disposed', async () => {
    const ticked = Promise.withResolvers<void>();
    using ticking = everySecond(ticked.resolve);

    await ticked.promise; // The test runner keeps this process alive meanwhile.

    expect(ticking).toBeDefined();
  });
});

describe('a stage printer on a terminal', () => {
  it('shows a stage while it runs and writes over it when it ends', () => {
    const { stages, pass, take } = open({ isTTY: true });
    stages.step('kernel');
    expect(take()).toBe('[   0.0s] kernel …');

    pass(1);
    stages.ok();
    expect(take()).toBe(`${clear}[   1.0s] kernel … ok\n`);
  });

  it('writes over what it showed before when it shows how far a stage is', () => {
    const { stages, pass, take } = open({ isTTY: true });
    stages.step('copy');
    take();
    pass(2);
    stages.advance(1, 4);

    expect(take()).toBe(`${clear}[   2.0s] copy … 25 %`);
  });

  it('shows the time of a stage that goes on, until it ends', () => {
    const { stages, pass, tick, take } = open({ isTTY: true });
    stages.step('kernel');
    pass(2);
    stages.advance(1, 4);
    take();

    pass(1);
    tick();
    expect(take()).toBe(`${clear}[   3.0s] kernel … 25 %`);
    stages.ok();
    take();
    tick();

    expect(take()).toBe('');
  });

  it('clears the line before a note', () => {
    const { stages, take } = open({ isTTY: true });
    stages.step('copy');
    take();
    stages.note('hello');

    expect(take()).toBe(`${clear}[   0.0s] hello\n`);
  });
});
