// SPDX-License-Identifier: Apache-2.0

// The C++ tests under one CMake preset: configure, build, ctest. ctest's JUnit file is counted.

import { readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { resultsDir, runLogged } from './child.ts';
import { type Counts, noCounts, type Part, withExit } from './part.ts';

const buildTimeoutMs = 30 * 60_000; // A hang, not a goal: a clean build takes minutes on two cores.
const testsTimeoutMs = 30 * 60_000; // As above.
const oneTestTimeoutSeconds = 300; // All of them take < 20 s; sanitizers slow one tenfold.

export function nativePart(preset: string): Part {
  return {
    name: preset,
    group: 'native',
    run: async () => await runPreset(preset),
  };
}

async function runPreset(preset: string): Promise<Counts> {
  const logFile = join(resultsDir, `native-${preset}.log`);
  const junitFile = join(resultsDir, `native-${preset}.xml`);
  await rm(logFile, { force: true });
  await rm(junitFile, { force: true });
  const building = { label: `${preset}: building`, logFile, timeoutMs: buildTimeoutMs };
  const isBuilt =
    (await runLogged(['cmake', '--preset', preset], building)) &&
    (await runLogged(['cmake', '--build', '--preset', preset], building));
  if (!isBuilt) return { ...noCounts, failed: 1 };

  const output = ['--output-on-failure', '--no-tests=error', '--output-junit', junitFile];
  const parallel = ['--parallel', `${availableParallelism()}`];
  const timeout = ['--timeout', `${oneTestTimeoutSeconds}`];
  const isGood = await runLogged(
    ['ctest', '--preset', preset, ...output, ...parallel, ...timeout],
    { label: `${preset}: testing`, logFile, timeoutMs: testsTimeoutMs, isShown: isNotable },
  );
  const junit = await readFile(junitFile, 'utf8').catch(() => '');
  return withExit(countJunit(junit), isGood);
}

const routine =
  /^(?:Test project|\s*Start +\d+:|\s*\d+\/\d+ Test .* Passed |100% tests|Total Test|\s*$)/;

/** What ctest says beyond that tests start and pass. */
export function isNotable(line: string): boolean {
  return !routine.test(line);
}

/** Counts a JUnit file of ctest, suite by suite. */
export function countJunit(xml: string): Counts {
  let counts = noCounts;
  for (const [suite] of xml.matchAll(/<testsuite\s[^>]*>/g)) {
    const of = (name: string): number =>
      Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const failed = of('failures') + of('errors');
    const skipped = of('skipped') + of('disabled');
    counts = {
      passed: counts.passed + of('tests') - failed - skipped,
      failed: counts.failed + failed,
      skipped: counts.skipped + skipped,
    };
  }
  return counts;
}
