// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { type JsonObject, parseJson, parseObject } from '../../../src/base/parse.ts';
import { startBlockCard } from '../../../src/card/block-card.ts';
import { controlLineMaxBytes, serveControl } from '../../../src/card/control-server.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeBlockAddon } from './fake-block-addon.ts';

class Scene implements AsyncDisposable {
  readonly addon = new FakeBlockAddon();
  readonly logged: JsonObject[] = [];
  readonly socketPath: string;
  readonly #stack: AsyncDisposableStack;

  constructor(stack: AsyncDisposableStack, folder: string) {
    this.#stack = stack;
    this.socketPath = join(folder, 'c.sock');
  }

  static async open(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await createTempDir());
    const scene = new Scene(stack.move(), dir.path);
    await scene.serve();
    return scene;
  }

  async serve(): Promise<void> {
    const logger = pino(
      {},
      { write: (line) => this.logged.push(parseObject(parseJson(line, ''), '')) },
    );
    const options = { workers: 1, pollMode: 'off', cpus: [] } as const;
    const card = startBlockCard(this.addon, options, logger);
    const target = { card, deviceId: 1, volumeId: 'vol0123456789abcdef0' };
    this.#stack.use(await serveControl(this.socketPath, target, logger));
  }

  async connect(): Promise<Socket> {
    const socket = connect(this.socketPath);
    this.#stack.defer(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    return socket;
  }

  /** Sends text and reads so many lines. */
  async ask(text: string, count = 1): Promise<readonly JsonObject[]> {
    const socket = await this.connect();
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) {
      answer += String(chunk);
      if (answer.split('\n').length > count) break;
    }
    return answer
      .split('\n')
      .slice(0, count)
      .map((line) => parseObject(parseJson(line, 'answer'), 'answer'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

describe('the control socket', () => {
  it('is for its owner only', async () => {
    await using scene = await Scene.open();

    expect((await stat(scene.socketPath)).mode & 0o777).toBe(0o600);
  });

  it('answers requests one after another, and logs each', async () => {
    await using scene = await Scene.open();
    const set = { method: 'limit.set', params: { scope: 'host', spec: 'iops=5' } };

    const answers = await scene.ask(`${JSON.stringify(set)}\n{"method":"limit.show"}\n`, 2);

    expect(answers[0]).toEqual({ value: {} });
    expect(answers[1]).toMatchObject({ value: { levels: [{ scope: 'host', spec: 'iops=5:0' }] } });
    expect(scene.logged).toMatchObject([{ call: set }, { call: { method: 'limit.show' } }]);
  });

  it('answers a refusal with its code and hint, logs it and goes on', async () => {
    await using scene = await Scene.open();

    const answers = await scene.ask('{"method":"fly"}\n{"method":"limit.show"}\n', 2);

    expect(answers[0]).toMatchObject({
      error: { code: 'invalid-argument', hint: expect.stringContaining('limit.show') },
    });
    expect(answers[1]).toMatchObject({ value: {} });
    expect(scene.logged[0]).toMatchObject({ level: 40, code: 'invalid-argument' });
  });

  it.each([
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['nothing', ''],
    ['another part', '{"method":"limit.show","id":1}'],
    ['parameters that are none', '{"method":"limit.show","params":[]}'],
    ['too long a line', `{"method":"${'x'.repeat(controlLineMaxBytes)}"}`],
  ])('refuses %s', async (_what, line) => {
    await using scene = await Scene.open();

    const [answer] = await scene.ask(`${line}\n`);

    expect(answer).toMatchObject({ error: { code: 'invalid-argument' } });
    expect(scene.addon.calls).toEqual([]);
  });

  it('gives counts beyond 2^53 as digits', async () => {
    await using scene = await Scene.open();
    scene.addon.devices.set(1, {} as never);

    const [answer] = await scene.ask('{"method":"metrics"}\n');

    expect(answer).toMatchObject({
      value: { queues: [{ writes: '18446744073709551615', reads: 0 }] },
    });
  });

  it('closes what comes beyond sixteen connections', async () => {
    await using scene = await Scene.open();
    for (let count = 0; count < 16; count += 1) await scene.connect();

    const extra = await scene.connect();
    extra.resume();
    await once(extra, 'close');

    expect(extra.bytesRead).toBe(0);
  });

  it('goes with the device, and its connections', async () => {
    const scene = await Scene.open();
    const socket = await scene.connect();
    socket.resume();
    const closed = once(socket, 'close');

    await scene[Symbol.asyncDispose]();

    await closed;
    await expect(stat(scene.socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('cannot be opened where something is, and says what to do', async () => {
    await using scene = await Scene.open();

    await expect(scene.serve()).rejects.toMatchObject({
      message: expect.stringContaining('EADDRINUSE'),
      hint: expect.stringContaining('--control'),
    });
  });
});
