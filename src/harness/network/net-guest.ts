// SPDX-License-Identifier: Apache-2.0

// A guest for measurements and tests of network back ends: it boots with no interface, and each one
// is plugged into it with the back end and the properties that its caller wants, which no instance
// of a host is ever given.

import { type Cancellable, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { GuestAgent } from '../../guest/agent.ts';
import { GuestConsole } from '../../guest/console.ts';
import { runInGuest } from '../../guest/exec.ts';
import type { BootSource, MachineSpec, NetworkDevice } from '../../qemu/machine-spec.ts';
import { netdevName, networkDeviceProperties } from '../../qemu/network-device.ts';
import { type QemuProcess, startQemu } from '../../qemu/process.ts';
import type { Accelerator, MachineProfile, PciSlot } from '../../qemu/profile.ts';
import { addDeviceChardev, addNetdev, queryDeviceChardev } from '../../qemu/qmp-commands.ts';
import { formatEnd } from '../../qemu/start-failure.ts';
import type { QemuProgram } from '../../qemu/version.ts';

export interface NetGuestOptions extends Cancellable {
  readonly name: string;
  readonly qemu: QemuProgram;
  readonly profile: MachineProfile;
  readonly accelerator: Accelerator;
  readonly boot: BootSource;
  readonly cpuCount: number;
  readonly memoryBytes: MachineSpec['memoryBytes'];
  /** Gets all that the guest prints. */
  readonly consoleLog: string;
  readonly log: Logger;
}

/** What is behind an interface. */
export type NetLink =
  /** A back end that listens. */
  | { readonly kind: 'vhost-user'; readonly socketPath: string; readonly pairCount: number }
  /** QEMU's own: frames over a socket between two of them, without offloads. */
  | { readonly kind: 'stream'; readonly socketPath: string; readonly end: 'server' | 'client' };

export interface NetGuestInterface {
  readonly id: string;
  readonly slot: PciSlot;
  readonly macAddress: string;
  readonly link: NetLink;
  /** Of `virtio-net-pci`, in the place of what an instance of a host has. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
}

const pollMs = 100;

export class NetGuest implements AsyncDisposable {
  readonly #process: QemuProcess;
  readonly #options: NetGuestOptions;
  readonly #agent: GuestAgent;
  readonly #owned: AsyncDisposableStack;

  /** Of what runs; `start` makes one. */
  constructor(
    process: QemuProcess,
    agent: GuestAgent,
    options: NetGuestOptions,
    owned: AsyncDisposableStack,
  ) {
    this.#process = process;
    this.#agent = agent;
    this.#options = options;
    this.#owned = owned;
  }

  /** Its agent answers when this returns. */
  static async start(options: NetGuestOptions): Promise<NetGuest> {
    const { name, qemu, consoleLog, log, signal, ...machine } = options;
    await using stack = new AsyncDisposableStack();
    const spec = { ...machine, name, blockDevices: [], start: 'running' } as const;
    const process = stack.use(await startQemu(spec, qemu, { signal, log }));
    stack.use(new GuestConsole(process.serial, { logFile: consoleLog }));
    const agent = stack.use(new GuestAgent(process.agent));
    await agent.waitUntilUp({ signal });
    return new NetGuest(process, agent, options, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** Plugs an interface; gives what the guest calls it, as soon as its driver has it. */
  async plug(nic: NetGuestInterface, scope: Cancellable): Promise<string> {
    const { qmp } = this.#process;
    await this.#addLink(nic, scope);
    const device = { ...nic, pairCount: pairCountOf(nic), socketPath: nic.link.socketPath };
    await qmp.execute(
      {
        verb: 'device_add',
        args: {
          driver: 'virtio-net-pci',
          ...networkDeviceProperties(device, this.#options.accelerator),
          ...nic.properties,
        },
        parseReply: () => {},
      },
      scope,
    );
    return await pollUntil(
      async () => {
        const files = '/sys/class/net/*/address';
        const { stdout } = await runInGuest(
          this.#agent,
          `grep -l ${nic.macAddress} ${files}`,
          scope,
        );
        return /^\/sys\/class\/net\/([^/]+)\//.exec(stdout.toString())?.[1];
      },
      `waiting for the driver of ${nic.id}`,
      { ...scope, intervalMs: pollMs },
    );
  }

  /**
   * Runs a shell command; gives what it printed.
   * @throws ArgonError aborted if its exit code is not 0.
   */
  async run(command: string, scope: Cancellable): Promise<string> {
    const running = runInGuest(this.#agent, command, scope);
    const { exitCode, stdout, stderr } = await this.#unlessEnded(running);
    if (exitCode === 0) return stdout.toString();
    const said = `${stdout.toString()}${stderr.toString()}`;
    throw new ArgonError(
      'aborted',
      `${this.#options.name}: ${command} ended with ${exitCode}: ${said}`,
    );
  }

  // What QEMU has said is why an agent does not answer any more.
  async #unlessEnded<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (thrown) {
      const { code } = ArgonError.from(thrown);
      if (code !== 'unavailable') throw thrown;
      const { end, stderr } = await this.#process.exited;
      const message = `${this.#options.name} ended (${formatEnd(end)}): ${stderr.join('; ')}`;
      throw new ArgonError('unavailable', message, { cause: thrown });
    }
  }

  async #addLink(nic: NetGuestInterface, scope: Cancellable): Promise<void> {
    const { qmp } = this.#process;
    const { id, link } = nic;
    if (link.kind === 'stream') {
      const addr = { type: 'unix', path: link.socketPath };
      const args = { type: 'stream', id: netdevName(nic), server: link.end === 'server', addr };
      await qmp.execute({ verb: 'netdev_add', args, parseReply: () => {} }, scope);
      return;
    }
    const device: NetworkDevice = { ...nic, ...link };
    await qmp.execute(addDeviceChardev(device, this.#options.qemu.dialect), scope);
    // netdev_add waits for the back end in QEMU's main loop, so it comes after the connection.
    await pollUntil(
      async () =>
        (await qmp.execute(queryDeviceChardev({ id }), scope)) === 'connected' ? true : undefined,
      `waiting for QEMU to connect ${id}`,
      { ...scope, intervalMs: pollMs },
    );
    await qmp.execute(addNetdev(device), scope);
  }
}

function pairCountOf({ link }: NetGuestInterface): number {
  return link.kind === 'vhost-user' ? link.pairCount : 1;
}
