// SPDX-License-Identifier: Apache-2.0

// From a request to a plan: image, volumes, accelerator, QEMU's words.

import { createLogger, type Logger } from '../../base/log.ts';
import { kernelSource, readyText } from '../../controller/boot.ts';
import type { InstancePlan } from '../../controller/instance.ts';
import { type AcceleratorAnswer, chooseAccelerator } from '../../qemu/accelerator.ts';
import { createKvmProbe } from '../../qemu/kvm-probe.ts';
import { loadProfile } from '../../qemu/profile.ts';
import { detectQemu, type QemuProgram } from '../../qemu/version.ts';
import { type CommandContext, type HostServices, openHostServices } from '../context.ts';
import { ensureTiny, planBoot } from './boot-plan.ts';
import type { RunRequest } from './run-flags.ts';
import type { RunFolder } from './run-folder.ts';
import { describePlan, makeDataVolume, planVolume, type RunVolumesOptions } from './run-volumes.ts';

export interface PreparedRun {
  readonly plan: InstancePlan;
  readonly qemu: QemuProgram;
  readonly accelerator: AcceleratorAnswer;
  readonly imageName: string;
  readonly services: HostServices;
  readonly log: Logger;
}

/** Makes and fetches what a run needs. What is made for the run alone goes with `stack`. */
export async function prepareRun(
  request: RunRequest,
  context: CommandContext,
  folder: RunFolder,
  stack: AsyncDisposableStack,
): Promise<PreparedRun> {
  const { stages, signal, stateDir } = context;
  const services = await openHostServices(stateDir);
  const qemu = await detectQemu({ signal });
  const log = createLogger('qemu', 'info', folder.qemuLog);
  const options: RunVolumesOptions = {
    services,
    folder,
    stages,
    signal,
    // A printed command line is for later, so its volumes stay.
    isKept: request.isKept || request.isPrintOnly,
    stack,
  };
  const accelerator = await findAccelerator(request, context, qemu, log);
  const boot = await planBoot(request.boot, stateDir, options);
  const volumes =
    boot.volume === undefined
      ? []
      : [planVolume(boot.volume, services, { isBoot: true, isReadOnly: false, isPacked: false })];
  for (const dataVolume of request.dataVolumes) {
    const record = await makeDataVolume(dataVolume, options);
    volumes.push(
      planVolume(record, services, {
        isBoot: false,
        isReadOnly: dataVolume.kind === 'existing' && dataVolume.isReadOnly,
        isPacked: dataVolume.isPacked,
      }),
    );
  }
  const plan: InstancePlan = {
    machine: {
      profile: await loadProfile(),
      name: `argon-${folder.id}`,
      accelerator: accelerator.accelerator,
      cpuCount: request.cpuCount,
      memoryBytes: request.memoryBytes ?? boot.memoryBytes,
      boot: boot.source,
    },
    volumes,
    controls: { guest: folder.id, ...request.faults, seed: 1n },
    cardLogFile: folder.cardLog,
  };
  const manifest = { image: boot.name, digest: boot.digest, ...describePlan(plan) };
  await folder.write('manifest.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
  return { plan, qemu, accelerator, imageName: boot.name, services, log };
}

async function findAccelerator(
  { accelerator }: RunRequest,
  { stages, signal, stateDir }: CommandContext,
  qemu: QemuProgram,
  log: Logger,
): Promise<AcceleratorAnswer> {
  const profile = await loadProfile();
  const answer = await chooseAccelerator(accelerator, {
    stateDir,
    qemu,
    prepareProbe: async () => {
      const boot = kernelSource(await ensureTiny(stateDir, { stages, signal }));
      return createKvmProbe({ qemu, profile, guest: { boot, readyText }, log });
    },
    progress: stages,
    log,
    signal,
  });
  if (answer.source === 'probe') stages.ok(answer.accelerator);
  return answer;
}
