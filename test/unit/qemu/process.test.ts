// SPDX-License-Identifier: Apache-2.0

import { openSync } from 'node:fs';
import { readlink, stat } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { type QemuProcess, type StartOptions, startQemu } from '../../../src/qemu/process.ts';
import { resume } from '../../../src/qemu/qmp-commands.ts';
import { FakePrograms } from './fake-program.ts';
import { sampleProgram, sampleSpec } from './samples.ts';

describe('startQemu', () => {
  const log = createLogger('test', 'silent');
  let programs: FakePrograms;

  beforeEach(async () => {
    programs = await FakePrograms.create();
  });

  afterEach(async () => {
    await programs[Symbol.asyncDispose]();
  });

  async function start(
    script: string,
    options: Partial<StartOptions> = {},
    spec = sampleSpec(),
  ): Promise<QemuProcess> {
    const signal = AbortSignal.timeout(300_000);
    const program = await programs.write(script);
    return await startQemu(spec, program, { signal, log, stopTimeoutMs: 5_000, ...options });
  }

  async function isRunning(pid: number): Promise<boolean> {
    return await stat(`/proc/${pid}`).then(
      () => true,
      () => false,
    );
  }

  async function firstChunk(stream: Duplex): Promise<string> {
    const arrived = Promise.withResolvers<string>();
    stream.once('data', (chunk: Buffer) => {
      arrived.resolve(chunk.toString('utf8'));
    });
    return await arrived.promise;
  }

  it('joins the three channels and quits on dispose', async () => {
    const qemu = await start(
      'start; echo booting >&4; read -r line <&5; echo "got $line" >&5; serve',
    );
    const { pid } = qemu;

    qemu.agent.write('hello\n');
    expect(await firstChunk(qemu.serial)).toBe('booting\n');
    expect(await firstChunk(qemu.agent)).toBe('got hello\n');
    await qemu.qmp.execute(resume(), { signal: AbortSignal.timeout(300_000) });
    await qemu[Symbol.asyncDispose]();

    expect(await qemu.exited).toEqual({
      end: { kind: 'code', code: 0 },
      reason: 'host-qmp-quit',
      hasPanicked: false,
      stderr: [],
    });
    expect(await isRunning(pid)).toBe(false);
  });

  it('hands out the console to its last byte, also while it is disposed', async () => {
    const qemu = await start('start; (echo one; echo two) >&4; ask; echo three >&4; answer');
    const all = text(qemu.serial);
    await qemu[Symbol.asyncDispose]();

    expect(await all).toBe('one\ntwo\nthree\n');
  });

  it('is over by itself when the guest powers off', async () => {
    const qemu = await start(`start; event SHUTDOWN '{"reason": "guest-shutdown"}'; exit 0`);

    expect(await qemu.exited).toMatchObject({ reason: 'guest-shutdown' });
    await qemu[Symbol.asyncDispose]();
    await qemu[Symbol.asyncDispose]();
  });

  it('tells that the guest panicked', async () => {
    const panic = `event GUEST_PANICKED '{"action": "run"}'`;
    const reset = `event SHUTDOWN '{"reason": "guest-reset"}'`;
    const qemu = await start(`start; ${panic}; ${reset}; exit 0`);

    expect(await qemu.exited).toMatchObject({ hasPanicked: true, reason: 'guest-reset' });
    await qemu[Symbol.asyncDispose]();
  });

  it('tells a crash, with what was written to stderr', async () => {
    const qemu = await start('start; echo assertion failed >&2; kill -ABRT $$');

    expect(await qemu.exited).toEqual({
      end: { kind: 'signal', signal: 'SIGABRT' },
      reason: undefined,
      hasPanicked: false,
      stderr: ['assertion failed'],
    });
    await qemu[Symbol.asyncDispose]();
  });

  it('keeps the end of a stderr that never stops', async () => {
    const qemu = await start('start; seq 1 5000 >&2; printf unfinished >&2');
    const { stderr } = await qemu.exited;
    await qemu[Symbol.asyncDispose]();

    expect(stderr).toHaveLength(40);
    expect(stderr.slice(-2)).toEqual(['5000', 'unfinished']);
  });

  it('stops one that does not answer quit with SIGTERM', async () => {
    const script = `start; trap 'exit 3' TERM; ask; while :; do sleep 0.01; done`;
    const qemu = await start(script, { stopTimeoutMs: 50 });
    await qemu[Symbol.asyncDispose]();

    expect((await qemu.exited).end).toEqual({ kind: 'code', code: 3 });
  });

  it('kills one that hangs', async () => {
    const script = `trap '' TERM; start; while :; do sleep 0.01; done`;
    const qemu = await start(script, { stopTimeoutMs: 50 });
    await qemu[Symbol.asyncDispose]();

    expect((await qemu.exited).end).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  });

  it("rejects with QEMU's own words when it does not start", async () => {
    await expect(start(`echo "could not open kernel file" >&2; exit 1`)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('exit code 1 before it was ready:\n  could not open kernel'),
    });
  });

  it('ends a QEMU that is not ready in time, and says what it waits for', async () => {
    const script = `echo "Failed to connect to '/run/a.sock'" >&2; echo $$ >&4; exec sleep 600`;

    await expect(start(script, { signal: AbortSignal.timeout(3_000) })).rejects.toMatchObject({
      code: 'deadline-exceeded',
      hint: expect.stringContaining('back end'),
    });
  });

  it('ends it too when the caller gives up', async () => {
    const giveUp = new AbortController();
    const starting = start('sleep 600', { signal: giveUp.signal });
    giveUp.abort();

    await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('says what is missing when there is no such program', async () => {
    const signal = AbortSignal.timeout(300_000);

    await expect(
      startQemu(sampleSpec(), sampleProgram('/none/qemu'), { signal, log }),
    ).rejects.toMatchObject({
      code: 'failed-precondition',
      hint: expect.stringContaining('setup'),
    });
    await expect(start('serve', { launcher: ['/none/jail'] })).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('gives QEMU no environment but a path and a locale', async () => {
    const qemu = await start('start; tr "\\0" "\\n" < /proc/$$/environ >&4; exit 0');
    const names = (await text(qemu.serial))
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    await qemu[Symbol.asyncDispose]();

    expect(
      names.filter((name) => !['PATH', 'LC_ALL', 'PWD', 'OLDPWD', '_'].includes(name ?? '')),
    ).toEqual([]);
  });

  it('puts the launcher around it', async () => {
    const qemu = await start('start; echo "$JAIL" >&4; exit 0', { launcher: ['env', 'JAIL=yes'] });
    const said = await text(qemu.serial);
    await qemu[Symbol.asyncDispose]();

    expect(said).toBe('yes\n');
  });

  it('hands down descriptors of boot files from 6 on', async () => {
    const fd = openSync('/etc/hostname', 'r');
    const kernel = { kind: 'fd', fd, origin: '/etc/hostname' } as const;
    const spec = sampleSpec({ boot: { kind: 'kernel', kernel, commandLine: '' } });

    const qemu = await start('start; readlink /proc/$$/fd/6 >&4; exit 0', {}, spec);
    const said = await text(qemu.serial);
    await qemu[Symbol.asyncDispose]();

    expect(said.trim()).toBe(await readlink(`/proc/self/fd/${fd}`));
  });

  it('refuses an instance that cannot be before anything is started', async () => {
    await expect(start('serve', {}, sampleSpec({ cpuCount: 0 }))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});
