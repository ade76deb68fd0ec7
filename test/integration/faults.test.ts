// SPDX-License-Identifier: Apache-2.0

// Faults as a front end sees them, and that without a rule there are none.

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseFaultRule } from '../../src/card/fault-spec.ts';
import type { NativeDeviceOptions } from '../../src/native/addons.ts';
import { loadBlockAddon } from '../../src/native/binding.ts';
import { runArgon, serveBlock } from './support/argon.ts';
import { memoryDevice, startNativeCard } from './support/cards.ts';
import { connectFrontend, type Frontend, pattern } from './support/frontend.ts';
import { createTempDir } from './support/temp-dir.ts';
import { createVolume } from './support/volumes.ts';

const ioError = { kind: 'host-io', message: expect.stringContaining('status 1') };
const sectorBytes = 512;

/** A megabyte of memory that faults may happen to, and a front end. */
class Scene implements AsyncDisposable {
  readonly card = startNativeCard(loadBlockAddon());
  readonly #stack = new AsyncDisposableStack();
  #id = 0;
  #frontend: Frontend | undefined;

  static async open(changes: Partial<NativeDeviceOptions> = {}): Promise<Scene> {
    const scene = new Scene();
    const dir = scene.#stack.use(await createTempDir());
    scene.#stack.defer(async () => scene.card.stop());
    const controls = { guest: '', hasFaults: true, hasPower: true, seed: 42n };
    const device = memoryDevice(dir.path, { controls, ...changes });
    scene.#id = await scene.card.addDevice(device);
    scene.#frontend = scene.#stack.use(await connectFrontend(device.socketPath));
    return scene;
  }

