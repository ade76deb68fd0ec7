// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../src/base/progress.ts';
import {
  type CaseResult,
  countResults,
  runConformance,
  selectCases,
} from '../../../src/harness/conformance.ts';
import type {
  ConformanceCase,
  ConformanceOutcome,
  FrontendAddon,
} from '../../../src/native/addons.ts';

const cases: readonly ConformanceCase[] = [
  { name: 'ring/split/size 2', section: '2.7', needs: ['F_VERSION_1'], isWriting: false },
  { name: 'ring/packed/size 2', section: '2.8', needs: ['F_RING_PACKED'], isWriting: false },
  { name: 'discard/split/one segment', section: '5.2', needs: ['F_DISCARD'], isWriting: true },
];

describe('selectCases', () => {
  it.each([
    [undefined, [], [0, 1, 2]],
    ['ring/', [], [0, 1]],
    ['split', [], [0, 2]],
    [undefined, ['F_DISCARD'], [2]],
    [undefined, ['F_DISCARD', 'F_RING_PACKED'], [1, 2]],
    ['ring', ['F_VERSION_1', 'F_DISCARD'], [0]],
  ])('takes of "%s" with %j the cases %j', (text, features, indexes) => {
    const filter = text === undefined ? { features } : { text, features };

    expect(selectCases(cases, filter)).toEqual(indexes.map((index) => cases[index]));
  });

  it('refuses a feature that no case needs, and names those that are needed', () => {
    expect(() => selectCases(cases, { features: ['F_ZONED'] })).toThrow(
      expect.objectContaining({
        code: 'not-found',
        message: 'no case needs the feature "F_ZONED"',
        hint: 'features that cases need: F_DISCARD, F_RING_PACKED, F_VERSION_1',
      }),
    );
  });

  it('refuses to select nothing', () => {
    expect(() => selectCases(cases, { text: 'tape', features: [] })).toThrow('no case has such');
  });
});

interface Fake {
  readonly isReadOnly?: boolean;
  readonly outcome?: (name: string) => ConformanceOutcome;
}

const passed: ConformanceOutcome = { state: 'passed', reason: '', durationNs: 1_500_000n };

function fakeAddon(asked: string[], { isReadOnly = false, outcome = () => passed }: Fake = {}) {
  const addon: Partial<FrontendAddon> = {
    conformanceFacts: async () => ({
      isReadOnly,
      sizeBytes: 1n << 24n,
      features: 0n,
      protocolFeatures: 0n,
    }),
    runConformanceCase: async ({ name }) => {
      asked.push(name);
      return outcome(name);
    },
  };
  return addon as FrontendAddon;
}

const plain = {
  socketPath: '/run/b.sock',
  cases,
  timeoutMs: 1000,
  isDestructive: true,
  progress: silentProgress,
  signal: new AbortController().signal,
};

describe('runConformance', () => {
  it('runs every case in order, whatever became of those before it', async () => {
    const asked: string[] = [];
    const outcome = (name: string): ConformanceOutcome =>
      name === 'ring/split/size 2'
        ? { state: 'failed', reason: 'it hung', durationNs: 2_000_000n }
        : passed;

    const results = await runConformance({ ...plain, addon: fakeAddon(asked, { outcome }) });

    expect(asked).toEqual(cases.map(({ name }) => name));
    expect(results[0]).toEqual({
      name: 'ring/split/size 2',
      section: '2.7',
      state: 'failed',
      reason: 'it hung',
      durationMs: 2,
    });
    expect(countResults(results)).toEqual({ passed: 2, failed: 1, skipped: 0 });
  });

  it('asks nothing of a device that could lose data, unless it may', async () => {
    const asked: string[] = [];

    await expect(
      runConformance({ ...plain, addon: fakeAddon(asked), isDestructive: false }),
    ).rejects.toMatchObject({
      code: 'failed-precondition',
      hint: expect.stringContaining('--destructive'),
    });
    expect(asked).toEqual([]);
  });

  it('needs no leave for a device that is read-only', async () => {
    const asked: string[] = [];
    const addon = fakeAddon(asked, { isReadOnly: true });

    await expect(runConformance({ ...plain, addon, isDestructive: false })).resolves.toHaveLength(
      cases.length,
    );
  });

  it('stops between cases when it is cancelled', async () => {
    const asked: string[] = [];
    const controller = new AbortController();
    const addon = fakeAddon(asked, {
      outcome: () => {
        controller.abort();
        return passed;
      },
    });

    await expect(
      runConformance({ ...plain, addon, signal: controller.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(asked).toHaveLength(1);
  });
});

describe('countResults', () => {
  it('counts each state', () => {
    const result = (state: CaseResult['state']): CaseResult => ({
      name: 'a',
      section: 'b',
      state,
      reason: '',
      durationMs: 1,
    });

    expect(countResults([result('skipped'), result('passed'), result('skipped')])).toEqual({
      passed: 1,
      failed: 0,
      skipped: 2,
    });
  });
});
