// SPDX-License-Identifier: Apache-2.0

// Runs the conformance cases of the frontend addon against a back end's socket, one after another.
// A case that fails, for whatever reason, does not keep the next one from its turn.

import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import type { ConformanceCase, ConformanceOutcome, FrontendAddon } from '../native/addons.ts';
import { native } from '../native/error-kind.ts';

export interface CaseResult {
  readonly name: string;
  readonly section: string;
  readonly state: ConformanceOutcome['state'];
  readonly reason: string;
  readonly durationMs: number;
}

export interface CaseFilter {
  /** Part of a name. */
  readonly text?: string;
  /** Features of which a case must need one. */
  readonly features: readonly string[];
}

/** The cases to run, in their order; an error if none is left. */
export function selectCases(
  cases: readonly ConformanceCase[],
  { text, features }: CaseFilter,
): readonly ConformanceCase[] {
  for (const feature of features) {
    if (cases.some(({ needs }) => needs.includes(feature))) continue;
    const known = [...new Set(cases.flatMap(({ needs }) => needs))].toSorted();
    throw new ArgonError('not-found', `no case needs the feature "${feature}"`, {
      hint: `features that cases need: ${known.join(', ')}`,
    });
  }
  const selected = cases.filter(
    ({ name, needs }) =>
      (text === undefined || name.includes(text)) &&
      (features.length === 0 || features.some((feature) => needs.includes(feature))),
  );
  if (selected.length === 0) {
    throw new ArgonError('not-found', 'no case has such a name and such features', {
      hint: 'argon conformance --list shows all of them',
    });
  }
  return selected;
}

export interface ConformanceOptions extends Cancellable {
  readonly addon: FrontendAddon;
  readonly socketPath: string;
  readonly cases: readonly ConformanceCase[];
  readonly timeoutMs: number;
  /** The caller knows that the device's data is lost. */
  readonly isDestructive: boolean;
  readonly progress: Progress;
}

/** Results in the order of the cases. Refuses a device that could be written and should not be. */
export async function runConformance(options: ConformanceOptions): Promise<readonly CaseResult[]> {
  const { addon, socketPath, cases, timeoutMs, progress, signal } = options;
  const facts = await native(addon.conformanceFacts({ socketPath, timeoutMs }));
  if (!facts.isReadOnly && !options.isDestructive) {
    throw new ArgonError('failed-precondition', `the device at ${socketPath} can be written`, {
      hint: 'the suite overwrites its data; say --destructive if nothing of it is needed',
    });
  }
  const results: CaseResult[] = [];
  for (const { name, section } of cases) {
    signal.throwIfAborted();
    progress.advance(results.length, cases.length);
    // Each case has a connection of its own, so they take turns.
    const outcome = await native(addon.runConformanceCase({ name, socketPath, timeoutMs }));
    const durationMs = Number(outcome.durationNs / 1000n) / 1000;
    results.push({ name, section, state: outcome.state, reason: outcome.reason, durationMs });
  }
  return results;
}

export interface ConformanceCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function countResults(results: readonly CaseResult[]): ConformanceCounts {
  const count = (state: CaseResult['state']): number =>
    results.filter((result) => result.state === state).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}
