// SPDX-License-Identifier: Apache-2.0

// Goal: a plaintext key is in locked native memory only (claim D10): in no JavaScript value, log,
// argument, environment or file. Method: the test unwraps the key of a volume that is served, and
// searches everything of the processes that root can read for it, in pieces and as text.

import { chown, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { run } from '../../src/base/subprocess.ts';
import { loadHostAddon } from '../../src/native/binding.ts';
import { runArgon, serveBlock } from './support/argon.ts';
import { type Ended, startChild, startScript } from './support/child.ts';
import { connectFrontend, pattern } from './support/frontend.ts';
import { type MemoryScan, type Occurrence, scanMemory } from './support/memory-scan.ts';
import { assertRoot } from './support/mounts.ts';
import { createRunPlace, partsOf } from './support/run.ts';
import { createTempDir } from './support/temp-dir.ts';
import { createVolume, readMasterKey, rewriteRecord, unwrapKey } from './support/volumes.ts';

interface Keys {
  readonly volumeId: string;
  readonly dataKey: Buffer;
  readonly masterKey: Buffer;
}

/** The keys of a volume, as whoever has the files of the state folder has them. */
async function readKeys(state: string, volumeId: string): Promise<Keys> {
  const masterKey = await readMasterKey(state);
  const wrapped = Buffer.from(await readWrappedKey(state, volumeId), 'base64');
  return { volumeId, dataKey: unwrapKey(masterKey, wrapped, volumeId), masterKey };
}

async function readWrappedKey(state: string, volumeId: string): Promise<string> {
  const record = await readFile(join(state, 'volumes', volumeId, 'volume.json'), 'utf8');
  return (JSON.parse(record) as { readonly wrappedKey: string }).wrappedKey;
}

type Needles = Readonly<Record<string, Buffer>>;

/** Pieces of a key as long as one AES block, which no chance brings about. */
function piecesOf(name: string, key: Buffer): Needles {
  const pieces: Record<string, Buffer> = {};
  for (let at = 0; at < key.length; at += 16) {
    pieces[`${name}, byte ${at}`] = key.subarray(at, at + 16);
  }
  return pieces;
}

/** A key as JavaScript strings have it, of one byte or two a character. */
function textsOf(name: string, key: Buffer): Needles {
  const [hex, base64] = [key.toString('hex'), key.toString('base64').slice(0, 40)];
  return {
    [`${name} in hex`]: Buffer.from(hex, 'latin1'),
    [`${name} in hex, wide`]: Buffer.from(hex, 'utf16le'),
    [`${name} in base64`]: Buffer.from(base64, 'latin1'),
    [`${name} in base64, wide`]: Buffer.from(base64, 'utf16le'),
  };
}

function needlesOf({ dataKey, masterKey, volumeId }: Keys): Needles {
  return {
    ...piecesOf('data key', dataKey),
    ...piecesOf('master key', masterKey),
    ...textsOf('data key', dataKey),
    ...textsOf('master key', masterKey),
    'whole data key': dataKey,
    // What is there shows that the search finds what is there.
    control: Buffer.from(volumeId),
  };
}

function found(scan: MemoryScan, isMeant: (one: Occurrence) => boolean): readonly string[] {
  return scan.occurrences.filter(isMeant).map(({ needle, mapping }) => `${needle} in ${mapping}`);
}

function expectControl(scan: MemoryScan): void {
  const where = scan.occurrences.filter(({ needle }) => needle === 'control');
  expect(where.some(({ isLocked }) => !isLocked)).toBe(true);
}

/** Neither key anywhere: what holds for a process that has no part in either. */
function expectNoKey(scan: MemoryScan): void {
  expectControl(scan);
  expect(found(scan, ({ needle }) => needle !== 'control')).toEqual([]);
}

/**
 * What holds for a process that serves an encrypted volume. The schedules of the ciphers, which
 * begin with the halves of the key, are in locked memory; the key itself is where even root does
 * not read it, if the kernel has such memory; the master key is no longer there.
 */
async function expectLockedKey(scan: MemoryScan, folder: string): Promise<void> {
  expectControl(scan);
  expect(found(scan, ({ needle, isLocked }) => needle !== 'control' && !isLocked)).toEqual([]);
  expect(found(scan, ({ needle }) => /master key|hex|base64/.test(needle))).toEqual([]);
  const pieces = found(scan, ({ needle }) => needle.startsWith('data key, byte'));
  // Else the ciphers were not searched, or the key is not the one that the test knows.
  expect(pieces).not.toEqual([]);
  const { hasSecretMemory } = await loadHostAddon().inspectHost(folder);
  if (!hasSecretMemory) return;
  expect(found(scan, ({ needle }) => needle === 'whole data key')).toEqual([]);
  expect(scan.unreadable.filter((line) => line.includes('secretmem'))).not.toEqual([]);
}

/** Everything else that can be read of a process: its words, its environment, its files. */
async function readFacts(pid: number): Promise<Buffer> {
  const names = ['cmdline', 'environ', 'maps', 'status'];
  return Buffer.concat(await Promise.all(names.map(async (n) => readFile(`/proc/${pid}/${n}`))));
}

async function readFiles(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name !== 'master.key')
    .map((entry) => join(entry.parentPath, entry.name));
  return Buffer.concat(await Promise.all(paths.map(async (path) => readFile(path))));
}

