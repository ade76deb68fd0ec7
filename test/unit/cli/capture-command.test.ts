// SPDX-License-Identifier: Apache-2.0

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../src/base/deadline.ts';
import { ArgonError } from '../../../src/base/errors.ts';
import { addCaptureCommand } from '../../../src/cli/capture-command.ts';
import { sampleFrame, sampleHead } from '../card/pcapng-samples.ts';
import { addVpc } from '../controller/handlers/network-scene.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

const file = Buffer.concat([sampleHead(), sampleFrame(1), sampleFrame(2)]);

/** A host with an interface `web-0`, whose capture has two frames. */
async function hostWithCapture() {
  const host = new FakeHostClient();
  const { subnet, group } = await addVpc(host.networks);
  const { name } = await host.call('Interfaces.CreateInterface', {
    interface: { displayName: 'web-0', subnet, securityGroups: [group] },
  });
  host.captures.file = file;
  host.captures.frames = 2;
  return { host, name };
}

describe('argon capture', () => {
  it('shows a line for each frame, and how it ended', async () => {
    const { host, name } = await hostWithCapture();
    host.captures.end = 'CAPTURE_END_REASON_FRAMES';
    host.captures.framesLost = 4n;
    const context = new FakeContext(untouched, { host });

    await runCommand(addCaptureCommand, ['capture', 'web-0', '--count', '2'], context);

    expect(host.captures.asked).toEqual({
      interface: name,
      framesMax: 2,
      bytesMax: 0,
      secondsMax: 0,
    });
    expect(context.stdout.trimEnd().split('\n')).toEqual([
      '1970-01-01T00:00:00.000Z in  ethertype 0x0101, 142 bytes',
      '1970-01-01T00:00:00.000Z in  ethertype 0x0202, 142 bytes',
    ]);
    expect(context.printed[1]?.value).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      direction: 'in',
      length_bytes: 142,
      summary: 'ethertype 0x0202',
    });
    expect(context.stderr).toContain('2 frames, 4 more lost; ended by frames');
    expect(host.captures.stopCount).toBe(0);
  });

  it('writes a file that only its owner reads', async () => {
    await using dir = await createTempDir();
    const { host } = await hostWithCapture();
    host.captures.end = 'CAPTURE_END_REASON_TIME';
    const path = join(dir.path, 'headers.pcapng');
    const context = new FakeContext(untouched, { host, format: 'json' });

    const words = ['capture', 'web-0', '--seconds', '9', '--write', path];
    await runCommand(addCaptureCommand, words, context);

    expect(await readFile(path)).toEqual(file);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(host.captures.asked).toMatchObject({ secondsMax: 9 });
    expect(context.stdout).toBe(`${path}: 2 frames; ended by time\n`);
    expect(context.printed[0]?.value).toMatchObject({ frames: 2, end_reason: 'time', file: path });
  });

  it('ends the capture with Ctrl-C, and has what there was', async () => {
    await using dir = await createTempDir();
    const { host } = await hostWithCapture();
    const path = join(dir.path, 'headers.pcapng');
    const interrupted = new AbortController();
    const context = new FakeContext(untouched, { host, signal: interrupted.signal });

    const running = runCommand(addCaptureCommand, ['capture', 'web-0', '--write', path], context);
    const scope = { signal: AbortSignal.timeout(60_000), intervalMs: 5 };
    const isWritten = async (): Promise<true | undefined> => {
      const found = await readFile(path).catch(() => undefined);
      return found?.equals(file) === true ? true : undefined;
    };
    await pollUntil(isWritten, 'waiting for the file', scope);
    interrupted.abort();
    await running;

    expect(host.captures.stopCount).toBe(1);
    expect(await readFile(path)).toEqual(file);
    expect(context.stdout).toBe(`${path}: 2 frames; ended by stopped\n`);
  });

  it('ends the capture where its file cannot be made', async () => {
    const { host } = await hostWithCapture();
    const context = new FakeContext(untouched, { host });

    await expect(
      runCommand(addCaptureCommand, ['capture', 'web-0', '--write', '/no/such/file'], context),
    ).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('/no/such') });
    expect(host.captures.stopCount).toBe(1);
  });

  it('tells what the host refuses, and leaves no file of it', async () => {
    await using dir = await createTempDir();
    const { host } = await hostWithCapture();
    host.captures.refusal = new ArgonError('failed-precondition', 'the host is for production');
    const path = join(dir.path, 'headers.pcapng');

    await expect(
      runCommand(
        addCaptureCommand,
        ['capture', 'web-0', '--write', path],
        new FakeContext(untouched, { host }),
      ),
    ).rejects.toBe(host.captures.refusal);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['CAPTURE_END_REASON_CARD_GONE', 'unavailable'],
    ['CAPTURE_END_REASON_FAILED', 'internal'],
  ] as const)('fails where frames are missing: %s', async (end, code) => {
    const { host } = await hostWithCapture();
    host.captures.end = end;

    await expect(
      runCommand(addCaptureCommand, ['capture', 'web-0'], new FakeContext(untouched, { host })),
    ).rejects.toMatchObject({ code });
  });

  it.each([
    ['--count', '0'],
    ['--count', '1000001'],
    ['--seconds', '3601'],
    ['--seconds', 'x'],
  ])('refuses %s %s before it asks', async (flag, value) => {
    const { host } = await hostWithCapture();
    const context = new FakeContext(untouched, { host });

    await expect(
      runCommand(addCaptureCommand, ['capture', 'web-0', flag, value], context),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(host.captures.asked).toBeUndefined();
  });
});
