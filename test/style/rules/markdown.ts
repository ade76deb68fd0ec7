// SPDX-License-Identifier: Apache-2.0

// Markdown: one title a file; links within the repository and paths that it names lead somewhere.

import { posix } from 'node:path';

import { type Finding, lineAt } from './finding.ts';
import type { SourceFile } from './source-file.ts';

/** The text with fenced blocks and code spans blanked; same length. */
export function proseOf(text: string): string {
  const blank = (span: string): string => span.replace(/[^\n]/g, ' ');
  const unfenced = text.replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^ *\2[ \t]*$/gm, blank);
  return unfenced.replace(/`[^`\n]+`/g, blank);
}

export function checkTitle(file: SourceFile): Finding[] {
  if (file.kind !== 'markdown') return [];
  const titles = [...proseOf(file.text).matchAll(/^# \S/gm)];
  if (titles.length === 1) return [];
  const instead = 'keep one "# " line; sections are "## "';
  return [{ path: file.path, line: 0, what: `${titles.length} titles`, instead }];
}

/** The anchors that GitHub gives to headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const unfenced = text.replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^ *\2[ \t]*$/gm, '');
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const [, heading = ''] of unfenced.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

export function checkLinks(file: SourceFile, files: ReadonlyMap<string, SourceFile>): Finding[] {
  if (file.kind !== 'markdown') return [];
  const prose = proseOf(file.text);
  const findings: Finding[] = [];
  const targets = [
    ...prose.matchAll(/\]\(\s*<?([^()<>\s]+(?:\([^()\s]*\)[^()<>\s]*)?)>?(?:\s+"[^"]*")?\s*\)/g),
    ...prose.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^<>\s]+)>?/gm),
  ];
  for (const { 1: target = '', index } of targets) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue; // Another site; nothing here looks there.
    const problem = problemOf(file, decodeURI(target), files);
    if (problem === undefined) continue;
    const line = lineAt(file.text, index);
    findings.push({ path: file.path, line, what: `link to ${target}`, instead: problem });
  }
  return findings;
}

function problemOf(
  file: SourceFile,
  target: string,
  files: ReadonlyMap<string, SourceFile>,
): string | undefined {
  const [name = '', anchor] = target.split('#');
  const path = name.startsWith('/')
    ? name.slice(1)
    : posix.normalize(posix.join(posix.dirname(file.path), name)).replace(/\/$/, '');
  const found = name === '' ? file : files.get(path);
  if (found === undefined) {
    const isFolder = path === '.' || [...files.keys()].some((key) => key.startsWith(`${path}/`));
    return isFolder ? undefined : `there is no ${path}; correct the path`;
  }
  if (anchor === undefined || found.kind !== 'markdown') return undefined;
  return anchorsOf(found.text).has(anchor)
    ? undefined
    : `${found.path} has no heading "#${anchor}"; correct it`;
}

// A whole span that looks like a path of ours. One with words or a placeholder is something else.
const pathSpan = /(?<=`)(?:native|src|test|docs|images|qemu|\.ci)\/[\w./-]*\w(?=\/?`)/g;

/**
 * A file or folder that a document names in backticks is there. The specification's tests are named
 * so. Left out are design records, which say what was so when they were written, and docs/style.md,
 * which names files that may come.
 */
export function checkNamedPaths(file: SourceFile, paths: readonly string[]): Finding[] {
  if (file.kind !== 'markdown' || /^docs\/(?:design\/|style\.md$)/.test(file.path)) return [];
  return [...file.text.matchAll(pathSpan)]
    .filter(([path]) => !paths.some((known) => known === path || known.startsWith(`${path}/`)))
    .map(({ 0: path, index }) => ({
      path: file.path,
      line: lineAt(file.text, index),
      what: `the path ${path}`,
      instead: 'there is no such file or folder; correct it',
    }));
}
