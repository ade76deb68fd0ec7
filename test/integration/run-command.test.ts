// SPDX-License-Identifier: Apache-2.0

// `argon run` from outside, with a QEMU that is none: exit codes, what goes where, and that nothing
// is left however it ends. The same with real guests is in test/guest.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseArray, parseJson, parseObject } from '../../src/base/parse.ts';
import { countInFile } from '../../src/cli/file-search.ts';
import { runArgon } from './support/argon.ts';
import { type Ended, root, startChild } from './support/child.ts';
import { hasEnded } from './support/proc.ts';
import { createRunPlace, partsOf, type RunPlace } from './support/run.ts';
import { openVolumes } from './support/volumes.ts';

const disk = ['--volume', 'size=1MiB'];

async function run(place: RunPlace, ...words: readonly string[]): Promise<Ended> {
  await using argon = place.start(words);
  return await argon.waitForEnd();
}

/** No socket and no volume of the run; its folder stays, for whoever wants to know more. */
async function expectNothingLeft(place: RunPlace): Promise<void> {
  expect(await readdir(place.sockets)).toEqual([]);
  expect(await place.volumes()).toEqual([]);
  expect(await place.runs()).toHaveLength(1);
}

describe('argon run', () => {
  it('gives the output and the exit code of its command', async () => {
    await using place = await createRunPlace();

    const end = await run(place, '--', 'print', 'hello there');

    expect(end).toMatchObject({ code: 0, signal: null, stdout: 'hello there' });
    expect(end.stderr.replaceAll(/\[ *[\d.]+s\] /g, '')).toMatch(
      /^kernel on tcg \(as asked\)\nfirmware … ok\n(?:.*\n)*agent … ok\npower off … ok\n$/,
    );
    await expectNothingLeft(place);
  });

  it('ends as the command does, whose errors go to stderr', async () => {
    await using place = await createRunPlace();

    const end = await run(place, '--', 'exit', '42');

    expect(end).toMatchObject({ code: 42, signal: null, stdout: '' });
    expect(end.stderr).toContain('as asked\n');
  });

  it('gives all of it as JSON where that is asked for', async () => {
    await using place = await createRunPlace();
    await using argon = place.start(['--', 'exit', '3'], ['-o', 'json']);

    const end = await argon.waitForEnd();

    const [runDir = ''] = await place.runs();
    expect(end.code).toBe(3);
    expect(JSON.parse(end.stdout)).toEqual({
      exit_code: 3,
      stdout: '',
      stderr: 'as asked\n',
      is_truncated: false,
      run_dir: runDir,
    });
  });

  it('serves the guest its disks, which go with it unless they are kept', async () => {
    await using place = await createRunPlace();

    expect(await run(place, ...disk, '--', 'copy')).toMatchObject({ code: 0 });
    await expectNothingLeft(place);
    expect(await run(place, ...disk, '--keep', '--', 'copy')).toMatchObject({ code: 0 });
    expect(await place.volumes()).toHaveLength(1);
  });

  it('boots a disk image from an encrypted volume that it makes of it', async () => {
    await using place = await createRunPlace();
    const marker = Buffer.from('nobody reads this on disk');
    const image = join(place.path, 'disk.raw');
    const bytes = Buffer.alloc(524_288 + 512, 1); // In sectors, not in units of the volume.
    marker.copy(bytes, 300_000);
    await writeFile(image, bytes);
    await using argon = place.boot(['--image', image, '--keep', '--', 'copy']);

    expect(await argon.waitForEnd()).toMatchObject({ code: 0, signal: null });
    const [volume = ''] = await place.volumes();
    expect(argon.stderr).toMatch(/copying \S+ into the encrypted volume vol\w+ … ok/);
    expect(await countInFile(image, marker)).toBe(1);
    expect(await countInFile(join(volume, 'data'), marker)).toBe(0);
    const { volumes } = await openVolumes(place.state);
    expect(await volumes.list()).toMatchObject([{ sizeBytes: 528_384, cipher: 'aes-256-xts' }]);
  });

  it('offers the console, which a second terminal joins and leaves', async () => {
    await using place = await createRunPlace();
    await using argon = place.start(['--', 'hang']);
    await argon.waitFor('stderr', /agent … ok/);
    const env = { ARGON_STATE: place.state };
    const pipes = ['pipe', 'pipe', 'pipe'] as const;
    await using joined = startChild(join(root, 'argon'), ['console'], { env }, [...pipes]);

    await joined.waitFor('stdout', /Linux version 6\.1\.0/); // What came before is shown too.
    joined.process.stdin?.write('typed here\r\n');
    await joined.waitFor('stdout', /typed here/);
    joined.process.stdin?.end();

    expect(await joined.waitForEnd()).toMatchObject({ code: 0, signal: null });
    expect(joined.stderr).toContain('Ctrl-] leaves it');
    expect(await argon.end('SIGINT')).toMatchObject({ code: 130 });
  });

  it('leaves a folder with what it did', async () => {
    await using place = await createRunPlace();

    await run(place, ...disk, '--', 'copy');

    const [folder = ''] = await place.runs();
    const read = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    expect(await read('qemu.cmd')).toContain('qemu-system-x86_64');
    expect(await read('console.log')).toContain('Linux version 6.1.0');
    expect(await read('qmp.log')).toMatch(/^<- \{"QMP".*\n-> \{"execute":"qmp_capabilities"/);
    expect(await read('card.log')).toContain('"name":"card"');
    expect(JSON.parse(await read('manifest.json'))).toMatchObject({ accelerator: 'tcg' });
  });

  it('ends with 5 at a panic, and shows the last of the console', async () => {
    await using place = await createRunPlace();

    const end = await run(place, ...disk, '--', 'panic');

    expect(end).toMatchObject({ code: 5, signal: null, stdout: '' });
    expect(end.stderr).toMatch(/^ {2}\| .*Kernel panic - not syncing: as asked$/m);
    expect(end.stderr).toMatch(/^error: the guest panicked/m);
    expect(end.stderr).toContain(`everything of this run: ${(await place.runs())[0] ?? '?'}\n`);
    await expectNothingLeft(place);
  });

  it('ends with 4 when its time is over', async () => {
    await using place = await createRunPlace();

    const end = await run(place, ...disk, '--timeout', '3', '--', 'hang');

    expect(end).toMatchObject({ code: 4, signal: null, stdout: '' });
    expect(end.stderr).toMatch(/^error: timed out while /m);
    await expectNothingLeft(place);
  });

  it('offers limits and faults of its disks while it runs', async () => {
    await using place = await createRunPlace();
    await using argon = place.start([...disk, '--faults', '--', 'hang']);
    await partsOf(argon);
    const [folder] = await place.runs();
    const record = parseObject(
      parseJson(await readFile(join(folder ?? '', 'run.json'), 'utf8'), 'run.json'),
      'run.json',
    );
    const [control] = parseArray(record['controlSockets'], 'controlSockets').map(String);
    const ask = async (...words: string[]): Promise<Ended> =>
      runArgon([...words, '--control', control ?? ''], { state: place.state });

    expect(await ask('limit', 'set', 'iops=50', '--guest', String(record['id']))).toMatchObject({
      code: 0,
    });
    expect((await ask('limit', 'show')).stdout).toMatch(/^guest +\S+ +iops=50:5 /m);
    expect(await ask('fault', 'set', 'error')).toMatchObject({ code: 0, stdout: '1\n' });
    await argon.end('SIGTERM');
    await expectNothingLeft(place);
  });

  it('gives up when its card is gone: the guest would wait for its disks for ever', async () => {
    await using place = await createRunPlace();
    await using argon = place.start([...disk, '--', 'hang']);
    const { card } = await partsOf(argon);

    process.kill(card, 'SIGKILL');
    const end = await argon.waitForEnd();

    expect(end).toMatchObject({ code: 1, signal: null });
    expect(end.stderr).toMatch(
      /^error: the card of the guest ended \(SIGKILL\)\nhint: .*card\.log$/m,
    );
    await expectNothingLeft(place);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing on %s', async (signal) => {
    await using place = await createRunPlace();
    await using argon = place.start([...disk, '--', 'hang']);
    const { card, qemu } = await partsOf(argon);

    const end = await argon.end(signal);

    expect(end).toMatchObject({ code: 130, signal: null, stdout: '' });
    expect([await hasEnded(card), await hasEnded(qemu)]).toEqual([true, true]);
    await expectNothingLeft(place);
  });
});
