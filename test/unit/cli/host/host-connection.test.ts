// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { locateStateDir } from '../../../../src/base/state-dir.ts';
import { findHost, waitUntilListening } from '../../../../src/cli/host/host-connection.ts';
import { createTempDir } from '../../temp-dir.ts';

class Scene implements AsyncDisposable {
  readonly paths: { lock: string; managementSocket: string; controllerLog: string };
  readonly #stack: AsyncDisposableStack;
  /** How often somebody asked for the lock. */
  asked = 0;
  isAlive = true;

  constructor(stack: AsyncDisposableStack, dir: string) {
    this.#stack = stack;
    this.paths = {
      lock: join(dir, 'host', 'lock'),
      managementSocket: join(dir, 'm.sock'),
      controllerLog: join(dir, 'host', 'controller.log'),
    };
  }

  static async open(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await createTempDir());
    const scene = new Scene(stack.move(), path);
    await mkdir(dirname(scene.paths.lock));
    await writeFile(scene.paths.lock, '');
    return scene;
  }

  readonly host = {
    isLocked: (): boolean => {
      this.asked += 1;
      if (this.asked === 3) this.listen();
      return this.isAlive;
    },
  };

  listen(): Server {
    const server = createServer((socket) => socket.on('error', () => {}));
    this.#stack.defer(() => {
      server.close();
    });
    return server.listen(this.paths.managementSocket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const signal = AbortSignal.timeout(300_000);

describe('waitUntilListening()', () => {
  it('waits for a controller that is starting', async () => {
    await using scene = await Scene.open();

    expect(await waitUntilListening(scene.paths, scene.host, { signal })).toBe(true);
    expect(scene.asked).toBeGreaterThanOrEqual(3);
  });

  it('is false at once where no controller lives, whatever socket is left', async () => {
    await using scene = await Scene.open();
    scene.listen();
    scene.isAlive = false;

    expect(await waitUntilListening(scene.paths, scene.host, { signal })).toBe(false);
  });

  it('gives up on one that lives and does not listen, with a way out', async () => {
    await using scene = await Scene.open();
    scene.asked = 3; // It never will.

    await expect(
      waitUntilListening(scene.paths, scene.host, { signal, timeoutMs: 200 }),
    ).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('argon down --force') as unknown,
    });
  });
});

describe('findHost()', () => {
  it('finds none where there is no state folder, and makes none', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'state');

    expect(await findHost(locateStateDir({ ARGON_STATE: path }, '/'), { signal })).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  it('finds none where no controller has the lock', async () => {
    await using dir = await createTempDir();
    const stateDir = locateStateDir({ ARGON_STATE: dir.path }, '/');

    expect(await findHost(stateDir, { signal })).toBeUndefined();
  });
});
