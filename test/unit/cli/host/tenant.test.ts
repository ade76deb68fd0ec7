// SPDX-License-Identifier: Apache-2.0

import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../../src/base/deadline.ts';
import { type HostPaths, locateHost } from '../../../../src/base/host-paths.ts';
import { joinTenantConsole, runInInstance } from '../../../../src/cli/host/tenant.ts';
import { agentHello } from '../../../../src/guest/agent-server.ts';
import { base64, exited, FakeAgent } from '../../guest/fake-agent.ts';
import { createTempDir } from '../../temp-dir.ts';
import { FakeContext } from '../fake-context.ts';
import { FakeHostClient } from './fake-host-client.ts';

const id = 'i-0123456789abcdef0';

class Scene implements AsyncDisposable {
  readonly context: FakeContext;
  readonly paths: HostPaths;
  readonly #stack: AsyncDisposableStack;

  constructor(stack: AsyncDisposableStack, context: FakeContext, paths: HostPaths) {
    this.#stack = stack;
    this.context = context;
    this.paths = paths;
  }

  static async open(host?: FakeHostClient): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await createTempDir());
    const context = new FakeContext(path, host === undefined ? {} : { host });
    const paths = await locateHost(context.stateDir);
    stack.defer(async () => rm(paths.runtimeDir, { recursive: true, force: true }));
    return new Scene(stack.move(), context, paths);
  }

  /** Listens where the host offers the agent of an instance. */
  async serveAgent(instance: string, onConnect: (socket: Socket) => void): Promise<void> {
    const path = this.paths.tenantSocket(instance, 'agent');
    await mkdir(dirname(path), { recursive: true });
    const server = createServer(onConnect);
    const listening = Promise.withResolvers<void>();
    server.listen(path, listening.resolve);
    await listening.promise;
    this.#stack.defer(() => {
      server.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function answering(result: ReturnType<typeof exited>): (socket: Socket) => void {
  return (socket) => {
    socket.write(`${agentHello.attached}\r\n`);
    const agent = new FakeAgent(socket);
    agent.reply = ({ execute }) => (execute === 'guest-exec' ? { return: { pid: 1 } } : result);
  };
}

describe('runInInstance()', () => {
  it('runs a command by id, full name or display name', async () => {
    const host = new FakeHostClient();
    const { name } = host.addInstance({ displayName: 'web' });
    await using scene = await Scene.open(host);
    const result = exited(3, { 'out-data': base64('hello\n') });
    await scene.serveAgent(name.slice('instances/'.length), answering(result));

    for (const text of ['web', name, name.slice('instances/'.length)]) {
      const { exitCode, stdout } = await runInInstance(scene.context, text, 'echo hello', {
        timeoutMs: 30_000,
      });

      expect(exitCode).toBe(3);
      expect(stdout.toString()).toBe('hello\n');
    }
  });

  it('needs no running controller for an id', async () => {
    await using scene = await Scene.open();
    await scene.serveAgent(id, answering(exited(0)));

    const { exitCode } = await runInInstance(scene.context, id, 'true', { timeoutMs: 30_000 });

    expect(exitCode).toBe(0);
  });

  it('waits for its turn behind another command, and says so', async () => {
    await using scene = await Scene.open();
    const turn = answering(exited(0));
    await scene.serveAgent(id, (socket) => {
      const check = async (): Promise<true | undefined> =>
        scene.context.stderr.includes(`waiting: another command runs in ${id}`) ? true : undefined;
      const options = { signal: AbortSignal.timeout(30_000), intervalMs: 5 };
      pollUntil(check, 'waiting for the note', options).then(
        () => turn(socket),
        () => socket.destroy(),
      );
    });

    const options = { timeoutMs: 30_000, noteAfterMs: 1 };
    const { exitCode } = await runInInstance(scene.context, id, 'true', options);

    expect(exitCode).toBe(0);
  });

  it('hears that too many wait', async () => {
    await using scene = await Scene.open();
    await scene.serveAgent(id, (socket) => {
      socket.end(`${agentHello.busy}: too many wait for the guest's agent\r\n`);
    });

    await expect(
      runInInstance(scene.context, id, 'true', { timeoutMs: 30_000 }),
    ).rejects.toMatchObject({ code: 'resource-exhausted' });
  });

  it('says that an instance does not run', async () => {
    await using scene = await Scene.open();

    await expect(
      runInInstance(scene.context, id, 'true', { timeoutMs: 30_000 }),
    ).rejects.toMatchObject({ code: 'unavailable', message: `instance ${id} does not run` });
  });

  it('gives up on an agent that never comes up', async () => {
    await using scene = await Scene.open();
    await scene.serveAgent(id, (socket) => {
      socket.on('error', () => {}).resume();
    });

    await expect(
      runInInstance(scene.context, id, 'true', { timeoutMs: 200 }),
    ).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });

  it('needs a host to know a display name', async () => {
    await using scene = await Scene.open();

    await expect(
      runInInstance(scene.context, 'web', 'true', { timeoutMs: 30_000 }),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
  });
});

describe('joinTenantConsole()', () => {
  it('says that the console cannot be reached', async () => {
    await using scene = await Scene.open();

    await expect(joinTenantConsole(scene.context, id)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
