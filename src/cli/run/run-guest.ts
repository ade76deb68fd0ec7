// SPDX-License-Identifier: Apache-2.0

// One guest from start to power-off, and what is done with it in between.

import { join } from 'node:path';

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { planDevices, startInstance } from '../../controller/instance.ts';
import { serveConsole } from '../../guest/console-server.ts';
import { GuestTroubleError, stageBudgets } from '../../guest/stages.ts';
import { briefReason } from '../../qemu/accelerator.ts';
import { printCommand } from '../../qemu/print-command.ts';
import type { QemuProcess } from '../../qemu/process.ts';
import { queryStatus } from '../../qemu/qmp-commands.ts';
import { describeVcpus, measureVcpus } from '../../qemu/vcpu-activity.ts';
import type { CommandContext } from '../context.ts';
import { writeAll } from '../output.ts';
import { GuestSession } from './guest-session.ts';
import type { PreparedRun } from './prepare-run.ts';
import { type RunFolder, recordRun } from './run-folder.ts';

export interface GuestRunOptions extends Cancellable {
  readonly context: CommandContext;
  readonly prepared: PreparedRun;
  readonly folder: RunFolder;
}

const lastLineCount = 40;
const statusTimeoutMs = 2000; // QEMU's main loop answers at once, or hangs.

/**
 * Boots the guest, calls `use` when it is ready, and powers it off. When anything goes wrong the
 * last lines of the console go to stderr, with the place of everything else.
 */
export async function withGuest<Value>(
  options: GuestRunOptions,
  use: (guest: GuestSession) => Promise<Value>,
): Promise<Value> {
  const { context, prepared, folder, signal } = options;
  const { plan, qemu, log, accelerator } = prepared;
  const { stages } = context;
  await folder.write('qemu.cmd', printPlan(prepared, folder));
  stages.note(`${prepared.imageName} on ${accelerator.accelerator} (${briefReason(accelerator)})`);
  await using instance = await startInstance(plan, {
    qemu,
    log,
    signal,
    onTranscript: (line) => {
      folder.appendQmp(line);
    },
  });
  const consoleSocket = join(instance.socketDir, 'console.sock');
  await using guest = new GuestSession(instance, {
    consoleSocket,
    budgetsMs: stageBudgets(accelerator.accelerator),
    consoleLog: folder.consoleLog,
    stages,
  });
  await using offered = new AsyncDisposableStack();
  offered.use(await serveConsole(guest.console, { socketPath: consoleSocket, signal }));
  await recordRun(folder, {
    id: folder.id,
    pid: process.pid,
    image: prepared.imageName,
    startedAt: new Date().toISOString(),
    consoleSocket,
    controlSockets: instance.controlSockets,
  });
  try {
    await guest.waitUntilReady({ signal });
    const value = await use(guest);
    stages.step('power off');
    if (await guest.powerOff({ signal: context.signal })) stages.ok();
    else stages.failed('the guest did not power off and was cut off');
    return value;
  } catch (thrown) {
    await explainFailure(thrown, { guest, folder, qemu: instance.qemu });
    throw thrown;
  }
}

/** The QEMU command line of a run, for a shell, with the back ends that it needs. */
export function printPlan({ plan, qemu }: PreparedRun, folder: RunFolder): string {
  const directory = join('/tmp', plan.machine.name);
  const blockDevices = planDevices(plan, directory);
  const servers = plan.volumes.map(({ id }, index) => {
    const socketPath = blockDevices[index]?.socketPath ?? '';
    return `# argon serve block --volume ${id} --socket ${socketPath} &\n`;
  });
  const spec = { ...plan.machine, blockDevices, start: 'running' } as const;
  const origin = `# A run's folder: ${folder.path}\n`;
  return `${origin}${servers.join('')}${printCommand(spec, qemu, { directory })}`;
}

interface FailedRun {
  readonly guest: GuestSession;
  readonly folder: RunFolder;
  readonly qemu: QemuProcess;
}

async function explainFailure(thrown: unknown, failed: FailedRun): Promise<void> {
  const { guest, folder, qemu } = failed;
  const code = thrown instanceof ArgonError ? thrown.code : undefined;
  if (code === 'cancelled') return;
  const activity = code === 'deadline-exceeded' ? await describeActivity(qemu) : '';
  const lines = guest.console.lastLines(lastLineCount);
  const shown = lines.map((line) => `  | ${line}\n`).join('');
  const place = `everything of this run: ${folder.path}\n`;
  await writeAll(
    process.stderr,
    `the last lines of the guest's console:\n${shown}${activity}${place}`,
  );
}

// A guest that is late says nothing more by itself: whether it computes, waits or is stopped.
async function describeActivity({ pid, qmp }: QemuProcess): Promise<string> {
  const vcpus = describeVcpus(await measureVcpus(pid));
  const signal = deadlineSignal(statusTimeoutMs);
  const state = await qmp.execute(queryStatus(), { signal }).catch(() => 'no answer');
  return `QEMU says of the machine: ${state}${vcpus === undefined ? '' : `; ${vcpus}`}\n`;
}

/** True if the guest said itself that it is broken beyond use. */
export function isPanic(thrown: unknown): boolean {
  return (
    thrown instanceof GuestTroubleError &&
    (thrown.trouble.kind === 'panic' || thrown.trouble.kind === 'oops')
  );
}
