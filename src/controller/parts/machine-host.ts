// SPDX-License-Identifier: Apache-2.0

// The machines of a host: QEMU processes that outlive the controller, because the backplane has our
// ends of their channels (design record 0013).

import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

import { abortable, type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import type { Logger } from '../../base/log.ts';
import type { RuntimeDir } from '../../base/runtime-dir.ts';
import type { HostAddon } from '../../native/addons.ts';
import { spawnQemu } from '../../qemu/detached.ts';
import type {
  BlockDevice,
  BootSource,
  MachineSpec,
  NetworkDevice,
} from '../../qemu/machine-spec.ts';
import { type Accelerator, type MachineProfile, parsePciSlot } from '../../qemu/profile.ts';
import { explainStartFailure, type ProcessEnd } from '../../qemu/start-failure.ts';
import { identityOf } from '../../qemu/system-identity.ts';
import type { QemuProgram } from '../../qemu/version.ts';
import type { Backplane } from '../backplane/client.ts';
import type { Machine, MachineEnd, MachineHost, MachineStart } from '../driver/host.ts';
import type { StepObserver } from '../driver/operations.ts';
import {
  type Attachment,
  type DeviceAttachment,
  type Instance,
  type InterfaceAttachment,
  isOfInterface,
  type ProcessIdentity,
} from '../model.ts';
import { lastLines, type MachineOptions, type OwnChannels, QemuMachine } from './machine.ts';
import { findProcesses, identifyProcess, isAlive, killProcess } from './process-identity.ts';
import { slotSocket } from './slots.ts';

export interface MachineHostOptions {
  /** Has a folder for each instance. */
  readonly instancesDir: string;
  readonly runtimeDir: RuntimeDir;
  /** Tells this host's processes from those of others. */
  readonly hostTag: string;
  readonly backplane: Backplane;
  readonly native: HostAddon;
  readonly profile: MachineProfile;
  /** Which QEMU; asked once it is needed. */
  readonly findQemu: (scope: Cancellable) => Promise<QemuProgram>;
  readonly findAccelerator: (qemu: QemuProgram, scope: Cancellable) => Promise<Accelerator>;
  /** What an instance boots, with its folder for what it writes. */
  readonly bootSourceOf: (instance: Instance, folder: string) => Promise<BootSource>;
  readonly step: StepObserver;
  readonly log: Logger;
}

const channelNames = ['qmp', 'serial', 'agent'] as const;
// A guest can make QEMU complain at will; what is older than this much is dropped at a start.
const stderrMaxBytes = 1024 * 1024;
// As many queues as cards offer.
const queueCountMax = 16;
const pairCountMax = 8;
// A QEMU that does not answer is of no use to adopt.
const adoptTimeoutMs = 10_000;
const soonMs = 1_000;
const logName = 'qemu.log';

export class QemuMachines implements MachineHost {
  readonly #options: MachineHostOptions;
  readonly #machines = new Map<InstanceId, QemuMachine>();

  constructor(options: MachineHostOptions) {
    this.#options = options;
  }

  get slotCount(): number {
    return this.#options.profile.rootPorts.count;
  }

  async start(
    { instance, attachments, onSpawned }: MachineStart,
    scope: Cancellable,
  ): Promise<Machine> {
    const { findQemu, findAccelerator, bootSourceOf, step } = this.#options;
    const { id } = instance;
    const folder = await this.#folder(id);
    const program = await findQemu(scope);
    const accelerator = await findAccelerator(program, scope);
    const spec = this.#describe(instance, attachments, {
      accelerator,
      boot: await bootSourceOf(instance, folder),
    });
    const { channels, process, ended } = await this.#spawn(id, spec, program, scope);
    onSpawned(process, accelerator);
    await step('machine: spawned');
    const machine = this.#machine(instance, { channels, process, program, accelerator });
    try {
      await machine.open('new', scope);
    } catch (thrown) {
      const end = await soon(ended);
      await machine.cut();
      await this.clear({ id, machine: process }, { signal: deadlineSignal(adoptTimeoutMs) });
      if (thrown instanceof ArgonError && thrown.code === 'cancelled') throw thrown;
      throw explainStartFailure(spec.name, end, await lastLines(join(folder, logName)), thrown);
    }
    this.#machines.set(id, machine);
    await step('machine: greeted');
    return machine;
  }

  async adopt(instance: Instance, scope: Cancellable): Promise<Machine | MachineEnd> {
    const { backplane, findQemu, log } = this.#options;
    const process = instance.machine;
    if (process === undefined) return neverSeen;
    let machine: QemuMachine | undefined;
    const taken: number[] = [];
    try {
      for (const name of channelNames) {
        taken.push(await backplane.takeFd(`${name}/${instance.id}`, scope));
      }
      const [qmp = -1, serial = -1, agent = -1] = taken;
      const channels = { qmp, serial, agent };
      const accelerator = instance.accelerator || 'tcg'; // Known before there is a process.
      const program = await findQemu(scope);
      machine = this.#machine(instance, { channels, process, program, accelerator });
      const bounded = { signal: deadlineSignal(adoptTimeoutMs, scope.signal) };
      await machine.open('adopted', bounded);
      this.#machines.set(instance.id, machine);
      return machine;
    } catch (thrown) {
      const wasAlive = await isAlive(process);
      const { message } = ArgonError.from(thrown);
      log.warn({ err: thrown, instance: instance.id, wasAlive }, 'a machine cannot be adopted');
      if (machine === undefined) for (const fd of taken) closeSync(fd);
      await machine?.cut();
      await this.clear(instance, scope);
      const lastWords = machine?.lastWords ?? { reason: undefined, hasPanicked: false };
      const how = wasAlive ? `it could not be adopted (${message})` : 'it ended unwatched';
      // What it was asked for while it was cut is not how it ended.
      return wasAlive ? { ...neverSeen, how } : { ...lastWords, how };
    }
  }

  async clear(
    { id, machine }: Pick<Instance, 'id' | 'machine'>,
    scope: Cancellable,
  ): Promise<void> {
    const { backplane, runtimeDir, step } = this.#options;
    await this.#machines.get(id)?.cut();
    this.#machines.delete(id);
    const mark = this.#mark(id);
    if (machine !== undefined) await killProcess(machine, mark);
    // One that was spawned and never written down.
    for (const found of await findProcesses((word) => word === mark)) {
      await killProcess(found, mark);
    }
    await step('machine: killed');
    for (const name of channelNames) await backplane.dropFd(`${name}/${id}`, scope);
    for (const name of ['console', 'agent']) {
      await rm(join(runtimeDir, 'tenant', `${id}.${name}.sock`), { force: true });
    }
    await step('machine: channels dropped');
  }

  async erase(id: InstanceId): Promise<void> {
    await rm(join(this.#options.instancesDir, id), { recursive: true, force: true });
  }

  /** Removes what instances left that nobody knows any more. */
  async prune(known: ReadonlySet<InstanceId>, scope: Cancellable): Promise<void> {
    const { instancesDir, backplane } = this.#options;
    const ids = new Set<string>(known);
    for (const name of await readdir(instancesDir).catch(() => [])) {
      if (!ids.has(name)) await rm(join(instancesDir, name), { recursive: true, force: true });
    }
    for (const name of await backplane.listFds(scope)) {
      const [kind = '', id = ''] = name.split('/');
      const isChannel = channelNames.some((channel) => channel === kind);
      if (isChannel && !ids.has(id)) await backplane.dropFd(name, scope);
    }
    const prefix = this.#mark('');
    const isUnknown = (word: string): boolean =>
      word.startsWith(prefix) && !ids.has(word.slice(prefix.length));
    for (const { word, ...found } of await findProcesses(isUnknown)) {
      await killProcess(found, word);
    }
  }

  /** Has a backplane that has none of them keep the channels of all machines that run. */
  async keepChannels(scope: Cancellable): Promise<void> {
    const { backplane } = this.#options;
    for (const [id, machine] of this.#machines) {
      for (const name of channelNames) {
        // Looked at each time: one that ends meanwhile closes them.
        const fd = machine.channels?.[name];
        if (fd !== undefined) await backplane.keepFd(`${name}/${id}`, fd, scope);
      }
    }
  }

  /** Lets go of all machines, which go on. */
  async abandon(): Promise<void> {
    for (const machine of this.#machines.values()) await machine.close();
    this.#machines.clear();
  }

  #mark(id: string): string {
    return `argon-${this.#options.hostTag}.${id}`;
  }

  #describe(
    instance: Instance,
    attachments: readonly DeviceAttachment[],
    { accelerator, boot }: StartFacts,
  ): MachineSpec {
    return {
      profile: this.#options.profile,
      name: this.#mark(instance.id),
      accelerator,
      cpuCount: instance.cpuCount,
      memoryBytes: instance.memoryBytes,
      boot,
      ...(hasMetadata(attachments) ? { identity: identityOf(instance.id) } : {}),
      blockDevices: attachments.flatMap((attachment) =>
        isOfInterface(attachment) ? [] : [this.#volumeOf(instance, attachment)],
      ),
      networkDevices: attachments
        .filter(isOfInterface)
        .map((attachment) => this.#interfaceOf(instance, attachment)),
      start: 'running',
    };
  }

  #volumeOf({ cpuCount }: Instance, { volume, slot, pciSlot, isBoot }: Attachment): BlockDevice {
    const { runtimeDir, profile } = this.#options;
    return {
      id: volume,
      socketPath: slotSocket(runtimeDir, slot),
      slot: parsePciSlot(pciSlot, profile),
      // A queue for each CPU, as Linux uses them.
      queueCount: Math.min(cpuCount, queueCountMax),
      ...(isBoot ? { bootIndex: 0 } : {}),
    };
  }

  #interfaceOf({ cpuCount }: Instance, attachment: InterfaceAttachment): NetworkDevice {
    const { runtimeDir, profile } = this.#options;
    const { interface: id, macAddress, slot, pciSlot } = attachment;
    return {
      id,
      macAddress,
      socketPath: slotSocket(runtimeDir, slot),
      slot: parsePciSlot(pciSlot, profile),
      pairCount: Math.min(cpuCount, pairCountMax),
    };
  }

  #machine(
    instance: Instance,
    had: Pick<MachineOptions, 'channels' | 'process' | 'program' | 'accelerator'>,
  ): QemuMachine {
    const { runtimeDir, profile, instancesDir } = this.#options;
    const { id } = instance;
    return new QemuMachine({
      ...had,
      id,
      mark: this.#mark(id),
      runtimeDir,
      profile,
      folder: join(instancesDir, id),
      devices: {
        volumeOf: (attachment) => this.#volumeOf(instance, attachment),
        interfaceOf: (attachment) => this.#interfaceOf(instance, attachment),
      },
    });
  }

  async #folder(id: InstanceId): Promise<string> {
    const folder = join(this.#options.instancesDir, id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  // The backplane has our ends before there is a process that could be left alone with its own.
  async #spawn(
    id: InstanceId,
    spec: MachineSpec,
    program: QemuProgram,
    scope: Cancellable,
  ): Promise<{
    readonly channels: OwnChannels;
    readonly process: ProcessIdentity;
    readonly ended: Promise<ProcessEnd>;
  }> {
    const { native, backplane, step } = this.#options;
    const pairs = channelNames.map(() => native.createSocketPair('stream'));
    const [qmp = noPair, serial = noPair, agent = noPair] = pairs;
    const logFile = join(await this.#folder(id), logName);
    const stderrFd = openSync(logFile, 'a', 0o600);
    try {
      await truncateLong(logFile);
      for (const [index, name] of channelNames.entries()) {
        await backplane.keepFd(`${name}/${id}`, (pairs[index] ?? noPair)[0], scope);
      }
      await step('machine: channels kept');
      const { pid, ended } = await spawnQemu(spec, program, {
        ...scope,
        channels: { qmp: qmp[1], serial: serial[1], agent: agent[1] },
        stderrFd,
      });
      const process = await identifyProcess(pid);
      if (process === undefined) {
        throw explainStartFailure(spec.name, await ended, await lastLines(logFile), undefined);
      }
      return { channels: { qmp: qmp[0], serial: serial[0], agent: agent[0] }, process, ended };
    } catch (thrown) {
      for (const [own] of pairs) closeSync(own);
      throw thrown;
    } finally {
      closeSync(stderrFd);
      for (const [, theirs] of pairs) closeSync(theirs);
    }
  }
}

/** What a machine is started with besides its devices. */
interface StartFacts {
  readonly accelerator: Accelerator;
  readonly boot: BootSource;
}

// An end that comes with the channel's, rather than with a QEMU that hangs.
async function soon(ended: Promise<ProcessEnd>): Promise<ProcessEnd | undefined> {
  try {
    return await abortable(ended, 'waiting for QEMU to end', { signal: deadlineSignal(soonMs) });
  } catch {
    return undefined;
  }
}

// A guest that takes itself for one of EC2 looks for its metadata for minutes, which a card without
// root's rights does not have.
function hasMetadata(attachments: readonly DeviceAttachment[]): boolean {
  return process.geteuid?.() === 0 && attachments.some(isOfInterface);
}

const noPair = [-1, -1] as const;
const neverSeen: MachineEnd = { reason: undefined, hasPanicked: false, how: 'it was never seen' };

async function truncateLong(path: string): Promise<void> {
  if ((await stat(path)).size > stderrMaxBytes) await truncate(path);
}