function expectNoKeyIn(bytes: Buffer, keys: Keys): void {
  const names = Object.entries(needlesOf(keys)).flatMap(([name, needle]) =>
    bytes.includes(needle) ? [name] : [],
  );
  expect(names).toEqual(['control']);
}

/** Fills a page and reads it, so that the keys are in use. */
async function use(socketPath: string): Promise<void> {
  await using frontend = await connectFrontend(socketPath);
  await frontend.write(0, pattern(4096, 1));
  await frontend.flush();
  expect(await frontend.read(0, 4096)).toEqual(pattern(4096, 1));
}

describe('the search', () => {
  it('finds a key that a process has in a JavaScript value', async () => {
    await using dir = await createTempDir();
    const keys = await readKeys(dir.path, (await createVolume(dir.path)).id);
    const script = `const key = Buffer.from('${keys.dataKey.toString('base64')}', 'base64');
      process.stdout.write('ready'); process.stdin.resume(); process.on('exit', () => key[0]);`;
    await using child = startChild(process.execPath, ['-e', script, keys.volumeId], {}, [
      'pipe',
      'pipe',
      'pipe',
    ]);
    await child.waitFor('stdout', /^ready/);

    const scan = await scanMemory(child.pid, needlesOf(keys));

    expectControl(scan);
    expect(found(scan, ({ needle, isLocked }) => needle === 'whole data key' && !isLocked)) //
      .not.toEqual([]);
  });
});

describe('argon serve block', () => {
  it('has the key of its volume in locked memory and nowhere else', async () => {
    await using dir = await createTempDir();
    const { id } = await createVolume(dir.path);
    const keys = await readKeys(dir.path, id);
    await using server = await serveBlock(['--volume', id], { state: dir.path });
    await use(server.socketPath);
    // Rings that run have their ciphers; a front end that stays keeps them running.
    await using frontend = await connectFrontend(server.socketPath);
    await frontend.read(0, 4096);

    const scan = await scanMemory(server.pid, needlesOf(keys));
    const facts = await readFacts(server.pid);

    await expectLockedKey(scan, dir.path);
    expectNoKeyIn(facts, keys);
    await frontend[Symbol.asyncDispose]();
    const { stdout, stderr } = await server.stop();
    expectNoKeyIn(Buffer.concat([Buffer.from(stdout + stderr), await readFiles(dir.path)]), keys);
  });

  it('says nothing of a key that it opened and that is not the one of the volume', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    const other = await createVolume(dir.path);
    const keys = await readKeys(dir.path, volume.id);
    await rewriteRecord(other, { wrappedKey: volume.record.wrappedKey });
    const socket = join(dir.path, 'b.sock');

    const words = ['--verbose', 'serve', 'block', '--volume', other.id, '--socket', socket];
    const { code, stderr } = await runArgon(words, { state: dir.path });

    expect(code).toBe(1);
    expectNoKeyIn(Buffer.from(stderr), { ...keys, volumeId: other.id });
    expect(stderr).not.toContain(await readWrappedKey(dir.path, other.id));
  });
});

