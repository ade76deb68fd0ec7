// SPDX-License-Identifier: Apache-2.0

// A peer: DPDK's testpmd with two vhost-user ports, which passes frames between them and looks at
// nothing. It needs no huge pages.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { ArgonError } from '../../base/errors.ts';
import type { NetBackend, NetBackendKind, NetBackendOptions, NetOffers } from './backend.ts';
import { startProgram } from './program.ts';

export const benchHint = 'run ./setup bench, which installs it';

/** `io` passes frames as they are; `mac` writes MAC addresses. */
export type TestpmdMode = 'io' | 'mac';

export function testpmd(mode: TestpmdMode, offers: NetOffers = 'frames'): NetBackendKind {
  const name = `testpmd, ${mode}${offers === 'offloads' ? ', offloads' : ''}`;
  return { name, start: async (options) => start(name, mode, offers, options) };
}

/** Its words, with its own first. All of it is on one CPU. */
export function testpmdArguments(
  mode: TestpmdMode,
  cpu: number,
  socketPaths: readonly string[],
  offers: NetOffers = 'frames',
): readonly string[] {
  const device = offers === 'offloads' ? ',tso=1,legacy-ol-flags=1' : '';
  return [
    '-v', // Says its version.
    // Its commands and its work each have a thread.
    '--lcores',
    `0@${cpu},1@${cpu}`,
    '--main-lcore',
    '0',
    // Without huge pages it cannot share its configuration, which nobody asks it to.
    '--no-huge',
    '-m',
    '256',
    '--no-pci',
    '--no-shconf',
    '--no-telemetry',
    ...socketPaths.flatMap((path, index) => ['--vdev', `net_vhost${index},iface=${path}${device}`]),
    '--',
    `--forward-mode=${mode}`,
    '--auto-start',
    '--nb-cores=1',
    '--total-num-mbufs=16384',
  ];
}

async function start(
  name: string,
  mode: TestpmdMode,
  offers: NetOffers,
  { setup, cpu, signal }: NetBackendOptions,
): Promise<NetBackend> {
  if (setup.pipeline !== 'cable' || setup.interfaceCount !== 2) {
    throw new ArgonError('unimplemented', 'testpmd is a cable and nothing else');
  }
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'argon-pmd-'));
  stack.defer(async () => rm(dir, { recursive: true, force: true }));
  const socketPaths = ['0.sock', '1.sock'].map((file) => join(dir, file));
  const program = stack.use(
    await startProgram({
      name: 'testpmd',
      // What it says comes line by line, though nobody's terminal.
      file: 'stdbuf',
      args: [
        '-oL',
        'dpdk-testpmd',
        '--file-prefix',
        basename(dir),
        ...testpmdArguments(mode, cpu, socketPaths, offers),
      ],
      // Where DPDK keeps files of its processes.
      env: { RUNTIME_DIRECTORY: dir, XDG_RUNTIME_DIR: dir },
      hint: benchHint,
      isReady: (output) =>
        /Press enter to exit|packet forwarding/.test(output) &&
        socketPaths.every((path) => existsSync(path)),
      signal,
    }),
  );
  program.pause();
  const owned = stack.move();
  return {
    name,
    pid: program.pid,
    version: /RTE Version: '([^']+)'/.exec(program.output)?.[1] ?? 'unknown',
    socketPaths,
    resume: () => program.resume(),
    pause: () => program.pause(),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
