// SPDX-License-Identifier: Apache-2.0

// The tenant's side of an instance: its console and the agent in it, at sockets of their own. No
// management call is behind it (claim D13), and it works while the controller is asked nothing.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { abortable, type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError, errnoName } from '../../base/errors.ts';
import { locateHost } from '../../base/host-paths.ts';
import { GuestAgent } from '../../guest/agent.ts';
import { openAgentSession } from '../../guest/agent-session.ts';
import { type CommandResult, runInGuest } from '../../guest/exec.ts';
import { type CommandContext, withHost } from '../context.ts';
import { joinConsoleAt } from '../run/terminal.ts';
import { fullNameOf, idOf, resolveName } from './resources.ts';

// What a person takes for silence; a turn that is free is given in a moment.
const defaultNoteAfterMs = 2_000;

export interface RunOptions {
  readonly timeoutMs: number;
  /** When a user is told that another command has the agent. */
  readonly noteAfterMs?: number;
}

/** Joins the terminal to an instance's console until the user leaves or the guest ends. */
export async function joinTenantConsole(context: CommandContext, text: string): Promise<void> {
  const id = await instanceId(context, text);
  const paths = await locateHost(context.stateDir);
  const end = await joinConsoleAt(paths.tenantSocket(id, 'console'), context);
  if (end === 'closed') context.stages.note('the guest ended');
}

/**
 * Runs a shell command in an instance; waits for its agent, which comes up last at a boot.
 * @throws ArgonError unavailable if the instance does not run; resource-exhausted if too many wait
 * for its agent; deadline-exceeded.
 */
export async function runInInstance(
  context: CommandContext,
  text: string,
  command: string,
  { timeoutMs, noteAfterMs = defaultNoteAfterMs }: RunOptions,
): Promise<CommandResult> {
  const signal = deadlineSignal(timeoutMs, context.signal);
  const id = await instanceId(context, text);
  const paths = await locateHost(context.stateDir);
  const socket = await connectTenant(paths.tenantSocket(id, 'agent'), id, { signal });
  try {
    await waitForTurn(context, socket, { id, noteAfterMs, signal });
    using agent = new GuestAgent(socket);
    await agent.waitUntilUp({ signal });
    return await runInGuest(agent, command, { signal });
  } finally {
    socket.destroy();
  }
}

// Commands in one guest run one after another; whoever waits for longer than that is told why.
async function waitForTurn(
  { stages }: CommandContext,
  socket: Socket,
  { id, noteAfterMs, signal }: Cancellable & { readonly id: string; readonly noteAfterMs: number },
): Promise<void> {
  const waited = new AbortController();
  const note = sleep(noteAfterMs, undefined, { signal: waited.signal }).then(
    () => stages.note(`waiting: another command runs in ${id}`),
    () => {}, // It was its turn.
  );
  try {
    await openAgentSession(socket, { signal });
  } finally {
    waited.abort();
    await note;
  }
}

// Asks the host only about display names.
async function instanceId(context: CommandContext, text: string): Promise<string> {
  const name =
    fullNameOf('instance', text) ??
    (await withHost(context, async (client) => resolveName(client, 'instance', text, context)));
  return idOf(name);
}

async function connectTenant(path: string, id: string, { signal }: Cancellable): Promise<Socket> {
  const socket = connect(path);
  try {
    await abortable(once(socket, 'connect'), 'connecting to the guest agent', { signal });
    return socket;
  } catch (cause) {
    socket.destroy();
    if (errnoName(cause) === undefined) throw cause;
    throw new ArgonError('unavailable', `instance ${id} does not run`, {
      cause,
      hint: `argon instance start ${id} starts it`,
    });
  }
}
