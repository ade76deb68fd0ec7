// SPDX-License-Identifier: Apache-2.0

// QEMU that outlives whoever starts it (design record 0013). Its channels are descriptors that the
// caller made and keeps the other ends of; its complaints go to a file.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { type Cancellable, throwIfEnded } from '../base/deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { buildCommandLine } from './command-line.ts';
import type { MachineSpec } from './machine-spec.ts';
import type { ProcessEnd } from './start-failure.ts';
import type { QemuProgram } from './version.ts';

/** QEMU's ends of its channels; they stay the caller's to close. */
export interface ChannelFds {
  readonly qmp: number;
  readonly serial: number;
  readonly agent: number;
}

export interface DetachedOptions extends Cancellable {
  readonly channels: ChannelFds;
  /** A file that QEMU's stderr goes to. */
  readonly stderrFd: number;
  /** Words before QEMU's own: a sandbox that ends in exec and leaves descriptors open. */
  readonly launcher?: readonly string[];
}

export interface DetachedQemu {
  readonly pid: number;
  /** Resolves when the process has ended, while this process is there to see it. */
  readonly ended: Promise<ProcessEnd>;
}

/**
 * Starts QEMU; it may not have read its arguments yet when this returns.
 * @throws ArgonError if there is no such program, or the machine cannot be.
 */
export async function spawnQemu(
  spec: MachineSpec,
  qemu: QemuProgram,
  { channels, stderrFd, launcher = [], signal }: DetachedOptions,
): Promise<DetachedQemu> {
  const { args, fileFds } = buildCommandLine(spec, qemu.dialect);
  throwIfEnded(signal, 'starting QEMU');
  const [file = '', ...rest] = [...launcher, qemu.program, ...args];
  const { qmp, serial, agent } = channels;
  const child = spawn(file, rest, {
    stdio: ['ignore', 'ignore', stderrFd, qmp, serial, agent, ...fileFds],
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }, // The caller's may hold secrets.
  });
  const ended = Promise.withResolvers<ProcessEnd>();
  child.on('exit', (code, endSignal) => {
    if (code !== null) ended.resolve({ kind: 'code', code });
    else ended.resolve({ kind: 'signal', signal: endSignal ?? 'unknown' });
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    const errno = errnoName(cause);
    throw new ArgonError(
      errno === 'ENOENT' ? 'failed-precondition' : codeOfErrno(errno),
      `QEMU for instance ${spec.name} could not be started (${errno ?? 'unknown error'})`,
      { cause, hint: 'run ./setup, which installs QEMU' },
    );
  }
  child.unref(); // The caller may end before it.
  return { pid: child.pid ?? 0, ended: ended.promise };
}
