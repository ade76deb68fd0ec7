// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { connect } from 'node:net';

import { abortable, type Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { attachConsole } from '../../guest/console-client.ts';
import type { CommandContext } from '../context.ts';
import { writeAll } from '../output.ts';

const leaveHint = "This is the guest's console. Ctrl-] leaves it.\n";

/** Joins the terminal to a console socket until the user leaves or the guest ends. */
export async function joinConsoleAt(
  socketPath: string,
  { signal }: Cancellable,
): Promise<'left' | 'input-ended' | 'closed'> {
  const socket = connect(socketPath);
  try {
    await abortable(once(socket, 'connect'), 'connecting to the console', { signal });
  } catch (cause) {
    socket.destroy();
    throw new ArgonError('unavailable', 'the console cannot be reached', {
      cause,
      hint: 'the guest may just have ended',
    });
  }
  await writeAll(process.stderr, leaveHint);
  return attachConsole(socket, { input: process.stdin, output: process.stdout, signal });
}

/** With a terminal: the console until the user leaves. Without: nothing. */
export async function joinConsole(
  guest: { readonly consoleSocket: string },
  context: CommandContext,
): Promise<void> {
  if (!process.stdin.isTTY) return;
  await joinConsoleAt(guest.consoleSocket, { signal: context.signal });
}
