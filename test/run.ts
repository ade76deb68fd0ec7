// SPDX-License-Identifier: Apache-2.0

// npm test: runs every part of the tests, one after the other, and ends with "N passed, N failed".
//
//   npm test                                  everything
//   npm test -- --only unit                   one part; --only may come more than once
//   npm test -- --only native                 the C++ tests under both sanitizers
//   npm test -- --only guest -t 'hot plug'    tests whose name matches
//   npm test -- --only unit qmp-codec         test files whose path contains the word
//
// Exit codes: 0 all passed, 1 a test failed or a part ran none, 2 usage.

import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { resultsDir, say } from './runner/child.ts';
import { nativePart } from './runner/native-part.ts';
import {
  addCounts,
  type Counts,
  describeCounts,
  type Filter,
  isFailure,
  type Part,
} from './runner/part.ts';
import { vitestPart } from './runner/vitest-part.ts';

const minute = 60_000;

// The limits end a hang; house-style.md has the goals.
const parts: readonly Part[] = [
  nativePart('asan-ubsan'),
  nativePart('tsan'),
  vitestPart('unit', { timeoutMs: 15 * minute }),
  vitestPart('style', { timeoutMs: 5 * minute }),
  vitestPart('integration', { timeoutMs: 30 * minute, isVerbose: true }),
  vitestPart('guest', { timeoutMs: 90 * minute, isVerbose: true }),
];

async function runPart(part: Part, filter: Filter): Promise<Counts> {
  say(`${part.name.padEnd(12)} running`);
  const startMs = performance.now();
  const counts = await part.run(filter);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  say(`${part.name.padEnd(12)} ${describeCounts(counts)}   ${seconds} s`);
  return counts;
}

async function runAll(chosen: readonly Part[], filter: Filter): Promise<number> {
  await mkdir(resultsDir, { recursive: true });
  const isFiltered = filter.testName !== undefined || filter.files.length > 0;
  const all: Counts[] = [];
  for (const part of chosen) {
    const counts = await runPart(part, filter);
    // A filter may leave a part without tests; otherwise that is a failure of its own.
    const isEmpty = counts.passed === 0 && counts.failed === 0 && !isFiltered;
    if (isEmpty) say(`${part.name.padEnd(12)} ran no test, which counts as a failure`);
    all.push(isEmpty ? { ...counts, failed: 1 } : counts);
  }
  const total = addCounts(all);
  if (total.skipped > 0) say(`${total.skipped} ${isFiltered ? 'skipped or left out' : 'skipped'}`);
  say(`${total.passed} passed, ${total.failed} failed`);
  return isFailure(total) ? 1 : 0;
}

const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    testNamePattern: { type: 'string', short: 't' },
  },
  allowPositionals: true,
});
const only = values.only ?? [];
const known = new Set(parts.flatMap(({ name, group }) => [name, group]));
const unknown = only.filter((name) => !known.has(name));
if (unknown.length > 0) {
  process.stderr.write(`no part "${unknown.join('", "')}"; use: ${[...known].join(', ')}\n`);
  process.exitCode = 2;
} else {
  const filter: Filter = {
    files: positionals,
    ...(values.testNamePattern === undefined ? {} : { testName: values.testNamePattern }),
  };
  // The filters are vitest's; C++ tests run under one only when they are asked for by name.
  const isFiltered = filter.testName !== undefined || positionals.length > 0;
  const chosen = parts.filter(({ name, group }) =>
    only.length === 0
      ? !(isFiltered && group === 'native')
      : only.includes(name) || only.includes(group),
  );
  process.exitCode = await runAll(chosen, filter);
}
