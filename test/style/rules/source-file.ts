// SPDX-License-Identifier: Apache-2.0

// A file as the rules see it. `code` is `text` with comments and the insides of literals blanked,
// same length, so that an offset means the same place in both.

import { type Language, mask } from './mask.ts';

export type Kind = 'ts' | 'cpp' | 'shell' | 'cmake' | 'proto' | 'python' | 'markdown' | 'other';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly kind: Kind;
  readonly lines: readonly string[];
  readonly code: string;
}

const kindOfEnding: Readonly<Record<string, Kind>> = {
  ts: 'ts',
  mts: 'ts',
  js: 'ts',
  mjs: 'ts',
  cc: 'cpp',
  h: 'cpp',
  sh: 'shell',
  cmake: 'cmake',
  proto: 'proto',
  py: 'python',
  md: 'markdown',
};

const kindOfInterpreter: readonly (readonly [RegExp, Kind])[] = [
  [/\b(?:ba|da|a)?sh\b/, 'shell'],
  [/\bnode\b/, 'ts'],
  [/\bpython3?\b/, 'python'],
];

export function kindOf(path: string, text: string): Kind {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'CMakeLists.txt') return 'cmake';
  const known = name.includes('.')
    ? kindOfEnding[name.slice(name.lastIndexOf('.') + 1)]
    : undefined;
  if (known !== undefined) return known;
  const firstLine = text.slice(0, text.indexOf('\n') + 1);
  if (!firstLine.startsWith('#!')) return 'other';
  return kindOfInterpreter.find(([pattern]) => pattern.test(firstLine))?.[1] ?? 'other';
}

const languageOfKind: Partial<Record<Kind, Language>> = { ts: 'ts', cpp: 'cpp', proto: 'cpp' };

export function sourceFile(path: string, text: string): SourceFile {
  const kind = kindOf(path, text);
  let code: string | undefined;
  return {
    path,
    text,
    kind,
    lines: (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n'),
    get code(): string {
      const language = languageOfKind[kind];
      code ??= language === undefined ? text : mask(text, language);
      return code;
    },
  };
}

/** Files that a tool writes; style is that tool's business. */
export function isGenerated(path: string): boolean {
  return /(?:^|\/)(?:gen|generated)\//.test(path) || path === 'package-lock.json';
}

/** The rules and their tests hold every banned word, so rules on plain text pass them over. */
export function isRuleItself(path: string): boolean {
  return path.startsWith('test/style/');
}
