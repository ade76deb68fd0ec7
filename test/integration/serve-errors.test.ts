// SPDX-License-Identifier: Apache-2.0

// What `argon serve block` says when it cannot serve: the object, its path, the errno where there
// is one, and what to do; with the exit code of that kind of failure, and never by hanging.

import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../src/base/errors.ts';
import { createLogger } from '../../src/base/log.ts';
import type { VolumeId } from '../../src/base/volume-id.ts';
import { startBlockCard } from '../../src/card/block-card.ts';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { formatError } from '../../src/cli/output.ts';
import { deviceOfVolume } from '../../src/controller/volume-device.ts';
import { loadBlockAddon } from '../../src/native/binding.ts';
import { runArgon, serveBlock } from './support/argon.ts';
import type { Ended } from './support/child.ts';
import { connectFrontend } from './support/frontend.ts';
import { createTempDir } from './support/temp-dir.ts';
import {
  createVolume,
  openVolumes,
  rewriteRecord,
  setMapOwner,
  type TestVolume,
  writeAt,
} from './support/volumes.ts';

async function serve(state: string, ...flags: string[]): Promise<Ended> {
  const socket = flags.includes('--socket') ? [] : ['--socket', join(state, 'b.sock')];
  return await runArgon(['serve', 'block', ...socket, ...flags], { state });
}

/** Nothing on stdout, one error with its hint on stderr, no socket left. */
function expectRefusal(
  end: Ended,
  state: string,
  { code, error, hint }: { code: number; error: RegExp; hint: RegExp },
): void {
  expect(end).toMatchObject({ code, signal: null, stdout: '' });
  const [first = '', second = '', ...rest] = end.stderr.split('\n');
  expect(first).toMatch(/^error: /);
  expect(first).toMatch(error);
  expect(second).toMatch(/^hint: /);
  expect(second).toMatch(hint);
  expect(rest).toEqual(['']);
  expect(existsSync(join(state, 'b.sock'))).toBe(false);
}

describe('flags', () => {
  it.each([
    ['no store', [], /exactly one store/, /--volume, --file, --memory and --null/],
    ['two stores', ['--memory', '1MiB', '--null', '1MiB'], /exactly one store/, /give one of/],
    ['a file without a word on encryption', ['--file', '/x'], /--file needs/, /--plain/],
    ['a size that is none', ['--memory', '1x'], /"1x" is not a size/, /512MiB/],
    ['a volume id that is none', ['--volume', 'x'], /"x" is not a volume id/, /17 hex digits/],
    [
      'a word on encryption for a volume',
      ['--volume', 'vol0123456789abcdef0', '--plain'],
      /not for --volume/,
      /argon volume list/,
    ],
    [
      'a socket path that is too long',
      ['--memory', '1MiB', '--socket', `/tmp/${'x'.repeat(110)}`],
      /1 to 107 bytes, not 115: \/tmp\/x+$/,
      /socket/,
    ],
  ])('%s end with 2', async (_what, flags, error, hint) => {
    await using dir = await createTempDir();

    expectRefusal(await serve(dir.path, ...flags), dir.path, { code: 2, error, hint });
  });

  it('that do not exist end with 2', async () => {
    await using dir = await createTempDir();
    const end = await serve(dir.path, '--memory', '1MiB', '--encrypt');

    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toContain("error: unknown option '--encrypt'");
  });

  it('of a size that no sectors make end with 2', async () => {
    await using dir = await createTempDir();
    const end = await serve(dir.path, '--memory', '1000');

    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toMatch(/^error: a memory store of 1000 bytes is not a multiple of 512$/m);
  });
});

describe('a socket', () => {
  it('that another server listens at is left alone', async () => {
    await using dir = await createTempDir();
    await using server = await serveBlock(['--memory', '1MiB'], { state: dir.path });

    const end = await serve(dir.path, '--memory', '1MiB');

    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(end.stderr).toContain(`error: ${server.socketPath} exists and is in use`);
    expect(end.stderr).toMatch(/^hint: .*socket/m);
    await using frontend = await connectFrontend(server.socketPath);
    expect(await frontend.read(0, 512)).toHaveLength(512);
  });

  it('of a program that is no back end is left alone', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'b.sock');
    const listener = createServer();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => void listener.close());
    const listening = Promise.withResolvers<void>();
    listener.listen(path, listening.resolve);
    await listening.promise;

    const end = await serve(dir.path, '--memory', '1MiB');

    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(existsSync(path)).toBe(true);
  });

  it('where a file or a folder is leaves it alone', async () => {
    await using dir = await createTempDir();
    const [file, folder] = [join(dir.path, 'file'), join(dir.path, 'folder')];
    await writeFile(file, 'precious');
    await mkdir(folder);

    for (const path of [file, folder]) {
      const end = await serve(dir.path, '--memory', '1MiB', '--socket', path);
      expectRefusal(end, dir.path, { code: 1, error: /exists and is in use/, hint: /socket/ });
      expect(existsSync(path)).toBe(true);
    }
  });

  it('in a folder that is not there names the path and the errno', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'missing/b.sock');

    const end = await serve(dir.path, '--memory', '1MiB', '--socket', path);

    const error = new RegExp(`${path}.*\\(ENOENT\\)`);
    expectRefusal(end, dir.path, { code: 1, error, hint: /socket/ });
  });
});

