// SPDX-License-Identifier: Apache-2.0

// Sizes a reader can hold: lines of 100 columns, functions of 70 lines, files of 500. The length of
// C++ functions is clang-tidy's business (readability-function-size).

import { stripTypeScriptTypes } from 'node:module';

import { type Finding, lineAt } from './finding.ts';
import { mask } from './mask.ts';
import { isGenerated, type SourceFile } from './source-file.ts';

export const lineColumnsMax = 100;
export const functionLinesMax = 70;
export const fileLinesMax = 500;
export const readmeLinesMax = 100;

export function checkLineLengths(file: SourceFile): Finding[] {
  if (file.kind === 'other' || isGenerated(file.path)) return [];
  const findings: Finding[] = [];
  for (const [index, line] of file.lines.entries()) {
    if (line.length <= lineColumnsMax) continue; // Never fewer units than columns.
    const columns = [...line].length;
    if (columns <= lineColumnsMax || isUnbreakable(line, file)) continue;
    findings.push({
      path: file.path,
      line: index + 1,
      what: `${columns} columns`,
      instead: `wrap at ${lineColumnsMax}`,
    });
  }
  return findings;
}

/** A table row of markdown, or a line that is one word such as a link. */
function isUnbreakable(line: string, file: SourceFile): boolean {
  if (file.kind === 'markdown' && line.startsWith('|')) return true;
  return !/\S\s+\S{2,}/.test(line.trim().replace(/^(?:\/\/|#|\[[^\]]+\]:|[-*])\s+/, ''));
}

export function checkFileLength(file: SourceFile): Finding[] {
  const isReadme = file.path === 'README.md';
  const isCode = file.kind !== 'other' && file.kind !== 'markdown' && !isGenerated(file.path);
  const max = isReadme ? readmeLinesMax : fileLinesMax;
  if (!(isReadme || isCode) || file.lines.length <= max) return [];
  const instead = isReadme ? 'move what is beyond into docs/' : 'split it by concept';
  return [{ path: file.path, line: 0, what: `${file.lines.length} lines of ${max}`, instead }];
}

/** A function by the lines of its body, braces included. */
interface FunctionBody {
  readonly line: number;
  readonly lineCount: number;
}

export function checkFunctionLengths(file: SourceFile): Finding[] {
  if (isGenerated(file.path)) return [];
  let bodies: readonly FunctionBody[] = [];
  if (file.kind === 'ts') bodies = functionsOfTypeScript(file.text);
  if (file.kind === 'shell') bodies = functionsOfShell(file.lines);
  return bodies
    .filter(({ lineCount }) => lineCount > functionLinesMax)
    .map(({ line, lineCount }) => ({
      path: file.path,
      line,
      what: `a function of ${lineCount} lines`,
      instead: `split it at ${functionLinesMax}`,
    }));
}

/** Function bodies by their braces, once Node has blanked the types and the mask the literals. */
export function functionsOfTypeScript(text: string): FunctionBody[] {
  const code = mask(stripTypeScriptTypes(text, { mode: 'strip' }), 'ts');
  const bodies: FunctionBody[] = [];
  const open: { line: number; isFunction: boolean }[] = [];
  for (const { 0: brace, index } of code.matchAll(/[{}]/g)) {
    if (brace === '{') {
      open.push({ line: lineAt(code, index), isFunction: opensFunction(code.slice(0, index)) });
      continue;
    }
    const body = open.pop();
    if (body?.isFunction !== true) continue;
    bodies.push({ line: body.line, lineCount: lineAt(code, index) - body.line + 1 });
  }
  return bodies;
}

/** What stands before a brace: an arrow, or a parameter list that no control word opens. */
function opensFunction(before: string): boolean {
  const head = before.trimEnd();
  // describe() groups tests; it is the tests within that are functions.
  if (head.endsWith('=>')) return !/\bdescribe(?:\.\w+)*\s*\([^()]*\(\)\s*=>$/.test(head);
  if (!head.endsWith(')')) return false;
  let depth = 0;
  let at = head.length;
  do {
    at -= 1;
    if (head[at] === ')') depth += 1;
    if (head[at] === '(') depth -= 1;
  } while (depth > 0 && at > 0);
  const word = /\b([\w$]+)\s*$/.exec(head.slice(Math.max(0, at - 40), at))?.[1];
  return !/^(?:if|for|while|switch|catch|with|await)$/.test(word ?? '');
}

/** Functions of a script that shfmt has formatted: the end has the indentation of the start. */
export function functionsOfShell(lines: readonly string[]): FunctionBody[] {
  const bodies: FunctionBody[] = [];
  for (const [index, line] of lines.entries()) {
    const indent = /^(\s*)(?:function\s+)?[\w:-]+\s*\(\)\s*[{(]\s*$/.exec(line)?.[1];
    if (indent === undefined) continue;
    const length = lines
      .slice(index)
      .findIndex((later) => later.startsWith(`${indent}}`) || later.startsWith(`${indent})`));
    if (length > 0) bodies.push({ line: index + 1, lineCount: length + 1 });
  }
  return bodies;
}
