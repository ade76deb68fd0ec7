// SPDX-License-Identifier: Apache-2.0

// What Argon is built from: npm packages in exact versions, a design record for each that runs in
// production, and a well-formed list of Debian packages.

import type { Finding } from './finding.ts';
import type { SourceFile } from './source-file.ts';

type Versions = Readonly<Record<string, string>>;

/** The parts of package.json that the rules look at. */
export interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
}

const exactVersion = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

export function checkExactVersions(manifest: Manifest): Finding[] {
  const groups = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies];
  return groups
    .flatMap((group) => Object.entries(group ?? {}))
    .filter(([, version]) => !exactVersion.test(version))
    .map(([name, version]) => ({
      path: 'package.json',
      line: 0,
      what: `${name} at "${version}"`,
      instead: 'give the exact version, as npm install --save-exact does',
    }));
}

/** Every package that runs in production is named in a design record. */
export function checkDesignRecords(manifest: Manifest, files: readonly SourceFile[]): Finding[] {
  const records = files.filter(({ path }) => /^docs\/design\/[^/]+\.md$/.test(path));
  return Object.keys(manifest.dependencies ?? {})
    .filter((name) => !records.some(({ text }) => mentions(text, name)))
    .map((name) => ({
      path: 'package.json',
      line: 0,
      what: `runtime package ${name} without a design record`,
      instead: 'say in docs/design/NNNN-title.md why it is used and what lost to it',
    }));
}

function mentions(text: string, name: string): boolean {
  const escaped = name.replace(/[^\w-]/g, '\\$&');
  return new RegExp(`(?<![\\w@/-])${escaped}(?![\\w/-])`).test(text);
}

const groups: readonly string[] = ['run', 'test', 'check', 'bench'];

export function checkDebianPackages(path: string, lines: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [name = '', group = '', ...why] = line.split(/\s+/);
    const note = (what: string, instead: string): void => {
      findings.push({ path, line: index + 1, what, instead });
    };
    if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) note(`"${name}" as a name`, 'name a Debian package');
    if (!groups.includes(group)) note(`group "${group}"`, `use ${groups.join(', ')}`);
    if (why.length === 0) note('no reason', 'say in the third column what needs it');
    if (seen.has(name)) note(`${name} again`, 'keep the line with the earliest group');
    seen.add(name);
  }
  return findings;
}
