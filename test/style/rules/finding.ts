// SPDX-License-Identifier: Apache-2.0

/** One breach of a rule: where, what, and what to do instead. */
export interface Finding {
  readonly path: string;
  /** Counted from 1; 0 when the whole file is meant. */
  readonly line: number;
  readonly what: string;
  readonly instead: string;
}

/** The form in which a failing test shows a finding: `file:line: what; replacement`. */
export function formatFinding({ path, line, what, instead }: Finding): string {
  return `${path}${line === 0 ? '' : `:${line}`}: ${what}; ${instead}`;
}

export function formatFindings(findings: readonly Finding[]): readonly string[] {
  return findings.map(formatFinding);
}

/** The line, counted from 1, of an offset into `text`. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
}
