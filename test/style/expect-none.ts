// SPDX-License-Identifier: Apache-2.0

import { expect } from 'vitest';

import { type Finding, formatFindings } from './rules/finding.ts';

/** Fails with one line a finding. */
export function expectNone(findings: readonly Finding[]): void {
  const lines = formatFindings(findings);
  expect(lines, `\n  ${lines.join('\n  ')}\n`).toHaveLength(0);
}