describe('a file', () => {
  it.each([
    ['that is missing', async () => {}, 1, /open .*\/f: .*\(ENOENT\)/],
    ['that is a folder', async (path: string) => mkdir(path), 2, /open .*\/f: .*\(EISDIR\)/],
    [
      'of 1000 bytes',
      async (path: string) => writeFile(path, Buffer.alloc(1000)),
      2,
      /\/f is 1000 bytes, not a multiple of 512/,
    ],
    ['that is empty', async (path: string) => writeFile(path, ''), 2, /\/f is 0 bytes/],
  ] as const)('%s', async (_what, make, code, error) => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'f');
    await make(path);

    const end = await serve(dir.path, '--file', path, '--plain');

    expectRefusal(end, dir.path, { code, error, hint: /file/ });
  });

  it.each([512, 1024, 6144])('of %d bytes cannot be encrypted', async (size) => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'f');
    await writeFile(path, Buffer.alloc(size));

    const end = await serve(dir.path, '--file', path, '--throwaway-key');

    const error = new RegExp(`/f is ${size} bytes, .*multiple of 4096`);
    expectRefusal(end, dir.path, { code: 2, error, hint: /file/ });
  });

  it('that another server has open', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'f');
    await writeFile(path, Buffer.alloc(4096));
    await using server = await serveBlock(['--file', path, '--plain'], {
      state: dir.path,
      socketPath: join(dir.path, 'first.sock'),
    });

    const end = await serve(dir.path, '--file', path, '--plain');

    const error = /\/f is in use by another process/;
    expectRefusal(end, dir.path, { code: 1, error, hint: /in use/ });
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  it('that is a device but no block device', async () => {
    await using dir = await createTempDir();

    const end = await serve(dir.path, '--file', '/dev/null', '--plain');

    const error = /\/dev\/null is neither a regular file nor a block device/;
    expectRefusal(end, dir.path, { code: 2, error, hint: /file/ });
  });
});

interface Damage {
  readonly what: string;
  readonly damage: (volume: TestVolume, state: string) => Promise<unknown>;
  readonly error: RegExp;
  readonly hint: RegExp;
}

const notThisMap = { error: /\/map is not the allocation map of vol/, hint: /allocation map/ };
const lockedKey = { error: /the wrapped key of vol\w+ does not open/, hint: /wrapped key/ };

/** Each is shown by the program itself. */
const damages: readonly Damage[] = [
  {
    what: 'whose data file was truncated',
    damage: async ({ data }) => truncate(data, 8 * 1024 * 1024),
    error: /\/data is 8388608 bytes, and should be 16777216/,
    hint: /file/,
  },
  {
    what: 'whose map is missing',
    damage: async ({ map }) => rm(map),
    error: /open .*\/map: .*\(ENOENT\)/,
    hint: /allocation map/,
  },
  {
    what: 'whose map is damaged',
    damage: async ({ map }) => writeAt(map, 0, Buffer.from('X')),
    ...notThisMap,
  },
  {
    what: "whose map is another volume's",
    damage: async ({ map }, state) => copyFile((await createVolume(state)).map, map),
    ...notThisMap,
  },
  {
    what: "whose wrapped key is another volume's",
    damage: async (volume, state) => {
      const { wrappedKey } = (await createVolume(state)).record;
      await rewriteRecord(volume, { wrappedKey });
    },
    ...lockedKey,
  },
  {
    what: "whose record is another volume's",
    damage: async ({ json }, state) => copyFile((await createVolume(state)).json, json),
    error: /\/volume\.json is the record of vol/,
    hint: /argon volume delete vol/,
  },
];

/** The same way through the code in this process, which is quicker. */
const moreDamages: readonly Damage[] = [
  {
    what: 'whose data file is missing',
    damage: async ({ data }) => rm(data),
    error: /open .*\/data: .*\(ENOENT\)/,
    hint: /file/,
  },
  {
    what: 'whose map is cut short',
    damage: async ({ map }) => truncate(map, 4096),
    error: /\/map is 4096 bytes, and should be 8192/,
    hint: /allocation map/,
  },
  {
    what: 'whose map has another version',
    damage: async ({ map }) => writeAt(map, 8, Buffer.from([2])),
    ...notThisMap,
  },
  {
    what: 'whose map is of another size',
    damage: async ({ map }) => writeAt(map, 16, Buffer.from([1])),
    ...notThisMap,
  },
  {
    what: "whose map has another volume's id",
    damage: async ({ map }) => setMapOwner(map, 'vol00000000000000000'),
    ...notThisMap,
  },
  {
    what: 'whose map has something in the rest of its header',
    damage: async ({ map }) => writeAt(map, 4095, Buffer.from([1])),
    ...notThisMap,
  },
  {
    what: 'whose wrapped key has a bit turned',
    damage: async (volume) => {
      const wrappedKey = Uint8Array.from(volume.record.wrappedKey ?? []);
      wrappedKey[40] = (wrappedKey[40] ?? 0) ^ 1;
      await rewriteRecord(volume, { wrappedKey });
    },
    ...lockedKey,
  },
  {
    what: 'whose wrapped key is of another format',
    damage: async (volume) => {
      const wrappedKey = Uint8Array.from(volume.record.wrappedKey ?? []);
      wrappedKey[0] = 2;
      await rewriteRecord(volume, { wrappedKey });
    },
    error: /the wrapped key of vol\w+ has no known format/,
    hint: /wrapped key/,
  },
  {
    what: 'whose record is no JSON',
    damage: async ({ json }) => writeFile(json, '{'),
    error: /\/volume\.json is damaged/,
    hint: /argon volume delete vol/,
  },
];

