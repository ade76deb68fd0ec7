// SPDX-License-Identifier: Apache-2.0

// The part of the tour that shows a whole host: the commands that a user types, one after the
// other, each by the program itself, in a state folder of their own. Whatever happens, the host is
// stopped and the folder removed at the end.

import { copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Cancellable } from '../base/deadline.ts';
import { ArgonError, errnoName } from '../base/errors.ts';
import { quoteForShell } from '../base/shell-quote.ts';
import { ensureStateSubdir, type StateDir } from '../base/state-dir.ts';
import { run } from '../base/subprocess.ts';
import { idOf } from './host/resources.ts';
import { withoutStamp } from './stage-printer.ts';

export interface HostTourOptions {
  /** Runs a command line of argon to its end and gives what it printed. */
  readonly argon: (args: readonly string[]) => Promise<string>;
  readonly say: (text: string) => Promise<void>;
}

/** Shows a host from its start to its end; a stop that shows a breach of a promise fails. */
export async function showHost({ argon, say }: HostTourOptions): Promise<void> {
  const show = async (...args: readonly string[]): Promise<string> => {
    await say(`\n   $ argon ${args.map(quoteForShell).join(' ')}\n`);
    const output = await argon(args);
    const text = output.trimEnd();
    if (text !== '') await say(`${text.replaceAll(/^(?=.)/gm, '   ')}\n`);
    return text;
  };
  await say('\n4. A whole host: a controller that listens, cards behind a backplane, guests.\n');
  await show('up', '--detach');
  const volume = await show('volume', 'create', '--size', '256MiB', '-o', 'name');
  const instance = await show('instance', 'create', '--image', 'tiny', '--start', '-o', 'name');
  await say(
    '\n   A volume is plugged into the running guest, which finds it by its serial number.\n',
  );
  await show('volume', 'attach', volume, instance);
  const serials = await show('exec', instance, '--', 'cat /sys/block/vd*/serial');
  if (!serials.includes(idOf(volume))) {
    throw new ArgonError('internal', `the guest does not find ${volume} by its serial number`);
  }
  await say('\n   It grows under the guest, and goes again.\n');
  await show('volume', 'resize', volume, '--size', '512MiB');
  await show('top', '--once');
  await show('ls');
  await show('volume', 'detach', volume);
  await show('instance', 'stop', instance);
  await show('down');
}

const program = fileURLToPath(new URL('main.ts', import.meta.url));

/** Shows a host in a folder below `stateDir`, with its images. */
export async function runHostTour(
  stateDir: StateDir,
  {
    say,
    onProgress,
    signal,
  }: Cancellable & {
    readonly say: HostTourOptions['say'];
    /** Told each line that a command writes to stderr. */
    readonly onProgress: (line: string) => void;
  },
): Promise<void> {
  const folder = join(stateDir, 'tour');
  const argon = async (args: readonly string[]): Promise<string> =>
    runArgon(args, folder, onProgress);
  await argon(['down', '--force']); // Of a tour that was killed.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  await symlink(await ensureStateSubdir(stateDir, 'images'), join(folder, 'images'));
  await copyIfThere(join(stateDir, 'accelerator.json'), join(folder, 'accelerator.json'));
  try {
    await showHost({
      say,
      argon: async (args) => {
        signal.throwIfAborted();
        return argon(args);
      },
    });
  } finally {
    await argon(['down', '--force']);
    await rm(folder, { recursive: true, force: true });
  }
}

async function runArgon(
  args: readonly string[],
  stateDir: string,
  onStderrLine: (line: string) => void,
): Promise<string> {
  const node = ['--disable-warning=ExperimentalWarning', program];
  const env = { ...process.env, ARGON_STATE: stateDir };
  return run(process.execPath, [...node, ...args], {
    env,
    // Without the time since that command began, beside the tour's own.
    onStderrLine: (line) => {
      onStderrLine(withoutStamp(line));
    },
  });
}

// What is known of the host's accelerator need not be found out again.
async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (thrown) {
    if (errnoName(thrown) !== 'ENOENT') throw thrown;
  }
}
