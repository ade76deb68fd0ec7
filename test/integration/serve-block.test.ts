// SPDX-License-Identifier: Apache-2.0

// `argon serve block` as its users have it, with our own front end at the socket.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type Server, serveBlock } from './support/argon.ts';
import { eventually, patienceMs } from './support/child.ts';
import { connectFrontend, pattern } from './support/frontend.ts';
import { createTempDir } from './support/temp-dir.ts';
import { createVolume, openVolumes } from './support/volumes.ts';

const sizeBytes = 16 * 1024 * 1024;

/** What a device is served from: flags, and the id that its driver must see. */
interface Served {
  readonly flags: readonly string[];
  readonly id: string | RegExp;
}

async function makeFile(state: string): Promise<string> {
  const path = join(state, 'disk.img');
  await using file = await open(path, 'wx', 0o600);
  await file.truncate(sizeBytes);
  return path;
}

function idOf(path: string): string {
  return `vol${createHash('sha256').update(path).digest('hex').slice(0, 17)}`;
}

const newId = /^vol[0-9a-f]{17}$/;

const stores: Readonly<Record<string, (state: string) => Promise<Served>>> = {
  memory: async () => ({ flags: ['--memory', '16MiB'], id: newId }),
  'memory, encrypted': async () => ({ flags: ['--memory', '16MiB', '--throwaway-key'], id: newId }),
  'a file': async (state) => {
    const path = await makeFile(state);
    return { flags: ['--file', path, '--plain'], id: idOf(path) };
  },
  'a file, encrypted': async (state) => {
    const path = await makeFile(state);
    return { flags: ['--file', path, '--throwaway-key'], id: idOf(path) };
  },
  'a volume': async (state) => {
    const { id } = await createVolume(state, { cipher: 'none' });
    return { flags: ['--volume', id], id };
  },
  'a volume, encrypted': async (state) => {
    const { id } = await createVolume(state);
    return { flags: ['--volume', id], id };
  },
};

describe.each(Object.entries(stores))('a device of %s', (_name, make) => {
  it('is there when "ready" is printed, and keeps what is written', async () => {
    await using dir = await createTempDir();
    const { flags, id } = await make(dir.path);

    await using server = await serveBlock(flags, { state: dir.path });
    expect(server.argon.stdout).toBe(`ready ${server.socketPath}\n`);
    {
      await using frontend = await connectFrontend(server.socketPath);
      expect(await frontend.identify()).toMatch(id);
      expect(await frontend.native.info()).toMatchObject({
        sizeBytes: BigInt(sizeBytes),
        blockBytes: 512,
        queues: 16,
      });
      const [large, small] = [pattern(65_536, 1), pattern(512, 2)];
      await frontend.write(4096, large);
      await frontend.write(sizeBytes - 512, small);
      await frontend.flush();
      expect(await frontend.read(4096, large.length)).toEqual(large);
      expect(await frontend.read(sizeBytes - 512, 512)).toEqual(small);
      expect(await frontend.read(0, 4096)).toEqual(Buffer.alloc(4096));
      expect(await frontend.read(8 * 1024 * 1024, 8192)).toEqual(Buffer.alloc(8192));
    }
    {
      // The next front end finds what the last one wrote.
      await using frontend = await connectFrontend(server.socketPath);
      expect(await frontend.read(4096, 65_536)).toEqual(pattern(65_536, 1));
    }

    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
    expect(existsSync(server.socketPath)).toBe(false);
  });
});

describe('a device of nothing', () => {
  it('takes every write and answers every read', async () => {
    await using dir = await createTempDir();
    await using server = await serveBlock(['--null', '1GiB'], { state: dir.path });
    await using frontend = await connectFrontend(server.socketPath);

    expect((await frontend.native.info()).sizeBytes).toBe(2n ** 30n);
    await frontend.write(0, pattern(4096, 1));
    await frontend.flush();
    expect(await frontend.read(2 ** 30 - 4096, 4096)).toHaveLength(4096);
    expect(await frontend.identify()).toMatch(newId);
  });
});

describe('the socket', () => {
  it('is for its owner alone', async () => {
    await using dir = await createTempDir();
    await using server = await serveBlock(['--memory', '1MiB'], { state: dir.path });

    expect((await stat(server.socketPath)).mode & 0o777).toBe(0o600);
  });

  it('may be given by a path that is not absolute', async () => {
    await using dir = await createTempDir();
    await using server = await serveBlock(['--memory', '1MiB'], {
      state: dir.path,
      cwd: dir.path,
      socketPath: './here.sock',
    });

    expect(server.argon.stdout).toBe(`ready ${dir.path}/here.sock\n`);
    await using frontend = await connectFrontend(join(dir.path, 'here.sock'));
    expect(await frontend.identify()).toMatch(newId);
  });

  it('may have the longest path there is', async () => {
    await using dir = await createTempDir();
    const socketPath = join(dir.path, 'x'.repeat(107 - dir.path.length - 1));
    await using server = await serveBlock(['--memory', '1MiB'], { state: dir.path, socketPath });
    await using frontend = await connectFrontend(server.socketPath);

    expect(await frontend.identify()).toMatch(newId);
  });
});

