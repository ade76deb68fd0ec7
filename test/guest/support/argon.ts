// SPDX-License-Identifier: Apache-2.0

// The `argon` command as a user runs it, in a state folder of the test's own. Images are shared
// with the checkout's state folder, because making them takes longer than any test.

import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const sharedState = join(checkout, '.argon');

export interface CommandOutcome {
  /** The exit code, or 128 and the signal's number as a shell has it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedCommand {
  readonly child: ChildProcess;
  readonly outcome: Promise<CommandOutcome>;
  /** What stderr has so far. */
  readonly stderr: () => string;
}

export class Argon implements AsyncDisposable {
  readonly stateDir: string;
  /** What its commands take for the system's folder of temporary files: nobody else's are there. */
  readonly tempDir: string;

  /** A folder that is set up already; `create` makes one. */
  constructor(stateDir: string) {
    this.stateDir = stateDir;
    this.tempDir = join(stateDir, 'tmp');
  }

  static async create(): Promise<Argon> {
    const stateDir = await mkdtemp(join(tmpdir(), 'argon-guest-'));
    await mkdir(join(sharedState, 'images'), { recursive: true });
    await symlink(join(sharedState, 'images'), join(stateDir, 'images'));
    await mkdir(join(stateDir, 'tmp'));
    // The probe for KVM is a test of its own; the rest start from its answer.
    await cp(join(sharedState, 'accelerator.json'), join(stateDir, 'accelerator.json'), {
      force: true,
    }).catch(() => {});
    return new Argon(stateDir);
  }

  /** Runs a command to its end. */
  async run(...args: readonly string[]): Promise<CommandOutcome> {
    return await this.start(args).outcome;
  }

  /** The same, where anything but exit code 0 is a failed test. */
  async succeed(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode !== 0)
      throw new Error(`argon ${args.join(' ')} ended with ${exitCode}:\n${stderr}`);
    return stdout.trim();
  }

  /** Runs a shell command in a guest that `argon run` boots with these flags. */
  async tryInGuest(flags: readonly string[], script: string): Promise<CommandOutcome> {
    return await this.run('run', ...flags, '--', script);
  }

  /** The same, where anything but exit code 0 is a failed test. Gives what the command printed. */
  async inGuest(flags: readonly string[], script: string): Promise<string> {
    return await this.succeed('run', ...flags, '--', script);
  }

  start(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): StartedCommand {
    const child = spawn(join(checkout, 'argon'), args, {
      stdio: [stdin, 'pipe', 'pipe'],
      env: { ...process.env, ARGON_STATE: this.stateDir, TMPDIR: this.tempDir },
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = Promise.withResolvers<CommandOutcome>();
    child.on('error', ended.reject);
    child.on('close', (code, signal) => {
      ended.resolve({ exitCode: code ?? 128 + signalNumber(signal), stdout, stderr });
    });
    return { child, outcome: ended.promise, stderr: () => stderr };
  }

  /** Of a part of its host; 0 if there is none. */
  async pidOf(part: string): Promise<number> {
    const { host } = JSON.parse(await this.succeed('ls', '-o', 'json')) as {
      readonly host: { readonly parts: readonly { readonly id: string; readonly pid: number }[] };
    };
    return host.parts.find(({ id }) => id === part)?.pid ?? 0;
  }

  dataFile(volumeId: string): string {
    return join(this.stateDir, 'volumes', volumeId, 'data');
  }

  async volumes(): Promise<readonly string[]> {
    const names = await readdir(join(this.stateDir, 'volumes')).catch(() => []);
    return names.filter((name) => name.startsWith('vol'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 0;
}
