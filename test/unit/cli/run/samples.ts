// SPDX-License-Identifier: Apache-2.0

// A run's parts as tests begin with them.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createLogger } from '../../../../src/base/log.ts';
import { type HostServices, openHostServices } from '../../../../src/cli/context.ts';
import type { PreparedRun } from '../../../../src/cli/run/prepare-run.ts';
import type { RunRequest } from '../../../../src/cli/run/run-flags.ts';
import { createRunFolder, type RunFolder } from '../../../../src/cli/run/run-folder.ts';
import type { RunVolumesOptions } from '../../../../src/cli/run/run-volumes.ts';
import type { VolumePlan } from '../../../../src/controller/instance.ts';
import type { QemuProgram } from '../../../../src/qemu/version.ts';
import { sampleProgram, sampleSpec } from '../../qemu/samples.ts';
import { createTempDir } from '../../temp-dir.ts';
import { FakeContext } from '../fake-context.ts';

/** A state folder with its services and the folder of one run. */
export interface RunPlace extends AsyncDisposable {
  readonly path: string;
  readonly context: FakeContext;
  readonly services: HostServices;
  readonly folder: RunFolder;
  /** What is made for the run; dispose it to end the run. */
  readonly stack: AsyncDisposableStack;
  /** Options for the functions of run-volumes.ts. */
  readonly options: RunVolumesOptions;
}

export async function createRunPlace({ isKept = false } = {}): Promise<RunPlace> {
  const dir = await createTempDir();
  const context = new FakeContext(dir.path);
  const { stateDir, stages, signal } = context;
  const services = await openHostServices(stateDir);
  const folder = await createRunFolder(stateDir);
  const stack = new AsyncDisposableStack();
  return {
    path: dir.path,
    context,
    services,
    folder,
    stack,
    options: { services, folder, stages, signal, isKept, stack },
    [Symbol.asyncDispose]: async () => {
      await stack.disposeAsync();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** A file that passes for a kernel. */
export async function writeKernel(folder: string, name = 'bzImage'): Promise<string> {
  const image = Buffer.alloc(1024);
  image.write('HdrS', 0x202, 'latin1');
  const path = join(folder, name);
  await writeFile(path, image);
  return path;
}

export function sampleRequest(changes: Partial<RunRequest> = {}): RunRequest {
  return {
    boot: { kind: 'tiny' },
    dataVolumes: [],
    memoryBytes: undefined,
    cpuCount: 2,
    accelerator: 'tcg',
    timeoutMs: undefined,
    isKept: false,
    isPrintOnly: false,
    faults: { hasFaults: false, hasPower: false },
    command: undefined,
    ...changes,
  };
}

export function samplePrepared(
  services: HostServices,
  options: { readonly volumes?: readonly VolumePlan[]; readonly qemu?: QemuProgram } = {},
): PreparedRun {
  const { blockDevices: _, start: __, ...machine } = sampleSpec();
  return {
    plan: {
      machine,
      volumes: options.volumes ?? [],
      controls: { guest: 'sample', hasFaults: false, hasPower: false, seed: 1n },
      cardLogFile: '/dev/null',
    },
    qemu: options.qemu ?? sampleProgram('qemu-system-x86_64'),
    accelerator: { accelerator: 'tcg', reason: 'as asked', source: 'asked' },
    imageName: 'sample',
    services,
    log: createLogger('test', 'silent'),
  };
}