describe('front ends', () => {
  it('are served one at a time: the second waits until the first has gone', async () => {
    await using dir = await createTempDir();
    await using server = await serveBlock(['--memory', '1MiB'], { state: dir.path });
    const first = await connectFrontend(server.socketPath);
    const order: string[] = [];

    const second = (async () => {
      const frontend = await connectFrontend(server.socketPath);
      order.push('second connected');
      return frontend;
    })();
    // The second is at the socket when the kernel has it in the queue of those not accepted.
    await eventually(async () => {
      const lines = (await readFile('/proc/net/unix', 'utf8')).split('\n');
      const ends = lines.filter((line) => line.endsWith(` ${server.socketPath}`));
      return ends.length >= 2 ? true : undefined;
    }, 'waiting for the second front end');
    await first.write(0, pattern(512, 3));
    order.push('first closes');
    await first[Symbol.asyncDispose]();
    await using frontend = await second;

    expect(order).toEqual(['first closes', 'second connected']);
    expect(await frontend.read(0, 512)).toEqual(pattern(512, 3));
  });

  it('may come and go a hundred times', async () => {
    await using dir = await createTempDir();
    await using server = await serveBlock(['--memory', '1MiB'], { state: dir.path });

    for (let round = 0; round < 100; round += 1) {
      await using frontend = await connectFrontend(server.socketPath);
      await frontend.write(0, pattern(512, round));
      expect(await frontend.read(0, 512)).toEqual(pattern(512, round));
    }
  });
});

describe('two queues over two workers', () => {
  it('are both served, each by a thread of its own', async () => {
    await using dir = await createTempDir();
    const flags = ['--memory', '16MiB', '--throwaway-key', '--queues', '2', '--workers', '2'];
    await using server = await serveBlock([...flags, '--poll', 'off'], { state: dir.path });
    const size = { blockBytes: 4096, depth: 8 };
    await using frontend = await connectFrontend(server.socketPath, {
      queues: 2,
      queueSize: 64,
      arenaBytes: 8n * 1024n * 1024n,
    });

    expect((await frontend.native.info()).queues).toBe(2);
    const before = await workerWakeUps(server);
    for (const rw of ['randwrite', 'randread'] as const) {
      const result = await frontend.native.runLoad({
        ...size,
        rw,
        wait: 'eventfd',
        durationNs: 300_000_000n,
        warmupNs: 0n,
        spanBytes: 0n,
        seed: 1n,
        cpus: [],
      });
      expect(result).toMatchObject({ errorCount: 0n });
      expect(result.operationCount).toBeGreaterThan(0n);
    }
    const after = await workerWakeUps(server);

    expect(new Set(Object.keys(after))).toEqual(new Set(['argon-block-0', 'argon-block-1']));
    for (const [name, switches] of Object.entries(after)) {
      expect(switches).toBeGreaterThan(before[name] ?? Number.NaN);
    }
  });
});

/** How often each worker thread was woken, by its name. */
async function workerWakeUps(server: Server): Promise<Readonly<Record<string, number>>> {
  const tasks = `/proc/${server.pid}/task`;
  const wakeUps: Record<string, number> = {};
  for (const task of await readdir(tasks)) {
    const name = (await readFile(join(tasks, task, 'comm'), 'utf8')).trim();
    const status = await readFile(join(tasks, task, 'status'), 'utf8');
    const switches = /^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1];
    if (name.startsWith('argon-block-')) wakeUps[name] = Number(switches);
  }
  return wakeUps;
}

describe('how it ends', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'in order on %s, whatever is connected',
    async (signal) => {
      await using dir = await createTempDir();
      const { id } = await createVolume(dir.path);
      await using server = await serveBlock(['--volume', id], { state: dir.path });
      const frontend = await connectFrontend(server.socketPath);
      await frontend.write(0, pattern(4096, 1));

      const end = await server.argon.end(signal);

      expect(end).toMatchObject({ code: 0, signal: null });
      expect(existsSync(server.socketPath)).toBe(false);
      await frontend[Symbol.asyncDispose]();
      // What was written without a flush is there: a staged stop flushes.
      await using again = await serveBlock(['--volume', id], { state: dir.path });
      await using reader = await connectFrontend(again.socketPath);
      expect(await reader.read(0, 4096)).toEqual(pattern(4096, 1));
    },
  );

  it('in order before any front end came', async () => {
    await using dir = await createTempDir();
    await using server = await serveBlock(['--memory', '1MiB'], { state: dir.path });

    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });

  it.each(['none', 'aes-256-xts'] as const)(
    'by kill -9, after which a volume of cipher %s is served again at the same socket',
    async (cipher) => {
      await using dir = await createTempDir();
      const { id } = await createVolume(dir.path, { cipher });
      await using killed = await serveBlock(['--volume', id], { state: dir.path });
      await using frontend = await connectFrontend(killed.socketPath);
      await frontend.write(0, pattern(8192, 1));
      await frontend.flush();
      await frontend.write(8192, pattern(4096, 2)); // Never flushed: old or new, never a mixture.
      await killed.argon.end('SIGKILL');
      expect(existsSync(killed.socketPath)).toBe(true);

      await using again = await serveBlock(['--volume', id], { state: dir.path });
      await using reader = await connectFrontend(again.socketPath);

      expect(await reader.read(0, 8192)).toEqual(pattern(8192, 1));
      const unflushed = await reader.read(8192, 4096);
      expect([Buffer.alloc(4096), pattern(4096, 2)]).toContainEqual(unflushed);
    },
    patienceMs * 2,
  );

  it('with a volume that can be deleted at once', async () => {
    await using dir = await createTempDir();
    const { record } = await createVolume(dir.path);
    const { volumes } = await openVolumes(dir.path);
    await using server = await serveBlock(['--volume', record.id], { state: dir.path });
    {
      await using frontend = await connectFrontend(server.socketPath);
      await frontend.write(0, pattern(65_536, 1));
    }
    await server.stop();

    await volumes.delete(record.id);

    expect(await volumes.list()).toEqual([]);
  });
});