  get frontend(): Frontend {
    if (this.#frontend === undefined) throw new Error('not open');
    return this.#frontend;
  }

  add(spec: string): number {
    return this.card.addFault(this.#id, parseFaultRule(spec));
  }
  clear(): void {
    this.card.clearFaults(this.#id);
  }
  release(): void {
    this.card.releaseFaults(this.#id);
  }
  hits(): readonly bigint[] {
    return this.card.faults(this.#id).map((rule) => rule.hits);
  }
  async cutPower(seed: bigint): ReturnType<typeof this.card.cutPower> {
    return await this.card.cutPower(this.#id, { seed });
  }
  async restorePower(): Promise<void> {
    await this.card.restorePower(this.#id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function differingBits(left: Buffer, right: Buffer): number {
  let count = 0;
  for (const [at, byte] of left.entries()) {
    for (let rest = byte ^ (right[at] ?? 0); rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}

/** How many sectors of `content` are those of `left`, and of `right`; every one must be of one. */
function countSectors(content: Buffer, left: Buffer, right: Buffer): readonly [number, number] {
  const counts: [number, number] = [0, 0];
  for (let at = 0; at < content.length; at += sectorBytes) {
    const sector = content.subarray(at, at + sectorBytes);
    if (sector.equals(left.subarray(at, at + sectorBytes))) counts[0] += 1;
    else if (sector.equals(right.subarray(at, at + sectorBytes))) counts[1] += 1;
    else throw new Error(`the sector at ${at} is neither old nor new`);
  }
  return counts;
}

describe('without rules', () => {
  it('a device with faults is as any other', async () => {
    await using scene = await Scene.open();

    await scene.frontend.write(4096, pattern(65_536, 1));
    await scene.frontend.flush();

    expect(await scene.frontend.read(4096, 65_536)).toEqual(pattern(65_536, 1));
    expect(scene.hits()).toEqual([]);
  });

  it('a device that was given no faults refuses them', async () => {
    await using scene = await Scene.open({
      controls: { guest: '', hasFaults: false, hasPower: false, seed: 0n },
    });

    expect(() => scene.add('error')).toThrow('the device was started without faults');
    await expect(scene.cutPower(1n)).rejects.toThrow('without power cuts');
  });
});

describe('a fault', () => {
  it.each([
    ['error:op=write', 'an error'],
    ['no-space', 'no space'],
  ])('%s is %s of the request it met, and of no other', async (spec) => {
    await using scene = await Scene.open();
    scene.add(`${spec}${spec.includes(':') ? ',' : ':'}range=8192-12288,nth=2`);

    await scene.frontend.write(8192, pattern(4096, 1));
    await scene.frontend.write(0, pattern(4096, 1));
    await expect(scene.frontend.write(8192, pattern(4096, 2))).rejects.toMatchObject(ioError);
    await scene.frontend.write(8192, pattern(512, 3));

    expect(scene.hits()).toEqual([1n]);
  });

  it('delay holds a request up and lets it through', async () => {
    await using scene = await Scene.open();
    scene.add('delay:op=read,fixed=150ms,times=1');
    const startedMs = performance.now();

    await scene.frontend.read(0, 512);

    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(150);
    expect(scene.hits()).toEqual([1n]);
  });

  it('hang holds a request until it is released', async () => {
    await using scene = await Scene.open();
    scene.add('hang:op=write');
    let isDone = false;
    const write = (async () => {
      await scene.frontend.write(0, pattern(512, 1));
      isDone = true;
    })();
    while (scene.hits()[0] === 0n) await scene.card.counters(1);
    for (let count = 0; count < 20; count += 1) await scene.card.counters(1);
    expect(isDone).toBe(false);

    scene.release();
    await write;

    expect(await scene.frontend.read(0, 512)).toEqual(pattern(512, 1));
  });

  it('hang does not keep a device from ending', async () => {
    const scene = await Scene.open();
    scene.add('hang');
    const flush = scene.frontend.flush().catch(() => {});
    while (scene.hits()[0] === 0n) await scene.card.counters(1);

    await scene.card.removeDevice(1);

    await flush;
    await scene[Symbol.asyncDispose]();
    expect(() => scene.hits()).toThrow('there is no such device');
  });

  it.each(['short', 'torn'])('%s writes some sectors from the start', async (action) => {
    await using scene = await Scene.open();
    const [old, written] = [pattern(8192, 1), pattern(8192, 2)];
    await scene.frontend.write(0, old);
    scene.add(`${action}:op=write`);

    const write = scene.frontend.write(0, written);
    if (action === 'short') await expect(write).rejects.toMatchObject(ioError);
    else await write;

    const content = await scene.frontend.read(0, 8192);
    const [left, changed] = countSectors(content, old, written);
    expect(left).toBeGreaterThan(0);
    expect(content.subarray(0, changed * 512)).toEqual(written.subarray(0, changed * 512));
  });

  it('flip changes one bit of what is read, or of what is written', async () => {
    await using scene = await Scene.open();
    await scene.frontend.write(0, pattern(4096, 1));
    scene.add('flip:op=read,times=1');
    expect(differingBits(await scene.frontend.read(0, 4096), pattern(4096, 1))).toBe(1);
    expect(await scene.frontend.read(0, 4096)).toEqual(pattern(4096, 1));

    scene.add('flip:op=write');
    await scene.frontend.write(0, pattern(4096, 2));
    expect(differingBits(await scene.frontend.read(0, 4096), pattern(4096, 2))).toBe(1);
  });

  it('flip under the encryption makes noise of one cipher block', async () => {
    await using scene = await Scene.open({ cipher: { kind: 'throwaway-key' } });
    await scene.frontend.write(0, pattern(4096, 1));
    scene.add('flip:op=read,layer=disk');

    const read = await scene.frontend.read(0, 4096);

    const wrong = [...read.entries()].filter(([at, byte]) => byte !== pattern(4096, 1)[at]);
    const blocks = new Set(wrong.map(([at]) => Math.floor(at / 16)));
    expect(blocks.size).toBe(1);
    expect(wrong.length).toBeGreaterThan(4);
  });

  it('is the same for the same seed', async () => {
    const contents: Buffer[] = [];
    for (let run = 0; run < 2; run += 1) {
      await using scene = await Scene.open();
      scene.add('torn:chance=0.5');
      scene.add('flip:op=write');
      for (let at = 0; at < 65_536; at += 4096) await scene.frontend.write(at, pattern(4096, at));
      scene.clear();
      contents.push(await scene.frontend.read(0, 65_536));
    }

    expect(contents[0]).toEqual(contents[1]);
  });
});

describe('a power cut', () => {
  it('keeps what was flushed, and of the rest each sector old or new', async () => {
    await using scene = await Scene.open();
    const [old, written] = [pattern(262_144, 1), pattern(262_144, 2)];
    await scene.frontend.write(0, old);
    await scene.frontend.flush();
    for (let at = 0; at < 262_144; at += 4096) {
      await scene.frontend.write(at, written.subarray(at, at + 4096));
    }

    const cut = await scene.cutPower(5n);
    await expect(scene.frontend.read(0, 512)).rejects.toMatchObject(ioError);
    await expect(scene.frontend.flush()).rejects.toMatchObject(ioError);
    await scene.restorePower();

    expect(cut.pending).toBe(64n);
    expect(cut.kept + cut.torn + cut.lost).toBe(64n);
    const counts = countSectors(await scene.frontend.read(0, 262_144), old, written);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('takes what a lost flush said was safe', async () => {
    await using scene = await Scene.open();
    await scene.frontend.write(0, pattern(131_072, 1));
    await scene.frontend.flush();
    scene.add('lose-flush');
    for (let at = 0; at < 131_072; at += 2048) await scene.frontend.write(at, pattern(2048, 7));
    await scene.frontend.flush();

    const cut = await scene.cutPower(1n);

    expect(cut.pending).toBe(64n);
    expect(cut.lost).toBeGreaterThan(0n);
  });
});

describe('argon fault', () => {
  it('cuts the power of an encrypted volume, which then holds no noise', async () => {
    await using dir = await createTempDir();
    const options = { state: dir.path };
    const { id } = await createVolume(dir.path, { size: '4MiB' });
    const control = join(dir.path, 'c.sock');
    const [old, written] = [pattern(262_144, 1), pattern(262_144, 2)];
    {
      const flags = ['--volume', id, '--power', '--control', control];
      await using server = await serveBlock(flags, options);
      {
        await using frontend = await connectFrontend(server.socketPath);
        await frontend.write(0, old);
        await frontend.flush();
        for (let at = 0; at < 262_144; at += 8192) {
          await frontend.write(at, written.subarray(at, at + 8192));
        }
        const cut = await runArgon(
          ['fault', 'power-cut', '--seed', '3', '--control', control],
          options,
        );
        expect(cut).toMatchObject({ code: 0 });
        expect(cut.stdout).toMatch(/^\d+ unflushed writes: \d+ kept, \d+ torn, \d+ lost\n$/);
        await expect(frontend.write(0, old)).rejects.toMatchObject(ioError);
      }
      expect(await server.stop()).toMatchObject({ code: 0 });
    }

    await using server = await serveBlock(['--volume', id], options);
    await using frontend = await connectFrontend(server.socketPath);
    const counts = countSectors(await frontend.read(0, 262_144), old, written);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('sets rules at start and while the device is served', async () => {
    await using dir = await createTempDir();
    const options = { state: dir.path };
    const control = join(dir.path, 'c.sock');
    await using server = await serveBlock(
      ['--memory', '1MiB', '--fault', 'error:op=read,nth=1', '--control', control],
      options,
    );
    await using frontend = await connectFrontend(server.socketPath);
    await expect(frontend.read(0, 512)).rejects.toMatchObject(ioError);
    await frontend.read(0, 512);

    const set = await runArgon(['fault', 'set', 'error:op=write', '--control', control], options);
    await expect(frontend.write(0, pattern(512, 1))).rejects.toMatchObject(ioError);
    const listed = await runArgon(['-o', 'json', 'fault', 'list', '--control', control], options);
    await runArgon(['fault', 'clear', '--control', control], options);
    await frontend.write(0, pattern(512, 1));

    expect(set.stdout).toBe('2\n');
    expect(JSON.parse(listed.stdout)).toEqual({
      rules: [
        { id: 1, spec: 'error:op=read,nth=1', matches: 2, hits: 1 },
        { id: 2, spec: 'error:op=write', matches: 1, hits: 1 },
      ],
    });
  });

  it('says how to get faults for a device that has none', async () => {
    await using dir = await createTempDir();
    const options = { state: dir.path };
    const control = join(dir.path, 'c.sock');
    await using server = await serveBlock(['--null', '1MiB', '--control', control], options);

    const ended = await runArgon(['fault', 'set', 'error', '--control', control], options);

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('the device was started without faults');
    expect(ended.stderr).toContain('hint: argon serve block takes --faults');
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});
