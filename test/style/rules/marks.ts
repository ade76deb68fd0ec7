// SPDX-License-Identifier: Apache-2.0

// What a file must say (its license) and may not: work left behind, a check switched off without a
// reason, words that the glossary replaces.

import { type Finding, lineAt } from './finding.ts';
import { isGenerated, isRuleItself, type Kind, type SourceFile } from './source-file.ts';

const license = 'SPDX-License-Identifier: Apache-2.0';

const commentOf: Partial<Record<Kind, string>> = {
  ts: '//',
  cpp: '//',
  proto: '//',
  shell: '#',
  cmake: '#',
  python: '#',
};

/** The license is named in the first line, or in the second below a `#!` line. */
export function checkLicense(file: SourceFile): Finding[] {
  const comment = commentOf[file.kind];
  if (comment === undefined || isGenerated(file.path)) return [];
  const line = file.lines[0]?.startsWith('#!') === true ? 1 : 0;
  if (file.lines[line] === `${comment} ${license}`) return [];
  const instead = `write "${comment} ${license}" there`;
  return [{ path: file.path, line: line + 1, what: 'no license line', instead }];
}

interface Mark {
  readonly pattern: RegExp;
  readonly what: string;
  readonly instead: string;
}

const leftBehind: readonly Mark[] = [
  { pattern: /\bTODO\(now\)/g, what: 'TODO(now)', instead: 'do it before it is committed' },
  {
    pattern: /\bTODO\b(?!\((?:now|soon|someday|perf|security|test)\):)/g,
    what: 'a TODO without its kind',
    instead: 'write TODO(soon|someday|perf|security|test): and what',
  },
  { pattern: /\b(?:FIXME|XXX|HACK)\b/g, what: 'a mark of unfinished work', instead: 'finish it' },
];

const switchedOff: readonly Mark[] = [
  {
    pattern: /\bNOLINT(?:BEGIN|END)\b/g,
    what: 'a block without checks',
    instead: 'use NOLINTNEXTLINE(check): reason',
  },
  {
    // NOLINT(check): reason, or a comment line with the reason just above.
    pattern: /\bNOLINT(?:NEXTLINE)?\b(?!\([\w.,* -]+\): \S)/g,
    what: 'a NOLINT without its check and reason',
    instead: 'write NOLINTNEXTLINE(check): reason',
  },
  {
    pattern: /\/[/*]\s*(?:ox|es)lint-disable(?!-next-line|-line)\b/g,
    what: 'a file without lint',
    instead: 'use oxlint-disable-next-line rule -- reason',
  },
  {
    pattern: /\b(?:ox|es)lint-disable-(?:next-)?line\b(?! \S+(?:, \S+)* -- \S)/g,
    what: 'lint switched off without its rule and reason',
    instead: 'write oxlint-disable-next-line rule -- reason',
  },
  {
    pattern: /@ts-(?:ignore|nocheck)\b/g,
    what: 'types switched off',
    instead: 'use @ts-expect-error with a reason',
  },
  {
    pattern: /\b(?:biome-ignore-all|clang-format off|shfmt:ignore)\b/g,
    what: 'formatting switched off',
    instead: 'let the formatter have it',
  },
  {
    pattern: /\bshellcheck disable=[\w,]+(?!.* # \S)(?=\s*$)/gm,
    what: 'shellcheck switched off without a reason',
    instead: 'append " # reason"',
  },
];

// A word in quotation marks is mentioned, not used.
const vocabulary: readonly Mark[] = [
  {
    // Master keys are the key service's; nothing else has a master. Between the words: what parts
    // them in prose, in a name, in a file's name, in a pattern for one, or a comment's next line.
    pattern:
      /(?:(?<![A-Za-z"'])[Mm]asters?|(?<=[a-z])Masters?|(?<![A-Za-z"'])MASTERS?)(?![a-z])(?!(?:\\?[._-]|\s+(?:(?:\/\/|#|\*)\s*)?)?(?:[Kk]eys?|KEYS?)(?![a-z]))/g,
    what: '"master"',
    instead: 'write front end, driver or controller; only a key is a master key',
  },
  {
    pattern: /(?<![A-Za-z"'])slaves?(?![a-z])/gi,
    what: '"slave"',
    instead: 'write back end or device',
  },
  {
    pattern: /\bvhost[-_ ]user[-_ ](?:client|server)s?\b/gi,
    what: 'client or server for an end of vhost-user',
    instead: 'write front end or back end',
  },
  {
    pattern: /\b(?:white|black)-?lists?\b/gi,
    what: 'whitelist or blacklist',
    instead: 'write allow-list or deny-list',
  },
];

// In markdown, what stands in backticks is quoted, not used.
function proseOf(file: SourceFile): string {
  if (file.kind !== 'markdown') return file.text;
  return file.text.replace(/`[^`\n]*`/g, (span) => ' '.repeat(span.length));
}

function checkMarks(file: SourceFile, marks: readonly Mark[]): Finding[] {
  if (isRuleItself(file.path) || isGenerated(file.path)) return [];
  const text = proseOf(file);
  return marks.flatMap(({ pattern, what, instead }) =>
    [...text.matchAll(pattern)].map(({ index }) => ({
      path: file.path,
      line: lineAt(text, index),
      what,
      instead,
    })),
  );
}

export function checkLeftBehind(file: SourceFile): Finding[] {
  return checkMarks(file, leftBehind);
}

export function checkSwitchedOff(file: SourceFile): Finding[] {
  return checkMarks(file, switchedOff);
}

export function checkVocabulary(file: SourceFile): Finding[] {
  return checkMarks(file, vocabulary);
}

/** Every test runs: none is skipped, singled out, left for later or expected to fail. */
export function checkTestsRun(file: SourceFile): Finding[] {
  const pattern =
    file.kind === 'ts'
      ? /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|only|todo|skipIf|runIf|fails)\b/g
      : /\bdoctest::(?:skip|may_fail|should_fail|expected_failures)\b/g;
  if ((file.kind !== 'ts' && file.kind !== 'cpp') || !file.path.startsWith('test/')) return [];
  return [...file.code.matchAll(pattern)].map(({ 0: found, index }) => ({
    path: file.path,
    line: lineAt(file.code, index),
    what: found,
    instead: 'make it run, or delete it; a need of the machine is context.skip(reason) at run time',
  }));
}
