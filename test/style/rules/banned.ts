// SPDX-License-Identifier: Apache-2.0

// Words that code does not use; the table beside this file names them and what to use instead.

import {
  type BannedWord,
  bannedInCpp,
  bannedInTs,
  dialingFile,
  dialingModules,
  dialingNames,
} from './banned-table.ts';
import { type Finding, lineAt } from './finding.ts';
import { importsOf } from './layers.ts';
import { isGenerated, type SourceFile } from './source-file.ts';

export function isListed(path: string, allowed: readonly string[] | undefined): boolean {
  return (allowed ?? []).some((entry) =>
    entry.endsWith('/') ? path.startsWith(entry) : path === entry,
  );
}

export function checkBannedWords(file: SourceFile): Finding[] {
  if (isGenerated(file.path)) return [];
  if (file.kind === 'cpp') return bannedInCpp.flatMap((word) => findWord(file, word));
  if (file.kind !== 'ts') return [];
  return [...bannedInTs.flatMap((word) => findWord(file, word)), ...checkDialingImports(file)];
}

function findWord(file: SourceFile, { pattern, what, instead, allowed }: BannedWord): Finding[] {
  if (isListed(file.path, allowed)) return [];
  return [...file.code.matchAll(pattern)]
    .filter((match) => !isOwnTimer(file, match[0]))
    .map(({ index }) => ({ path: file.path, line: lineAt(file.code, index), what, instead }));
}

// `import { setTimeout } from 'node:timers/promises'` makes the bare name a good one.
function isOwnTimer({ text }: SourceFile, found: string): boolean {
  const name = /set(?:Timeout|Interval)/.exec(found)?.[0];
  if (name === undefined) return false;
  return new RegExp(`import \\{[^}]*\\b${name}\\b(?! as)[^}]*\\} from 'node:timers/promises'`).test(
    text,
  );
}

// Guests read their metadata over HTTP; of node:http this file has the server alone.
const httpServer = 'src/network/services/metadata/http-server.ts';
const grpcPlaces = ['src/api/client.ts', 'src/controller/management/'];

function checkDialingImports(file: SourceFile): Finding[] {
  const { path } = file;
  if (/^(?:src\/cli|src\/harness|test)\//.test(path)) return [];
  return importsOf(file)
    .filter(({ specifier, line }) => {
      if (specifier === 'node:http' && path === httpServer) return false;
      if (dialingModules.test(specifier) || dialingFile.test(specifier)) return true;
      // Of grpc-js, which has clients too, only the server's folder and that file make use.
      if (specifier === '@grpc/grpc-js') return !isListed(path, grpcPlaces);
      const statement = file.lines[line - 1] ?? '';
      return /^node:(?:net|tls|http2)$/.test(specifier) && dialingNames.test(statement);
    })
    .map(({ specifier, line }) => ({
      path,
      line,
      what: `${specifier}, which dials or resolves`,
      instead: 'listen; nothing on the host calls out, the operator side alone dials',
    }));
}
