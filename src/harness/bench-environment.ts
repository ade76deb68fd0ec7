// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

import { run } from '../base/subprocess.ts';

/** Where and with what a measurement was made. */
export interface BenchEnvironment {
  readonly date: string;
  readonly cpu: string;
  readonly cpu_count: number;
  readonly memory_bytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly openssl: string;
  readonly argon: string;
  /** With `+changes` where the sources differ from it; `unknown` outside a repository. */
  readonly commit: string;
  /** First line of each other program's version, where one was measured. */
  readonly peers: Readonly<Record<string, string>>;
  readonly accelerator: string;
  /** Which CPUs did what. */
  readonly placement: string;
  readonly runs: string;
}

export interface EnvironmentFacts {
  /** Other programs that were measured, and can be asked for their version: `fio`. */
  readonly peers: readonly string[];
  /** Versions of others. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly placement: string;
  readonly runs: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

export async function describeEnvironment({
  peers,
  versions = {},
  placement,
  runs,
}: EnvironmentFacts): Promise<BenchEnvironment> {
  const packageText = await readFile(`${root}package.json`, 'utf8');
  const version = /"version": "([^"]+)"/.exec(packageText)?.[1] ?? 'unknown';
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cpu_count: cpus().length,
    memory_bytes: totalmem(),
    kernel: release(),
    node: process.versions.node,
    openssl: process.versions.openssl,
    argon: version,
    commit: await describeCommit(),
    peers: { ...(await versionsOf(peers)), ...versions },
    accelerator: 'none: a front end, and no guest',
    placement,
    runs,
  };
}

async function versionsOf(programs: readonly string[]): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const program of programs) {
    versions[program] = (await run(program, ['--version'])).split('\n')[0] ?? '';
  }
  return versions;
}

async function describeCommit(): Promise<string> {
  try {
    const commit = await run('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root });
    const changes = await run('git', ['status', '--porcelain', '-uno'], { cwd: root });
    return `${commit.trim()}${changes.trim() === '' ? '' : '+changes'}`;
  } catch {
    return 'unknown'; // Installed without its history, or there is no git.
  }
}
