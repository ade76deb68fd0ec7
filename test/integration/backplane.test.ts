// SPDX-License-Identifier: Apache-2.0

// The real backplane as a process: what it keeps when controllers come and go, and that it leaves
// nothing behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { deadlineSignal } from '../../src/base/deadline.ts';
import { type Backplane, startOrAdoptBackplane } from '../../src/controller/backplane/client.ts';
import { loadHostAddon } from '../../src/native/binding.ts';
import { eventually, patienceMs, root } from './support/child.ts';
import { createTempDir, type TempDir } from './support/temp-dir.ts';

const host = loadHostAddon();
const log = pino({ level: 'silent' });
const scope = { signal: deadlineSignal(patienceMs * 2) };

interface Place extends TempDir {
  readonly backplane: Backplane;
  readonly pid: number;
  /** Another controller, after the first one has gone. */
  adopt(): Promise<Backplane>;
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}

async function createPlace(): Promise<Place> {
  const dir = await createTempDir();
  const options = { runtimeDir: dir.path, log, ...scope };
  const { backplane, pid } = await startOrAdoptBackplane(options);
  return {
    ...dir,
    backplane,
    pid,
    async adopt() {
      await backplane[Symbol.asyncDispose]();
      return (await startOrAdoptBackplane(options)).backplane;
    },
    async [Symbol.asyncDispose]() {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      await eventually(() => (isAlive(pid) ? undefined : true), 'waiting for the backplane');
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Sends text into a descriptor of ours and gives what comes out of the other. */
async function throughPair(from: number, to: number): Promise<string> {
  const reader = new Socket({ fd: to, readable: true, writable: false });
  const writer = new Socket({ fd: from, readable: false, writable: true });
  const got = once(reader.setEncoding('utf8'), 'data');
  writer.write('through');
  const [text] = await got;
  reader.destroy();
  writer.destroy();
  return String(text);
}

describe('the backplane', () => {
  it('has a session of its own, no core file, and a socket for its user alone', async () => {
    await using place = await createPlace();

    const socket = await stat(join(place.path, 'backplane.sock'));
    expect(socket.mode & 0o777).toBe(0o600);
    const fields = readFileSync(`/proc/${place.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    expect(fields[3]).toBe(String(place.pid)); // The session.
    const limits = readFileSync(`/proc/${place.pid}/limits`, 'utf8');
    expect(limits).toMatch(/Max core file size +0 +0/);
  });

  it('keeps descriptors for the controller that comes next', async () => {
    await using place = await createPlace();
    const [ours, kept] = host.createSocketPair('stream');
    await place.backplane.keepFd('qmp/i-1', kept, scope);
    closeSync(kept);
    const next = await place.adopt();

    expect(await next.listFds(scope)).toEqual(['qmp/i-1']);
    const taken = await next.takeFd('qmp/i-1', scope);
    expect(await throughPair(ours, taken)).toBe('through');
    await next.dropFd('qmp/i-1', scope);
    expect(await next.listFds(scope)).toEqual([]);
    await expect(next.takeFd('qmp/i-1', scope)).rejects.toMatchObject({ code: 'not-found' });
    await next[Symbol.asyncDispose]();
  });

  it('goes on when its controller is killed, and serves the next one', async () => {
    await using dir = await createTempDir();
    const program = `
      import { pino } from 'pino';
      import { startOrAdoptBackplane } from './src/controller/backplane/client.ts';
      const scope = { signal: AbortSignal.timeout(${patienceMs}) };
      const runtimeDir = ${JSON.stringify(dir.path)};
      const { backplane, pid } =
        await startOrAdoptBackplane({ runtimeDir, log: pino({ level: 'silent' }), ...scope });
      await backplane.openSlot(
        { slot: 7, socketPath: runtimeDir + '/7.sock', mapBytes: 4096n }, scope);
      process.stdout.write(String(pid));
      await new Promise((resolve) => process.stdin.once('end', resolve).resume());
    `;
    const controller: ChildProcess = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program],
      { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let said = '';
    controller.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const pid = Number(await eventually(() => /^\d+$/.exec(said)?.[0], 'starting a controller'));
    controller.kill('SIGKILL');
    await once(controller, 'close');

    const next = await startOrAdoptBackplane({ runtimeDir: dir.path, log, ...scope });
    expect(next).toMatchObject({ pid, wasRunning: true });
    const [slot] = await next.backplane.slots(scope);
    expect(slot).toMatchObject({ slot: 7, mapBytes: 4096n, isServed: false, card: undefined });
    expect(slot?.parkedReason).toContain('not assigned');
    await next.backplane.shutDown(scope);
    await eventually(() => (isAlive(pid) ? undefined : true), 'waiting for the backplane');
  });

  it.each(['SIGTERM', 'shutDown'] as const)('leaves no socket behind after %s', async (how) => {
    await using place = await createPlace();
    for (const slot of [0, 1]) {
      const socketPath = join(place.path, `${slot}.sock`);
      await place.backplane.openSlot({ slot, socketPath, mapBytes: 0n }, scope);
    }
    const files = async (): Promise<readonly string[]> => (await readdir(place.path)).toSorted();
    expect(await files()).toEqual(['0.sock', '1.sock', 'backplane.log', 'backplane.sock']);
    await place.backplane.closeSlot(0, scope);
    expect(await files()).toEqual(['1.sock', 'backplane.log', 'backplane.sock']);
    if (how === 'SIGTERM') process.kill(place.pid, how);
    else await place.backplane.shutDown(scope);

    await eventually(() => (isAlive(place.pid) ? undefined : true), 'waiting for the backplane');
    expect(await files()).toEqual(['backplane.log']);
    await expect(place.backplane.slots(scope)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is replaced after it was killed', async () => {
    await using place = await createPlace();
    process.kill(place.pid, 'SIGKILL');
    await eventually(() => (isAlive(place.pid) ? undefined : true), 'waiting for the backplane');

    const next = await startOrAdoptBackplane({ runtimeDir: place.path, log, ...scope });
    expect(next.wasRunning).toBe(false);
    expect(await next.backplane.slots(scope)).toEqual([]);
    await next.backplane.shutDown(scope);
    await eventually(() => (isAlive(next.pid) ? undefined : true), 'waiting for the backplane');
  });

  it('refuses what makes no sense with a code and a sentence', async () => {
    await using place = await createPlace();
    const { backplane } = place;

    await expect(backplane.assign(3, 'volume', scope)).rejects.toMatchObject({
      code: 'not-found',
      message: 'backplane: slot 3 is not open',
    });
    const socketPath = join(place.path, `${'x'.repeat(200)}.sock`);
    await expect(backplane.openSlot({ slot: 1, socketPath, mapBytes: 0n }, scope))
      .rejects //
      .toMatchObject({ code: 'invalid-argument' });
    const [left, right] = host.createSocketPair('stream');
    await expect(backplane.attachCard('volume', left, scope)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    closeSync(left);
    closeSync(right);
    expect(await backplane.cards(scope)).toEqual([]);
  });
});
