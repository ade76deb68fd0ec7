// SPDX-License-Identifier: Apache-2.0

// Goal: nothing of a host runs after a shut-down, whatever was killed before. The processes are
// real and small: each has the host's folder on its command line, as the parts of a host have.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { type HostPaths, locateHost } from '../../../../src/base/host-paths.ts';
import { listHostProcesses } from '../../../../src/cli/host/host-processes.ts';
import {
  type ShutDownEnd,
  type ShutDownOptions,
  shutDownHost,
} from '../../../../src/cli/host/shut-down.ts';
import { createTempDir } from '../../temp-dir.ts';
import { FakeContext } from '../fake-context.ts';
import { FakeHostClient } from './fake-host-client.ts';

class Scene implements AsyncDisposable {
  readonly context: FakeContext;
  readonly paths: HostPaths;
  readonly client = new FakeHostClient();
  readonly #stack: AsyncDisposableStack;

  constructor(stack: AsyncDisposableStack, context: FakeContext, paths: HostPaths) {
    this.#stack = stack;
    this.context = context;
    this.paths = paths;
  }

  static async open(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const context = new FakeContext(stack.use(await createTempDir()).path);
    const paths = await locateHost(context.stateDir);
    await mkdir(paths.runtimeDir, { mode: 0o700 });
    return new Scene(stack.move(), context, paths);
  }

  /** A process of the host, as `down` finds it, or one that only the controller knows. */
  async startPart(kind: 'found' | 'known' = 'found'): Promise<ChildProcess> {
    const program = join(this.context.stateDir, 'card', 'main.ts');
    await mkdir(join(this.context.stateDir, 'card'), { recursive: true });
    await writeFile(program, 'process.stdout.write("up\\n"); process.stdin.resume();');
    const words = kind === 'found' ? [this.paths.hostDir] : [];
    const child = spawn(process.execPath, [program, ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#stack.defer(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout, 'data');
    return child;
  }

  async shutDown(options: Partial<ShutDownOptions> = {}): Promise<ShutDownEnd> {
    const { stateDir, stages } = this.context;
    return shutDownHost({
      stateDir,
      stages,
      isForced: false,
      signal: AbortSignal.timeout(300_000),
      findHost: async () => undefined,
      startController: async () => {
        throw new ArgonError('unavailable', 'no controller in this test\nwith its log');
      },
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

describe('shutDownHost()', () => {
  it('asks the controller, and waits until what it had is gone', async () => {
    await using scene = await Scene.open();
    const [card, guest] = [await scene.startPart(), await scene.startPart('known')];
    scene.client.pids = [card.pid ?? 0, guest.pid ?? 0];
    const { client } = scene;
    const ended = Promise.all([once(card, 'exit'), once(guest, 'exit')]);
    const call = client.call.bind(client);
    client.call = async (name, request) => {
      if (name === 'Host.ShutDown') for (const child of [card, guest]) child.stdin?.end();
      return call(name, request);
    };

    expect(await scene.shutDown({ findHost: async () => client })).toBe('stopped');
    await ended;

    expect(client.isShutDown).toBe(true);
    expect(client.isClosed).toBe(true);
    expect([card.exitCode, guest.exitCode]).toEqual([0, 0]);
    expect(existsSync(scene.paths.runtimeDir)).toBe(false);
    expect(scene.context.stderr).toContain('stopping guests and cards … ok');
  });

  it('takes a connection that ends for the end of the controller', async () => {
    await using scene = await Scene.open();
    const { client } = scene;
    const call = client.call.bind(client);
    client.call = async (name, request) => {
      if (name === 'Host.ShutDown') throw new ArgonError('unavailable', 'connection lost');
      return call(name, request);
    };

    expect(await scene.shutDown({ findHost: async () => client })).toBe('stopped');
  });

  it('has a new controller take over what a killed one left', async () => {
    await using scene = await Scene.open();
    const card = await scene.startPart();
    const ended = once(card, 'exit');
    let isUp = false;

    const end = await scene.shutDown({
      findHost: async () => (isUp ? scene.client : undefined),
      startController: async () => {
        isUp = true;
        card.stdin?.end();
      },
    });
    await ended;

    expect(end).toBe('stopped');
    expect(scene.client.isShutDown).toBe(true);
    expect(card.exitCode).toBe(0);
  });

  it('kills what is left where no controller can take over', async () => {
    await using scene = await Scene.open();
    const card = await scene.startPart();
    const ended = once(card, 'exit');

    const end = await scene.shutDown({ isForced: true });
    await ended;

    expect(end).toBe('stopped');
    expect(card.signalCode).toBe('SIGKILL');
    expect(await listHostProcesses(scene.paths)).toEqual([]);
    expect(existsSync(scene.paths.runtimeDir)).toBe(false);
    expect(scene.context.stderr).toContain('FAILED (no controller in this test)');
    expect(scene.context.stderr).toContain(`killing ${card.pid ?? 0} (`);
  });

  it('fails where the controller refuses, and with force does not care', async () => {
    await using scene = await Scene.open();
    const { client } = scene;
    client.call = async () => {
      throw new ArgonError('internal', 'stuck');
    };

    await expect(scene.shutDown({ findHost: async () => client })).rejects.toThrow('stuck');
    expect(await scene.shutDown({ findHost: async () => client, isForced: true })).toBe('stopped');
  });

  it('finds nothing to do where nothing runs', async () => {
    await using scene = await Scene.open();

    expect(await scene.shutDown()).toBe('was-down');
  });
});
