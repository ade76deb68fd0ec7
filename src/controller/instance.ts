// SPDX-License-Identifier: Apache-2.0

// One running instance: a card process that serves its volumes, and QEMU on the card's sockets. The
// card comes first, because QEMU gives a device up for ever when its first handshake fails; QEMU
// goes first, so that a guest never sees its disks go away.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Cancellable } from '../base/deadline.ts';
import type { Logger } from '../base/log.ts';
import { type CardProcess, startCardProcess } from '../card/bus/card-process.ts';
import type { DeviceControls, DeviceOptions } from '../card/bus/messages.ts';
import type { BlockDevice, MachineSpec } from '../qemu/machine-spec.ts';
import { type QemuProcess, startQemu } from '../qemu/process.ts';
import { chooseSlot, type PciSlot } from '../qemu/profile.ts';
import type { TranscriptLine } from '../qemu/qmp-client.ts';
import type { QemuProgram } from '../qemu/version.ts';

/** A volume as the instance gets it: everything a card needs but the place of the socket. */
export type VolumePlan = Omit<DeviceOptions, 'socketPath' | 'memoryPolicy' | 'controls'> & {
  /** Firmware boots from this one. */
  readonly isBoot: boolean;
  /** The driver may choose a packed ring. */
  readonly isPacked: boolean;
};

export interface InstancePlan {
  readonly machine: Omit<MachineSpec, 'blockDevices' | 'start'>;
  readonly volumes: readonly VolumePlan[];
  /** What may be done to the volumes while the guest runs. */
  readonly controls: DeviceControls;
  /** Where the card's log goes. */
  readonly cardLogFile: string;
}

export interface InstanceOptions extends Cancellable {
  readonly qemu: QemuProgram;
  readonly log: Logger;
  readonly onTranscript?: (line: TranscriptLine) => void;
}

export interface RunningInstance extends AsyncDisposable {
  readonly qemu: QemuProcess;
  /** Undefined if the instance has no volumes. */
  readonly card: CardProcess | undefined;
  /** A folder of the instance's own with a short path, mode 0700, which goes with it. */
  readonly socketDir: string;
  /** Where each volume's limits and faults are, in the order of the plan. */
  readonly controlSockets: readonly string[];
}

/** The devices of a plan in QEMU's words, their sockets in `socketDir`. */
export function planDevices(plan: InstancePlan, socketDir: string): readonly BlockDevice[] {
  const taken: PciSlot[] = [];
  return plan.volumes.map((volume, index) => {
    const slot = chooseSlot(taken, plan.machine.profile);
    taken.push(slot);
    return {
      id: `disk${index}`,
      socketPath: join(socketDir, `${index}.sock`),
      slot,
      // A queue for each CPU, as Linux uses them.
      queueCount: Math.min(volume.queues, plan.machine.cpuCount),
      ...(volume.isPacked ? { isPacked: true } : {}),
      ...(volume.isBoot ? { bootIndex: 0 } : {}),
    };
  });
}

/** Starts an instance; its guest runs when this returns. Stops all of it when it cannot. */
export async function startInstance(
  plan: InstancePlan,
  options: InstanceOptions,
): Promise<RunningInstance> {
  const { qemu: program, signal, log, onTranscript } = options;
  await using stack = new AsyncDisposableStack();
  // Not in the state folder: a socket's path may have 107 bytes.
  const socketDir = await mkdtemp(join(tmpdir(), 'argon-'));
  stack.defer(async () => rm(socketDir, { recursive: true, force: true }));
  const blockDevices = planDevices(plan, socketDir);
  const card = plan.volumes.length === 0 ? undefined : stack.use(await startCard(plan, options));
  const controlSockets = plan.volumes.map((_, index) => join(socketDir, `${index}.control`));
  for (const [index, { isBoot: _, isPacked: __, ...volume }] of plan.volumes.entries()) {
    const device = {
      ...volume,
      socketPath: blockDevices[index]?.socketPath ?? '',
      memoryPolicy: 'sealed',
      controls: plan.controls,
      controlPath: controlSockets[index] ?? '',
    } as const;
    await card?.addDevice(device, { signal });
  }
  const qemu = stack.use(
    await startQemu({ ...plan.machine, blockDevices, start: 'running' }, program, {
      signal,
      log,
      ...(onTranscript === undefined ? {} : { onTranscript }),
    }),
  );
  const owned = stack.move();
  return {
    qemu,
    card,
    socketDir,
    controlSockets,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function startCard(plan: InstancePlan, { signal }: Cancellable): Promise<CardProcess> {
  return startCardProcess({
    // A guest without KVM wants the cores for itself.
    card: { workers: 1, pollMode: 'off', cpus: [] },
    logFile: plan.cardLogFile,
    signal,
  });
}
