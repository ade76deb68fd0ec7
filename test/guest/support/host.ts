// SPDX-License-Identifier: Apache-2.0

// A host as operators have it: the controller's own program, the management API, and the tenant's
// agent in real guests.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { connect, type ManagementClient, type MethodName } from '../../../src/api/client.ts';
import type { MethodTypes } from '../../../src/api/generated/argon/v1/methods.ts';
import type { Init } from '../../../src/api/schema.ts';
import { pollUntil } from '../../../src/base/deadline.ts';
import { silentProgress } from '../../../src/base/progress.ts';
import { locateRuntimeDir, type RuntimeDir } from '../../../src/base/runtime-dir.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { GuestAgent } from '../../../src/guest/agent.ts';
import { openAgentSession } from '../../../src/guest/agent-session.ts';
import { type CommandResult, runInGuest } from '../../../src/guest/exec.ts';
import { ensureTinyImage } from '../../../src/image/tiny.ts';
import { describeVcpus, measureVcpus } from '../../../src/qemu/vcpu-activity.ts';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const sharedState = join(checkout, '.argon');
// A guest without KVM on two busy cores boots in up to a minute.
const patienceMs = 300_000;
const lastLineCount = 10;

export class GuestHost implements AsyncDisposable {
  readonly stateDir: string;
  readonly runtimeDir: RuntimeDir;
  readonly #client: ManagementClient;
  #controller: ChildProcess | undefined;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
    this.runtimeDir = locateRuntimeDir(locateStateDir({ ARGON_STATE: stateDir }, '/'));
    this.#client = connect({ socketPath: join(this.runtimeDir, 'management.sock') });
  }

  /**
   * A host without guests, whose controller listens. It boots them from the image that the
   * checkout's state folder has, which is made first where it is missing: no controller makes any.
   */
  static async create(): Promise<GuestHost> {
    const stateDir = await mkdtemp(join(tmpdir(), 'argon-host-'));
    const cacheDir = join(sharedState, 'images');
    await mkdir(cacheDir, { recursive: true });
    const options = {
      cacheDir,
      progress: silentProgress,
      signal: AbortSignal.timeout(patienceMs),
    };
    await ensureTinyImage(options);
    await symlink(cacheDir, join(stateDir, 'images'));
    await cp(join(sharedState, 'accelerator.json'), join(stateDir, 'accelerator.json')).catch(
      () => {},
    );
    const host = new GuestHost(stateDir);
    await host.startController();
    return host;
  }

  /** Starts a controller, which adopts what one before has left. */
  async startController(): Promise<void> {
    const program = join(checkout, 'src/controller/main.ts');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ARGON_STATE: this.stateDir },
    });
    this.#controller = child;
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await this.eventually('the controller', () => {
      if (child.exitCode !== null) throw new Error('the controller ended at its start');
      return said.includes('ready') ? true : undefined;
    });
  }

  /** Ends the controller as a crash does. */
  async killController(): Promise<void> {
    const child = this.#controller;
    if (child === undefined) return;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async call<Name extends MethodName>(
    name: Name,
    request: Init<MethodTypes[Name]['request']>,
  ): Promise<MethodTypes[Name]['response']> {
    return this.#client.call(name, request, { signal: AbortSignal.timeout(patienceMs) });
  }

  /** The name of a new volume. */
  async createVolume(sizeBytes = 16n * 1024n * 1024n): Promise<string> {
    return (await this.call('Volumes.CreateVolume', { volume: { sizeBytes } })).name;
  }

  /** The name of a new instance of the tiny image, which has been started. */
  async startInstance(): Promise<string> {
    const instance = { image: 'BOOT_IMAGE_TINY', memoryBytes: 268_435_456n } as const;
    const { name } = await this.call('Instances.CreateInstance', { instance });
    await this.call('Instances.StartInstance', { name });
    return name;
  }

  /** Runs a command in the guest, as soon as its agent answers. */
  async run(instance: string, command: string): Promise<CommandResult> {
    const scope = { signal: AbortSignal.timeout(patienceMs) };
    const id = instance.replace('instances/', '');
    const socket = dial(join(this.runtimeDir, 'tenant', `${id}.agent.sock`));
    try {
      await once(socket, 'connect');
      await openAgentSession(socket, scope);
      const agent = new GuestAgent(socket);
      await agent.waitUntilUp(scope).catch(async (thrown: unknown) => {
        throw await this.#lateGuest(id, thrown);
      });
      return await runInGuest(agent, command, scope);
    } finally {
      socket.destroy();
    }
  }

  // What `argon run` says of a guest that does not come up.
  async #lateGuest(id: string, thrown: unknown): Promise<Error> {
    const pid = await this.pidOf(`qemu-${id}`);
    const vcpus = describeVcpus(await measureVcpus(pid)) ?? 'QEMU has ended';
    const lines = (await this.console(`instances/${id}`)).trimEnd().split('\n');
    const last = lines.slice(-lastLineCount).join('\n');
    const isUp = lines.some((line) => line.includes('Freeing unused kernel'));
    return new Error(
      `the guest was still at stage ${isUp ? 'init' : 'kernel'}; ${vcpus}; its console:\n${last}`,
      { cause: thrown },
    );
  }

  /** The same, where anything but exit code 0 is a failed test. Gives what it printed. */
  async inGuest(instance: string, command: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(instance, command);
    if (exitCode === 0) return stdout.toString().trim();
    throw new Error(`${command} ended with ${exitCode}: ${stderr.toString()}`);
  }

  /** The pid of a part of the host. */
  async pidOf(part: string): Promise<number> {
    const { parts } = await this.call('Host.GetHost', {});
    return parts.find(({ id }) => id === part)?.pid ?? 0;
  }

  async eventually<Value>(
    what: string,
    check: () => Promise<Value | undefined> | Value | undefined,
  ): Promise<Value> {
    const signal = AbortSignal.timeout(patienceMs);
    return pollUntil(check, `waiting for ${what}`, { signal, intervalMs: 50 });
  }

  async console(instance: string): Promise<string> {
    const id = instance.replace('instances/', '');
    return readFile(join(this.stateDir, 'host', 'instances', id, 'console.log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#controller;
    if (child?.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      await this.call('Host.ShutDown', { force: true });
      await ended;
    }
    await this.#client[Symbol.asyncDispose]();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}