/** What `argon serve block --volume` would say, without the program around it. */
async function serveHere(state: string, id: VolumeId): Promise<Ended> {
  const card = startBlockCard(
    loadBlockAddon(),
    { workers: 1, pollMode: 'off', cpus: [] },
    createLogger('test', 'silent'),
  );
  await using stack = new AsyncDisposableStack();
  stack.use(card);
  try {
    const { volumes, keys } = await openVolumes(state);
    const serving = {
      socketPath: join(state, 'b.sock'),
      queues: 1,
      blockBytes: 512,
      isReadOnly: false,
      memoryPolicy: 'any',
    } as const;
    await card.addDevice(deviceOfVolume(await volumes.get(id), volumes, keys, serving));
  } catch (thrown) {
    const error = ArgonError.from(thrown);
    const code = exitCodeOf(error.code);
    return { code, signal: null, stdout: '', stderr: formatError(error, false) };
  }
  throw new Error('the volume was served');
}

describe('a volume', () => {
  it.each(damages)('$what', async ({ damage, error, hint }) => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    await damage(volume, dir.path);

    const end = await serve(dir.path, '--volume', volume.id);

    expectRefusal(end, dir.path, { code: 1, error, hint });
    expect(end.stderr).toContain(volume.id);
  });

  it.each(moreDamages)('$what', async ({ damage, error, hint }) => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    await damage(volume, dir.path);

    const end = await serveHere(dir.path, volume.record.id);

    expectRefusal(end, dir.path, { code: 1, error, hint });
    expect(end.stderr).toContain(volume.id);
  });

  it('that does not exist', async () => {
    await using dir = await createTempDir();

    const end = await serve(dir.path, '--volume', 'vol0123456789abcdef0');

    const error = /volume vol0123456789abcdef0 does not exist/;
    expectRefusal(end, dir.path, { code: 1, error, hint: /argon volume list/ });
  });

  it('that another server has open', async () => {
    await using dir = await createTempDir();
    const { id } = await createVolume(dir.path);
    await using server = await serveBlock(['--volume', id], {
      state: dir.path,
      socketPath: join(dir.path, 'first.sock'),
    });

    const end = await serve(dir.path, '--volume', id);

    expectRefusal(end, dir.path, {
      code: 1,
      error: new RegExp(`${id}/data is in use by another process`),
      hint: /in use/,
    });
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});

describe('a master key', () => {
  it.each([
    [
      'that others may read',
      async (path: string) => chmod(path, 0o644),
      6,
      /\/master\.key must be a file of mode 0600/,
    ],
    ['that is missing', async (path: string) => rm(path), 1, /\/master\.key: .*\(ENOENT\)/],
    [
      'of garbage',
      async (path: string) => writeFile(path, Buffer.alloc(40, 7)),
      1,
      /\/master\.key is not a master key/,
    ],
  ] as const)('%s', async (_what, damage, code, error) => {
    await using dir = await createTempDir();
    const { id } = await createVolume(dir.path);
    await damage(join(dir.path, 'keys/master.key'));

    const end = await serve(dir.path, '--volume', id);

    expectRefusal(end, dir.path, { code, error, hint: /master key/ });
  });

  it.each([
    ['that a group may read', async (path: string) => chmod(path, 0o640), 6, /mode 0600/],
    ['cut short', async (path: string) => truncate(path, 39), 1, /is not a master key/],
    ['too long', async (path: string) => truncate(path, 41), 1, /is not a master key/],
    [
      'of another host',
      async (path: string) => writeAt(path, 8, Buffer.alloc(32, 7)),
      1,
      /the wrapped key of vol\w+ does not open/,
    ],
  ] as const)('%s', async (_what, damage, code, error) => {
    await using dir = await createTempDir();
    const { record } = await createVolume(dir.path);
    await damage(join(dir.path, 'keys/master.key'));

    const end = await serveHere(dir.path, record.id);

    expectRefusal(end, dir.path, { code, error, hint: /master key/ });
  });
});
