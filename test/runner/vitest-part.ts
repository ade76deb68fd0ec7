// SPDX-License-Identifier: Apache-2.0

// One vitest project. Its own JSON report is counted, test by test, since its totals and its JUnit
// file take a test whose worker crashed for one that is still to come or has passed.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { resultsDir, runShown, say } from './child.ts';
import { type Counts, type Filter, noCounts, type Part, withExit } from './part.ts';

interface TestResult {
  readonly status: string;
  readonly fullName: string;
  /** Of every try; a test that passed has some only if it ran again. */
  readonly failureMessages?: readonly string[];
}

/** What is read of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly TestResult[];
  }[];
}

export interface VitestLimits {
  readonly timeoutMs: number;
  /** Whether each test is shown as it ends, for parts that take long. */
  readonly isVerbose?: boolean;
}

export function vitestPart(name: string, limits: VitestLimits): Part {
  return {
    name,
    group: name,
    run: async (filter) => await runProject(name, limits, filter),
  };
}

async function runProject(
  name: string,
  { timeoutMs, isVerbose = false }: VitestLimits,
  filter: Filter,
): Promise<Counts> {
  const reportFile = join(resultsDir, `${name}.json`);
  await rm(reportFile, { force: true });
  const isFiltered = filter.testName !== undefined || filter.files.length > 0;
  const isGood = await runShown(
    [
      'vitest',
      'run',
      `--project=${name}`,
      `--reporter=${isVerbose ? 'verbose' : 'minimal'}`,
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      '--reporter=junit',
      `--outputFile.junit=${join(resultsDir, `${name}.xml`)}`,
      ...(isFiltered ? ['--passWithNoTests'] : []),
      ...(filter.testName === undefined ? [] : ['-t', filter.testName]),
      ...filter.files,
    ],
    timeoutMs,
  );
  const text = await readFile(reportFile, 'utf8').catch(() => undefined);
  if (text === undefined) return withExit(noCounts, isGood);
  const report = JSON.parse(text) as Report;
  if (!isFiltered) for (const skipped of skippedIn(report)) say(`  skipped: ${skipped}`);
  for (const again of againIn(report)) say(`  ran again: ${again}`);
  return withExit(countReport(report), isGood);
}

const skippedStates: ReadonlySet<string> = new Set(['skipped', 'todo', 'disabled']);

/** Counts a report. Whatever neither passed nor was skipped has failed: it may never have ended. */
export function countReport({ testResults }: Report): Counts {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const { status: fileStatus, assertionResults } of testResults) {
    let failedHere = 0;
    for (const { status } of assertionResults) {
      if (status === 'passed') passed += 1;
      else if (skippedStates.has(status)) skipped += 1;
      else failedHere += 1;
    }
    // A file may fail as a whole: an import that throws, a hook, a worker that died.
    failed += fileStatus === 'failed' ? Math.max(failedHere, 1) : failedHere;
  }
  return { passed, failed, skipped };
}

/** The tests that failed first and then passed, each with all that its first try said. */
export function againIn({ testResults }: Report): readonly string[] {
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(
        ({ status, failureMessages = [] }) => status === 'passed' && failureMessages.length > 0,
      )
      .map(({ fullName, failureMessages = [] }) => `${fullName}\n${failureMessages.join('\n')}`),
  );
}

function skippedIn({ testResults }: Report): readonly string[] {
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => skippedStates.has(status))
      .map(({ fullName }) => fullName),
  );
}
