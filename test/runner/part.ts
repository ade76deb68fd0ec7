// SPDX-License-Identifier: Apache-2.0

/** What came of a part of the tests. A skipped test never counts as passed. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 };

/** What the user asked for, beyond which parts. */
export interface Filter {
  /** A pattern for the names of vitest's tests. */
  readonly testName?: string;
  /** Parts of paths of vitest's test files. */
  readonly files: readonly string[];
}

/** A part of `npm test` that runs by itself. */
export interface Part {
  /** The name by which `--only` picks it; parts that share a group also go by that. */
  readonly name: string;
  readonly group: string;
  run(filter: Filter): Promise<Counts>;
}

export function addCounts(all: readonly Counts[]): Counts {
  let sum = noCounts;
  for (const { passed, failed, skipped } of all) {
    sum = {
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    };
  }
  return sum;
}

/** Whether these counts are a failure: something failed, or nothing at all ran. */
export function isFailure({ passed, failed }: Counts): boolean {
  return failed > 0 || passed === 0;
}

/**
 * A program that ended badly failed at least once, whatever it counted: an unhandled rejection, a
 * crash at exit, a leak report.
 */
export function withExit(counts: Counts, isExitGood: boolean): Counts {
  return isExitGood || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

export function describeCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
