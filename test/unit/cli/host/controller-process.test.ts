// SPDX-License-Identifier: Apache-2.0

// Goal: a controller is started once, is waited for, and says why when it does not come up. Small
// programs stand in for it.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { type HostPaths, locateHost } from '../../../../src/base/host-paths.ts';
import { locateStateDir, type StateDir } from '../../../../src/base/state-dir.ts';
import {
  isControllerAlive,
  type StartControllerOptions,
  startController,
} from '../../../../src/cli/host/controller-process.ts';
import { killHostProcesses, listHostProcesses } from '../../../../src/cli/host/host-processes.ts';
import { createTempDir } from '../../temp-dir.ts';

const nobody = { isLocked: (): boolean => false };

class Scene implements AsyncDisposable {
  readonly stateDir: StateDir;
  readonly paths: HostPaths;
  readonly #stack: AsyncDisposableStack;

  constructor(stack: AsyncDisposableStack, stateDir: StateDir, paths: HostPaths) {
    this.#stack = stack;
    this.stateDir = stateDir;
    this.paths = paths;
  }

  static async open(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await createTempDir());
    const stateDir = locateStateDir({ ARGON_STATE: path }, '/');
    return new Scene(stack.move(), stateDir, await locateHost(stateDir));
  }

  /** Starts a controller with this text. */
  async start(
    source: string,
    options: Partial<StartControllerOptions> = {},
  ): Promise<number | undefined> {
    const program = join(this.stateDir, 'controller', 'main.ts');
    await mkdir(join(this.stateDir, 'controller'), { recursive: true });
    await writeFile(program, source);
    const { stateDir, paths } = this;
    const signal = AbortSignal.timeout(300_000);
    return startController({ stateDir, paths, host: nobody, program, signal, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const signal = AbortSignal.timeout(300_000);
    await killHostProcesses(await listHostProcesses(this.paths), { signal });
    await this.#stack.disposeAsync();
  }
}

const untilKilled = 'process.stdin.resume(); process.on("SIGTERM", () => process.exit());';
const stayAlive = 'new (await import("node:net")).Server().listen(0);';

describe('startController()', () => {
  it('returns when the controller is ready, and leaves it running', async () => {
    await using scene = await Scene.open();

    const pid = await scene.start(
      `${stayAlive} process.stderr.write(process.env.ARGON_STATE + '\\n');
       process.stdout.write('starting\\nready ' + process.argv[2] + '\\n');`,
    );

    const processes = await listHostProcesses(scene.paths);
    expect(processes.map((found) => found.pid)).toEqual([pid]);
    expect(processes[0]?.command.at(-1)).toBe(scene.paths.hostDir);
    expect(await readFile(scene.paths.controllerLog, 'utf8')).toBe(`${scene.stateDir}\n`);
  });

  it('says whether VPCs may have uplinks before it says whose it is', async () => {
    await using scene = await Scene.open();

    await scene.start(`${stayAlive} process.stdout.write('ready\\n');`, { allowsUplinks: true });

    const [found] = await listHostProcesses(scene.paths);
    expect(found?.command.slice(-2)).toEqual(['--allow-uplink', scene.paths.hostDir]);
  });

  it('says what a host is for', async () => {
    await using scene = await Scene.open();

    await scene.start(`${stayAlive} process.stdout.write('ready\\n');`, { environment: 'test' });

    const [found] = await listHostProcesses(scene.paths);
    expect(found?.command.slice(-2)).toEqual(['--environment=test', scene.paths.hostDir]);
  });

  it('shows the end of the log when the controller ends first, and nothing older', async () => {
    await using scene = await Scene.open();
    await mkdir(scene.paths.hostDir);
    await writeFile(scene.paths.controllerLog, 'of an earlier one\n');

    const failure = scene.start(
      `process.stderr.write('{"level":50,"msg":"the registry is of a later version"}\\n');
       process.exitCode = 3;`,
    );

    const error = ArgonError.from(await failure.catch((thrown: unknown) => thrown));
    expect(error.code).toBe('unavailable');
    expect(error.message).toBe(
      'the controller ended at its start (exit code 3):\n' +
        '  | the registry is of a later version',
    );
    expect(error.hint).toContain(scene.paths.controllerLog);
  });

  it('gives up on a controller that is never ready, and ends it', async () => {
    await using scene = await Scene.open();

    const failure = scene.start(`${stayAlive} ${untilKilled}`, { readyTimeoutMs: 300 });

    await expect(failure).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });
});

describe('startController() where one runs', () => {
  it('starts no second one', async () => {
    await using scene = await Scene.open();
    await mkdir(scene.paths.hostDir);
    await writeFile(scene.paths.lock, '');

    const pid = await scene.start('', { host: { isLocked: () => true } });

    expect(pid).toBeUndefined();
  });
});

describe('isControllerAlive()', () => {
  it('asks for the lock only where there is a file', async () => {
    await using scene = await Scene.open();
    const asked: string[] = [];
    const host = {
      isLocked: (path: string): boolean => {
        asked.push(path);
        return true;
      },
    };

    expect(isControllerAlive(scene.paths, host)).toBe(false);
    await mkdir(scene.paths.hostDir);
    await writeFile(scene.paths.lock, '');

    expect(isControllerAlive(scene.paths, host)).toBe(true);
    expect(asked).toEqual([scene.paths.lock]);
  });
});
