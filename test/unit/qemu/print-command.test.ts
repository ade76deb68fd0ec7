// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { printCommand } from '../../../src/qemu/print-command.ts';
import { sampleDevice, sampleProgram, sampleSpec } from './samples.ts';

describe('printCommand', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'argon-print-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** Pastes the text into a shell in which QEMU only writes down its arguments. */
  async function paste(text: string): Promise<readonly string[]> {
    execFileSync('sh', ['-e'], { input: text, cwd: folder });
    return (await readFile(join(folder, 'args'), 'utf8')).split('\0').slice(0, -1);
  }

  async function fakeQemu(): Promise<string> {
    const program = join(folder, 'my qemu');
    await writeFile(program, `#!/bin/sh\nprintf '%s\\0' "$@" > args\n`);
    await chmod(program, 0o755);
    return program;
  }

  it('reaches QEMU as it was meant, with sockets and a terminal for the channels', async () => {
    const directory = join(folder, "it's, here");
    const spec = sampleSpec({ start: 'held', blockDevices: [sampleDevice()] });
    const program = sampleProgram(await fakeQemu());

    const args = await paste(printCommand(spec, program, { directory }));

    const escaped = directory.replaceAll(',', ',,');
    expect(args).toEqual(
      expect.arrayContaining([
        `socket,id=qmp,path=${escaped}/qmp.sock,server=on,wait=off`,
        'stdio,id=serial,mux=on,signal=off',
        `socket,id=agent,path=${escaped}/agent.sock,server=on,wait=off`,
        'console=ttyS0 panic=-1',
        'socket,id=root-socket,path=/run/argon/root.sock,reconnect=1',
      ]),
    );
    expect(args).not.toContain('-S');
    expect(args.filter((word) => word.includes('fd='))).toEqual([]);
  });

  it('shows where a descriptor came from and copies the variable store', async () => {
    const store = join(folder, 'store');
    await writeFile(store, 'variables');
    const directory = join(folder, 'run');
    const spec = sampleSpec({
      boot: {
        kind: 'firmware',
        code: { kind: 'fd', fd: 20, origin: '/fw/code.fd' },
        variables: { kind: 'fd', fd: 21, origin: store },
      },
    });

    const args = await paste(printCommand(spec, sampleProgram(await fakeQemu()), { directory }));

    expect(args).toContain('driver=file,node-name=firmware-code,filename=/fw/code.fd,read-only=on');
    expect(args).toContain(
      `driver=file,node-name=firmware-variables,filename=${directory}/variables.fd`,
    );
    expect(await readFile(join(directory, 'variables.fd'), 'utf8')).toBe('variables');
  });

  it('says in comments what differs and what must run first', () => {
    const spec = sampleSpec({ start: 'held', blockDevices: [sampleDevice()] });

    const comments = printCommand(spec, sampleProgram('qemu-system-x86_64'))
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .join('\n');

    expect(comments).toContain('QEMU 7.2.22');
    expect(comments).toContain('TCG');
    expect(comments).toContain('/tmp/argon-web-1/qmp.sock');
    expect(comments).toContain('held (-S)');
    expect(comments).toContain('root  /run/argon/root.sock');
  });

  it('keeps a line break in a path from ending a comment', async () => {
    const socketPath = '/run/a\ntouch hacked\n';
    const spec = sampleSpec({ blockDevices: [sampleDevice({ socketPath })] });

    const args = await paste(
      printCommand(spec, sampleProgram(await fakeQemu()), { directory: folder }),
    );

    expect(args).toContain(`socket,id=root-socket,path=${socketPath},reconnect=1`);
    await expect(readFile(join(folder, 'hacked'))).rejects.toThrow('ENOENT');
  });
});
