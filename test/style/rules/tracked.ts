// SPDX-License-Identifier: Apache-2.0

// What may be in the repository at all: no output of a build, no place of somebody's machine, no
// package host.

import { type Finding, lineAt } from './finding.ts';
import { isRuleItself, type SourceFile } from './source-file.ts';

const junk =
  /(?:\.(?:a|bak|core|img|iso|log|node|o|orig|pid|pyc|qcow2|rej|so|sock|swp|tmp|tsbuildinfo)|~|^core|\.DS_Store)$/;
const junkFolders = /(?:^|\/)(?:build|dist|node_modules|coverage|__pycache__|\.argon|\.cache)\//;
/** Where binary files belong: what a fuzzer found, and bytes that a test reads. */
const binaryFolders = /^test\/(?:fuzz\/corpus|fixtures)\//;

export function checkJunk(paths: readonly string[], binaryPaths: readonly string[]): Finding[] {
  const isJunk = (path: string): boolean => junk.test(path) || junkFolders.test(path);
  const outputs = paths.filter(isJunk).map((path) => ({
    path,
    line: 0,
    what: 'a file that a tool made',
    instead: 'delete it and add it to .gitignore',
  }));
  const binaries = binaryPaths
    .filter((path) => !isJunk(path) && !binaryFolders.test(path))
    .map((path) => ({
      path,
      line: 0,
      what: 'a binary file',
      instead: 'make it at build time, or keep it in test/fixtures or test/fuzz/corpus',
    }));
  return [...outputs, ...binaries];
}

interface Place {
  readonly pattern: RegExp;
  readonly what: string;
  readonly instead: string;
}

const places: readonly Place[] = [
  {
    pattern: /(?<![\w.$}/-])\/(?:home|Users)\/[a-z][\w.-]*|(?<![\w.$}/-])\/(?:root|work)\/\w+/g,
    what: "a path of somebody's machine",
    instead: 'write it relative to the repository',
  },
  {
    pattern: /\bhttps?:\/\/(?:[\w.-]*\b(?:registry|mirrors?|artifactory|nexus|proxy)\b[\w.-]*)/gi,
    what: 'the address of a package host',
    instead: "leave it to the user's npm or apt settings",
  },
  {
    pattern: /\bhttps?:\/\/(?:deb|ftp\.\w+|snapshot|security)\.debian\.org/gi,
    what: 'the address of a package host',
    instead: "take it from the host's apt sources",
  },
  {
    pattern: /^\s*(?:@[\w-]+:)?registry\s*=/gm,
    what: 'an npm registry',
    instead: "leave it to the user's npm settings",
  },
  {
    pattern: /^\s*"resolved"\s*:/gm,
    what: 'a lock file entry with the host it came from',
    instead: 'run npm install with the .npmrc of this repository',
  },
];

export function checkPlaces(file: SourceFile): Finding[] {
  if (isRuleItself(file.path)) return [];
  return places.flatMap(({ pattern, what, instead }) =>
    [...file.text.matchAll(pattern)].map(({ 0: found, index }) => ({
      path: file.path,
      line: lineAt(file.text, index + found.search(/\S/)),
      what: `${what}: ${found.trim()}`,
      instead,
    })),
  );
}
