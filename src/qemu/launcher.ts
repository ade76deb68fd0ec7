// SPDX-License-Identifier: Apache-2.0

// How QEMU is tied to its parent. QEMU notices that the QMP channel closed and runs on, so a parent
// that is killed would leave it behind. The kernel's parent death signal does not depend on anybody
// being alive to clean up; setpriv of util-linux (always there on Debian) sets it without native
// code.

/** A program and its arguments, for spawn. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
}

export interface LaunchOptions {
  /** The process whose death ends the program: the one that calls spawn. */
  readonly parentPid: number;
  /**
   * Words put before everything: a sandbox, another user, another namespace. They must end in exec
   * of what follows, not in fork, and leave the descriptors from 3 on open.
   */
  readonly launcher?: readonly string[];
}

// The signal is sent when the parent dies after it was set. A parent that died before has left us
// to another one, so $PPID is compared: then nothing is started at all.
const script = 'test "$PPID" = "$1" || exit 1; shift; exec "$@"';

/**
 * Wraps a program so that SIGKILL reaches it when the parent dies. It comes innermost, because the
 * kernel forgets the signal when the user changes. The signal belongs to the *thread* that spawned:
 * from a worker thread the program ends with the worker.
 */
export function wrapForParent(
  program: string,
  args: readonly string[],
  { parentPid, launcher = [] }: LaunchOptions,
): Launch {
  const untilParentDies = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const ifParentLives = ['sh', '-c', script, 'argon-launch', String(parentPid)];
  const [file = '', ...rest] = [
    ...launcher,
    ...untilParentDies,
    ...ifParentLives,
    program,
    ...args,
  ];
  return { file, args: rest };
}
