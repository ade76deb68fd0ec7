// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createStagePrinter, type StagePrinter } from '../../../src/cli/stage-printer.ts';

interface Screen {
  readonly stages: StagePrinter;
  /** Lets seconds pass. */
  readonly pass: (seconds: number) => void;
  /** What was written since the last call. */
  readonly take: () => string;
}

function open({ isTTY = false } = {}): Screen {
  let text = '';
  let nowMs = 5000;
  const output = {
    isTTY,
    write: (part: string) => {
      text += part;
    },
  };
  return {
    stages: createStagePrinter(output, () => nowMs),
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

  it('clears the line before a note', () => {
    const { stages, take } = open({ isTTY: true });
    stages.step('copy');
    take();
    stages.note('hello');

    expect(take()).toBe(`${clear}[   0.0s] hello\n`);
  });
});