describe('argon run', () => {
  it('keeps no key that it made: its card has it, in locked memory and nowhere else', async () => {
    await using place = await createRunPlace();
    const { state } = place;
    await using argon = place.start(['--volume', 'size=1MiB', '--keep', '--', 'hang']);
    const { card } = await partsOf(argon);
    const [volume = ''] = await place.volumes();
    const keys = await readKeys(state, basename(volume));

    const scans = [];
    for (const pid of [argon.pid, card]) scans.push(await scanMemory(pid, needlesOf(keys)));
    const facts = await Promise.all([argon.pid, card].map(readFacts));

    const [ours = noScan, cards = noScan] = scans;
    expectNoKey(ours);
    await expectLockedKey(cards, place.path);
    expectNoKeyIn(Buffer.concat([...facts, Buffer.from(keys.volumeId)]), keys);
    const { stdout, stderr } = await argon.end('SIGINT');
    expectNoKeyIn(Buffer.concat([Buffer.from(stdout + stderr), await readFiles(state)]), keys);
    // The files of the run are among those.
    const [folder = ''] = await place.runs();
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(['card.log', 'manifest.json', 'qemu.cmd', 'qemu.log', 'qmp.log']),
    );
  });
});

const noScan: MemoryScan = { occurrences: [], unreadable: [], scannedBytes: 0 };

/** A user without rights, which Debian calls nobody. */
const nobody = 65_534;

/** What a process of the same user can read of a process. */
async function spyOn(pid: number): Promise<Ended> {
  const script = `for name in environ maps mem; do
      head -c 0 "/proc/$1/$name" && echo "$name"; done; stat -c %u "/proc/$1/environ"`;
  await using spy = startChild('sh', ['-c', script, 'sh', String(pid)], { uid: nobody });
  return await spy.waitForEnd();
}

describe('a process that opens keys', () => {
  it.each(['a card', 'argon serve block'])('(%s) is closed to its own user', async (what) => {
    assertRoot(); // To be another user.
    await using dir = await createTempDir();
    await chown(dir.path, nobody, nobody);
    await using stack = new AsyncDisposableStack();
    const { opener, unguarded } =
      what === 'a card' ? await startCardOf(dir.path, stack) : await startServer(dir.path, stack);

    const spied = await spyOn(opener);

    expect(spied.stdout).toBe('0\n'); // Its facts are root's, and nothing was read.
    expect(spied.stderr.match(/Permission denied/g)).toHaveLength(3);
    expect(await readFile(`/proc/${opener}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
    // The same user's other processes are open to it.
    const control = await spyOn(unguarded);
    expect(control.stdout).toBe(`environ\nmaps\nmem\n${nobody}\n`);
  });
});

interface Watched {
  /** A process that opened a key. */
  readonly opener: number;
  /** One of the same user that did not. */
  readonly unguarded: number;
}

async function startCardOf(folder: string, stack: AsyncDisposableStack): Promise<Watched> {
  const { id } = await createVolume(folder);
  await run('chown', ['-R', `${nobody}:${nobody}`, folder]);
  const owner = stack.use(startScript('card-owner.ts', [folder, id, folder], { uid: nobody }));
  const [, pid] = await owner.waitFor('stdout', /^(\d+)\n/);
  return { opener: Number(pid), unguarded: owner.pid };
}

async function startServer(state: string, stack: AsyncDisposableStack): Promise<Watched> {
  const flags = ['--memory', '1MiB', '--throwaway-key'];
  const server = stack.use(await serveBlock(flags, { state, uid: nobody }));
  const other = stack.use(startChild('sleep', ['600'], { uid: nobody }));
  return { opener: server.pid, unguarded: other.pid };
}
