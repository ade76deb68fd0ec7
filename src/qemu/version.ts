// SPDX-License-Identifier: Apache-2.0

// Which QEMU this is, asked once, and what depends on the answer.

import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { run } from '../base/subprocess.ts';

export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
}

/** An installed QEMU. */
export interface QemuProgram {
  /** A name on the PATH or an absolute path. */
  readonly program: string;
  readonly version: QemuVersion;
  /** How its options are spelled. */
  readonly dialect: QemuDialect;
}

/** What changed between the versions that Argon runs on. All version tests are in this file. */
export interface QemuDialect {
  /** The socket chardev's option for reconnecting, for the command line and for QMP. */
  readonly reconnect: { readonly key: 'reconnect' | 'reconnect-ms'; readonly value: number };
}

const defaultProgram = 'qemu-system-x86_64';
const oldest: QemuVersion = { major: 7, minor: 2, micro: 0 }; // Debian 12's; older is untried.

/**
 * Asks QEMU for its version.
 * @throws ArgonError failed-precondition if QEMU is missing or older than 7.2.
 */
export async function detectQemu({
  signal,
  program = defaultProgram,
}: Cancellable & { readonly program?: string }): Promise<QemuProgram> {
  const version = parseQemuVersion(await run(program, ['--version'], { signal }));
  if (compareVersions(version, oldest) < 0) {
    throw new ArgonError(
      'failed-precondition',
      `${program} is version ${formatVersion(version)}; Argon needs ${formatVersion(oldest)}`,
      { hint: 'install the Debian package qemu-system-x86' },
    );
  }
  return { program, version, dialect: dialectOf(version) };
}

/** Reads the first line of `qemu-system-x86_64 --version`. */
export function parseQemuVersion(text: string): QemuVersion {
  const found = /^QEMU emulator version (\d+)\.(\d+)\.(\d+)/.exec(text);
  if (found === null) {
    throw new ArgonError('failed-precondition', 'the program named as QEMU does not say it is', {
      hint: 'its --version must begin with "QEMU emulator version"',
    });
  }
  const part = (index: number): number =>
    parseInteger(found[index], 'the version of QEMU', { min: 0, max: 1_000_000 });
  return { major: part(1), minor: part(2), micro: part(3) };
}

/** The spelling of the options under this version. */
export function dialectOf(version: QemuVersion): QemuDialect {
  // reconnect-ms came with 9.2, which deprecated reconnect; later versions drop the old name. The
  // value is one second for both: the backplane is what hides a card's restart, not this timer.
  const hasMilliseconds = compareVersions(version, { major: 9, minor: 2, micro: 0 }) >= 0;
  return {
    reconnect: hasMilliseconds
      ? { key: 'reconnect-ms', value: 1000 }
      : { key: 'reconnect', value: 1 },
  };
}

export function formatVersion({ major, minor, micro }: QemuVersion): string {
  return `${major}.${minor}.${micro}`;
}

/** Less than, equal to or greater than zero, as `left` is older, equal or newer. */
export function compareVersions(left: QemuVersion, right: QemuVersion): number {
  return left.major - right.major || left.minor - right.minor || left.micro - right.micro;
}
