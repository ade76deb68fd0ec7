// SPDX-License-Identifier: Apache-2.0

// One QEMU that runs, as this controller has it: its channels, and the tenant's sockets on two of
// them. It may have been started by a controller before, and goes on when this one ends.

import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';

import { abortable, type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import type { RuntimeDir } from '../../base/runtime-dir.ts';
import { serveAgent } from '../../guest/agent-server.ts';
import { GuestConsole } from '../../guest/console.ts';
import { serveConsole } from '../../guest/console-server.ts';
import {
  plugBlockDevice,
  plugNetworkDevice,
  unplugBlockDevice,
  unplugNetworkDevice,
} from '../../qemu/hotplug.ts';
import type { BlockDevice, NetworkDevice } from '../../qemu/machine-spec.ts';
import type { Accelerator, MachineProfile } from '../../qemu/profile.ts';
import { adoptQmp, openQmp, type QmpClient } from '../../qemu/qmp-client.ts';
import type { QmpEvent } from '../../qemu/qmp-codec.ts';
import { powerDown, quit, reset } from '../../qemu/qmp-commands.ts';
import type { QemuProgram } from '../../qemu/version.ts';
import type { Machine, MachineEnd } from '../driver/host.ts';
import {
  type Attachment,
  type DeviceAttachment,
  deviceId,
  type InterfaceAttachment,
  isOfInterface,
  type ProcessIdentity,
} from '../model.ts';
import { isAlive, killProcess, waitForEnd } from './process-identity.ts';

/** Our ends of a QEMU's channels. */
export interface OwnChannels {
  readonly qmp: number;
  readonly serial: number;
  readonly agent: number;
}

/** How devices are described to QEMU. */
export interface DeviceWords {
  readonly volumeOf: (attachment: Attachment) => BlockDevice;
  readonly interfaceOf: (attachment: InterfaceAttachment) => NetworkDevice;
}

export interface MachineOptions {
  readonly id: InstanceId;
  readonly process: ProcessIdentity;
  /** A word of QEMU's command line that no other process has. */
  readonly mark: string;
  readonly channels: OwnChannels;
  readonly program: QemuProgram;
  readonly profile: MachineProfile;
  readonly runtimeDir: RuntimeDir;
  /** The instance's own: for console.log, and QEMU's complaints in qemu.log. */
  readonly folder: string;
  readonly accelerator: Accelerator;
  readonly devices: DeviceWords;
}

const pollIntervalMs = 1_000; // The end of QMP tells at once; this is for a channel that hangs.
const quitTimeoutMs = 2_000; // QEMU answers at once unless its main loop hangs.
const stderrTailLines = 8;

export class QemuMachine implements Machine {
  readonly process: ProcessIdentity;
  readonly ended: Promise<MachineEnd>;
  readonly #options: MachineOptions;
  readonly #streams: { readonly serial: Socket; readonly agent: Socket; readonly qmp: Socket };
  readonly #tenant = new AsyncDisposableStack();
  readonly #end = Promise.withResolvers<MachineEnd>();
  #qmp: QmpClient | undefined;
  #isGivenUp = false;
  #reason: string | undefined;
  #hasPanicked = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.process = options.process;
    this.ended = this.#end.promise;
    const { qmp, serial, agent } = options.channels;
    this.#streams = { qmp: channel(qmp), serial: channel(serial), agent: channel(agent) };
  }

  /** Waits until QEMU answers. `new`: it has just been started, and greets. */
  async open(how: 'new' | 'adopted', scope: Cancellable): Promise<void> {
    const { program } = this.#options;
    const onEvent = (event: QmpEvent): void => {
      this.#handleEvent(event);
    };
    const { qmp } = this.#streams;
    this.#qmp =
      how === 'new'
        ? await openQmp(qmp, { ...scope, onEvent })
        : await adoptQmp(qmp, { ...scope, onEvent, version: program.version });
    await this.#offer(how, scope);
    this.#watch().catch((thrown: unknown) => {
      this.#end.resolve({ ...this.#endSoFar(), how: ArgonError.from(thrown).message });
    });
  }

  /** What QEMU's events have said of its end so far. */
  get lastWords(): Pick<MachineEnd, 'reason' | 'hasPanicked'> {
    return { reason: this.#reason, hasPanicked: this.#hasPanicked };
  }

  /** Our ends of its channels, for somebody to keep copies of; undefined once they are closed. */
  get channels(): OwnChannels | undefined {
    const isClosed = Object.values(this.#streams).some((stream) => stream.destroyed);
    return isClosed ? undefined : this.#options.channels;
  }

  async plug(attachment: DeviceAttachment, scope: Cancellable): Promise<void> {
    const { profile, program, accelerator, devices } = this.#options;
    const options = { ...scope, profile, dialect: program.dialect, accelerator };
    if (isOfInterface(attachment)) {
      await plugNetworkDevice(this.#client(), devices.interfaceOf(attachment), options);
    } else await plugBlockDevice(this.#client(), devices.volumeOf(attachment), options);
  }

  async unplug(
    attachment: DeviceAttachment,
    options: Cancellable & { readonly timeoutMs: number },
  ): Promise<'removed' | 'busy'> {
    const device = { id: deviceId(attachment) };
    return isOfInterface(attachment)
      ? unplugNetworkDevice(this.#client(), device, options)
      : unplugBlockDevice(this.#client(), device, options);
  }

  async powerDown(scope: Cancellable): Promise<void> {
    await this.#client().execute(powerDown(), scope);
  }

  async reset(scope: Cancellable): Promise<void> {
    await this.#client().execute(reset(), scope);
  }

  async cut(): Promise<void> {
    const { mark } = this.#options;
    if (await isAlive(this.process)) {
      try {
        const scope = { signal: deadlineSignal(quitTimeoutMs) };
        await this.#qmp?.execute(quit(), scope);
        await waitForEnd(this.process, scope);
      } catch {
        // Hanging, or it closed the channel before it answered.
      }
      await killProcess(this.process, mark);
    }
    await this.close();
  }

  /** Gives up the channels; QEMU goes on if it is alive. */
  async close(): Promise<void> {
    this.#isGivenUp = true;
    await this.#qmp?.[Symbol.asyncDispose]();
    await this.#tenant.disposeAsync();
    for (const stream of Object.values(this.#streams)) stream.destroy();
    if (!(await isAlive(this.process))) await this.#finish();
  }

  async #offer(how: 'new' | 'adopted', { signal }: Cancellable): Promise<void> {
    const { id, runtimeDir, folder } = this.#options;
    const logFile = join(folder, 'console.log');
    const logMode = how === 'new' ? 'new' : 'append';
    const console = this.#tenant.use(new GuestConsole(this.#streams.serial, { logFile, logMode }));
    const socket = (name: string): string => join(runtimeDir, 'tenant', `${id}.${name}.sock`);
    this.#tenant.use(await serveConsole(console, { socketPath: socket('console'), signal }));
    this.#tenant.use(
      await serveAgent(this.#streams.agent, { socketPath: socket('agent'), signal }),
    );
  }

  async #watch(): Promise<void> {
    const closed = this.#client().closed;
    // Once given up it is for somebody else to watch.
    while (!this.#isGivenUp && (await isAlive(this.process))) {
      await within(closed, pollIntervalMs);
      // The channel closes a moment before the process is gone.
      if (this.#streams.qmp.destroyed) await within(this.#gone(), pollIntervalMs);
    }
    if (!this.#isGivenUp) await this.close();
  }

  async #gone(): Promise<void> {
    await waitForEnd(this.process, { signal: deadlineSignal(pollIntervalMs) });
  }

  async #finish(): Promise<void> {
    const said = (await lastLines(join(this.#options.folder, 'qemu.log'))).join('; ');
    const how = said === '' ? 'QEMU said nothing' : `QEMU said: ${said}`;
    this.#end.resolve({ ...this.#endSoFar(), how });
  }

  #endSoFar(): MachineEnd {
    return { ...this.lastWords, how: '' };
  }

  #handleEvent({ name, data }: QmpEvent): void {
    if (name === 'GUEST_PANICKED') this.#hasPanicked = true;
    if (name === 'SHUTDOWN' && typeof data['reason'] === 'string') this.#reason = data['reason'];
  }

  #client(): QmpClient {
    if (this.#qmp !== undefined) return this.#qmp;
    throw new ArgonError('unavailable', `QEMU of ${this.#options.id} does not answer yet`);
  }
}

/** The last lines of a log; none if there is no log. */
export async function lastLines(path: string): Promise<readonly string[]> {
  const text = (await readFile(path, 'utf8').catch(() => '')).trimEnd();
  return text === '' ? [] : text.split('\n').slice(-stderrTailLines);
}

function channel(fd: number): Socket {
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => {}); // Its close says it all.
  return socket;
}

async function within(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  try {
    await abortable(promise, 'waiting for QEMU', { signal: deadlineSignal(timeoutMs) });
  } catch {
    // As long as that; whoever waits looks again.
  }
}
