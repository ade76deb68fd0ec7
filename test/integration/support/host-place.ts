// SPDX-License-Identifier: Apache-2.0

// A host of a test's own: a state folder with an image that is none and a QEMU that is none, both
// found where the real ones are looked for.

import { chmod, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hostTag, locateRuntimeDir, type RuntimeDir } from '../../../src/base/runtime-dir.ts';
import { locateStateDir, type StateDir } from '../../../src/base/state-dir.ts';
import { findProcesses, killProcess } from '../../../src/controller/parts/process-identity.ts';
import { type Child, eventually, startScript } from './child.ts';
import type { HostCommand } from './host-controller.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
  readonly steps?: number;
}

/** What the registry says of a host. */
export interface HostState {
  readonly volumes: readonly { id: string; phase: string; sizeBytes: number }[];
  readonly instances: readonly { id: string; state: string; pid?: number }[];
  readonly attachments: readonly {
    volume?: string;
    interface?: string;
    instance: string;
    slot: number;
    phase: string;
  }[];
  readonly parts: readonly { id: string; pid: number }[];
}

/** A controller process that takes commands. */
export class HostController implements AsyncDisposable {
  readonly child: Child;
  #answers = 0;

  constructor(child: Child) {
    this.child = child;
  }

  /** The answer, or undefined if the controller was killed on the way. */
  async tell(command: HostCommand): Promise<Answer | undefined> {
    this.child.process.stdin?.write(`${JSON.stringify(command)}\n`);
    this.#answers += 1;
    const lines = async (): Promise<Answer | 'killed' | undefined> => {
      const answer = this.child.stdout.split('\n')[this.#answers];
      // The last line may not be whole yet.
      if (answer !== undefined && answer.endsWith('}')) return JSON.parse(answer) as Answer;
      return this.child.process.signalCode === null ? undefined : 'killed';
    };
    const answer = await eventually(lines, `an answer to ${command.do}`);
    return answer === 'killed' ? undefined : answer;
  }

  /** The value, where anything else is a failed test. */
  async get(command: HostCommand): Promise<string> {
    const answer = await this.tell(command);
    if (answer?.error !== undefined || answer === undefined) {
      throw new Error(`${command.do}: ${answer?.error?.message ?? 'killed'} ${this.child.stderr}`);
    }
    return String(answer.value);
  }

  async inspect(): Promise<HostState> {
    return (await this.tell({ do: 'inspect' }))?.value as HostState;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }
}

export class HostPlace implements AsyncDisposable {
  readonly stateDir: StateDir;
  readonly runtimeDir: RuntimeDir;
  readonly env: Readonly<Record<string, string>>;
  readonly #dir: TempDir;

  constructor(dir: TempDir) {
    this.#dir = dir;
    this.stateDir = locateStateDir({ ARGON_STATE: join(dir.path, 'state') }, '/');
    this.runtimeDir = locateRuntimeDir(this.stateDir);
    const path = `${join(dir.path, 'bin')}:${process.env['PATH'] ?? ''}`;
    this.env = { ARGON_STATE: this.stateDir, PATH: path };
  }

  static async create(): Promise<HostPlace> {
    const place = new HostPlace(await createTempDir());
    await place.#prepare();
    return place;
  }

  /** A controller that takes commands, ready for them. */
  async start(): Promise<HostController> {
    const stdio = ['pipe', 'pipe', 'pipe'] as const;
    const child = startScript('host-controller.ts', [], { env: this.env }, [...stdio]);
    await child.waitFor('stdout', /"ready":true/);
    return new HostController(child);
  }

  /** The names in a folder of the state, or of the sockets. */
  async names(...path: readonly string[]): Promise<readonly string[]> {
    return (await readdir(join(this.stateDir, ...path)).catch((): string[] => [])).toSorted();
  }

  async sockets(folder: 'slots' | 'tenant'): Promise<readonly string[]> {
    return (await readdir(join(this.runtimeDir, folder)).catch((): string[] => [])).toSorted();
  }

  /** The pids of machines of this host that run. */
  async machines(): Promise<readonly number[]> {
    return (await findProcesses((word) => word.startsWith(this.#mark))).map(({ pid }) => pid);
  }

  /** The pids of cards: those whose output goes to this host's folder. */
  async cards(): Promise<readonly number[]> {
    const found = await findProcesses((word) => word === '--slot-channel');
    const own = await Promise.all(
      found.map(async ({ pid }) => {
        const output = await readlink(`/proc/${pid}/fd/1`).catch(() => '');
        return output.startsWith(this.stateDir) ? pid : undefined;
      }),
    );
    return own.filter((pid) => pid !== undefined);
  }

  async #prepare(): Promise<void> {
    const image = join(this.stateDir, 'images', 'tiny-000000000000');
    await mkdir(image, { recursive: true });
    const files = ['initrd', 'vmlinuz'].map((name) => ({ name, sizeBytes: 1, sha256: '' }));
    for (const { name } of files) await writeFile(join(image, name), 'x');
    const manifest = { name: 'tiny', digest: '0'.repeat(64), files, packages: [] };
    await writeFile(join(image, 'manifest.json'), JSON.stringify(manifest));
    await mkdir(join(this.#dir.path, 'bin'));
    const program = join(this.#dir.path, 'bin', 'qemu-system-x86_64');
    const machine = join(import.meta.dirname, 'fake-machine.ts');
    const node = `${process.execPath} --disable-warning=ExperimentalWarning`;
    await writeFile(
      program,
      `#!/bin/sh
[ "$1" = --version ] && { echo 'QEMU emulator version 7.2.22 (none)'; exit; }
exec ${node} ${machine} "$@"
`,
    );
    await chmod(program, 0o755);
  }

  get #mark(): string {
    return `argon-${hostTag(this.stateDir)}.`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whatever a failed test left: machines, then cards and the backplane, which end with it.
    for (const { word, ...process } of await findProcesses((w) => w.startsWith(this.#mark))) {
      await killProcess(process, word);
    }
    for (const { word, ...process } of await findProcesses((w) => w === this.runtimeDir)) {
      await killProcess(process, word);
    }
    await eventually(
      async () => ((await this.cards()).length === 0 ? true : undefined),
      'the end of all cards',
    );
    await rm(this.runtimeDir, { recursive: true, force: true });
    await this.#dir[Symbol.asyncDispose]();
  }

  /** The last lines of the controller's log, for a test that fails. */
  async log(): Promise<string> {
    return readFile(join(this.stateDir, 'controller.log'), 'utf8').catch(() => '');
  }
}
