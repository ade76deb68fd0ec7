// SPDX-License-Identifier: Apache-2.0

// Results as JUnit XML, which build systems read.

import { type CaseResult, countResults } from './conformance.ts';

/** `suite` names the back end. The part of a case's name before its first slash is its class. */
export function formatJunit(suite: string, results: readonly CaseResult[]): string {
  const { failed, skipped } = countResults(results);
  const seconds = results.reduce((sum, { durationMs }) => sum + durationMs / 1000, 0);
  const head =
    `<testsuite name="${escape(suite)}" tests="${results.length}" failures="${failed}" ` +
    `skipped="${skipped}" time="${seconds.toFixed(3)}">`;
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', head];
  for (const result of results) lines.push(...formatCase(result));
  return [...lines, '</testsuite>', '</testsuites>', ''].join('\n');
}

function formatCase({ name, section, state, reason, durationMs }: CaseResult): readonly string[] {
  const group = name.split('/', 1)[0] ?? '';
  const open =
    `<testcase classname="${escape(group)}" name="${escape(name)}" ` +
    `time="${(durationMs / 1000).toFixed(3)}"`;
  if (state === 'passed') return [`${open}/>`];
  const text = escape(reason);
  const inner =
    state === 'failed'
      ? `<failure message="${text}">${escape(section)}</failure>`
      : `<skipped message="${text}"/>`;
  return [`${open}>`, inner, '</testcase>'];
}

// Characters that XML 1.0 has no form for are left out.
function escape(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
