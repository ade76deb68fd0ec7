// SPDX-License-Identifier: Apache-2.0

// `argon run` with a QEMU that is none (fake-qemu.ts): everything of a run but the guest is real.

import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startArgon } from './argon.ts';
import { type Child, eventually } from './child.ts';
import { childrenOf } from './proc.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const fakeQemu = join(import.meta.dirname, 'fake-qemu.ts');

/** What a run is started in: a state folder, and another for sockets. */
export interface RunPlace extends TempDir {
  readonly sockets: string;
  readonly state: string;
  /** Starts `argon run` with these flags, on TCG and with a kernel that nobody boots. */
  start(flags: readonly string[], globalFlags?: readonly string[]): Child;
  /** The same without a kernel, for flags that say what to boot. */
  boot(flags: readonly string[]): Child;
  /** The folders of runs. */
  runs(): Promise<readonly string[]>;
  volumes(): Promise<readonly string[]>;
}

export async function createRunPlace(): Promise<RunPlace> {
  const dir = await createTempDir();
  const [bin, sockets] = [join(dir.path, 'bin'), join(dir.path, 's')];
  await mkdir(bin);
  await mkdir(sockets);
  const qemu = join(bin, 'qemu-system-x86_64');
  const node = `exec "${process.execPath}" --disable-warning=ExperimentalWarning`;
  await writeFile(
    qemu,
    '#!/bin/sh\n[ "$1" = --version ] && { echo "QEMU emulator version 7.2.22"; exit; }\n' +
      `${node} "${fakeQemu}" "$@"\n`,
  );
  await chmod(qemu, 0o755);
  const kernel = join(dir.path, 'kernel');
  const image = Buffer.alloc(1024);
  image.write('HdrS', 0x202, 'latin1');
  await writeFile(kernel, image);
  const state = join(dir.path, 'state');
  const listed = async (folder: string): Promise<readonly string[]> => {
    const names = await readdir(join(state, folder)).catch(() => []);
    return names.map((name) => join(state, folder, name));
  };
  const boot = (flags: readonly string[], globalFlags: readonly string[] = []): Child =>
    startArgon([...globalFlags, 'run', '--accel', 'tcg', ...flags], {
      state,
      env: { TMPDIR: sockets, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
  return {
    ...dir,
    sockets,
    state,
    start: (flags, globalFlags) => boot(['--kernel', kernel, ...flags], globalFlags),
    boot,
    runs: async () => listed('runs'),
    volumes: async () => (await listed('volumes')).filter((path) => path.includes('/vol')),
  };
}

/** The processes of a run whose guest is up: its card, and what stands in for QEMU. */
export async function partsOf(
  argon: Child,
): Promise<{ readonly card: number; readonly qemu: number }> {
  await argon.waitFor('stderr', /agent … ok/);
  return await eventually(async () => {
    const [card, qemu] = await childrenOf(argon.pid);
    return card === undefined || qemu === undefined ? undefined : { card, qemu };
  }, 'waiting for card and QEMU');
}
