// SPDX-License-Identifier: Apache-2.0

// One project a folder of test/. test/run.ts runs them one after the other; `npx vitest --project
// unit` runs one alone.

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

interface Limits {
  readonly timeoutMs: number;
  readonly workersMax: number;
  /** A test that fails with such an error runs once more, and is listed as such. */
  readonly againAfter?: RegExp;
}

/** A kind of test: its folder below test/ and how long one of its tests may take. */
function project(name: string, limits: Limits): TestProjectInlineConfiguration {
  return {
    test: {
      ...(limits.againAfter && { retry: { count: 1, condition: limits.againAfter } }),
      name,
      include: [`test/${name}/**/*.test.ts`],
      pool: 'forks', // A native crash then ends one worker, not the run.
      testTimeout: limits.timeoutMs,
      hookTimeout: limits.timeoutMs,
      maxWorkers: limits.workersMax,
      expect: { poll: { timeout: limits.timeoutMs / 2 } }, // A second where nothing is said.
      isolate: name !== 'style', // The rules are pure; reading the repository once is enough.
      // The sources run as they do in use: by Node itself, not through vite.
      experimental: { viteModuleRunner: false, nodeLoader: false },
    },
  };
}

export default defineConfig({
  test: {
    // Two cores are what continuous integration has. The time-outs are bounds on a hang, not goals;
    // a guest boots in up to a minute where there is no KVM, and a test boots more than one.
    projects: [
      project('unit', { timeoutMs: 60_000, workersMax: 2 }),
      project('style', { timeoutMs: 30_000, workersMax: 2 }),
      project('integration', { timeoutMs: 180_000, workersMax: 2 }),
      // A guest on QEMU 7.2 without KVM has stopped for ever in its kernel's start, before it had
      // looked at any device of ours: docs/testing.md.
      project('guest', {
        timeoutMs: 600_000,
        workersMax: 1,
        againAfter: /the guest was still at stage kernel/,
      }),
    ],
    teardownTimeout: 30_000, // As above: a bound on a hang.
    allowOnly: false,
    passWithNoTests: false,
    watch: false,
  },
});
