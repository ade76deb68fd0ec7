// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';

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
  /** First line of the peer's version, where one was measured. */
  readonly peer: string | undefined;
  readonly front_end_cpu: number;
  readonly backend_cpu: number;
}

export async function describeEnvironment(
  cpuOf: { readonly frontEnd: number; readonly backend: number },
  peer: string | undefined,
): Promise<BenchEnvironment> {
  const packageText = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
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
    peer: peer === undefined ? undefined : (await run(peer, ['--version'])).split('\n')[0],
    front_end_cpu: cpuOf.frontEnd,
    backend_cpu: cpuOf.backend,
  };
}
