// SPDX-License-Identifier: Apache-2.0

// The tenant's end of an agent socket: waits for its turn at the port.

import type { Duplex } from 'node:stream';

import { abortable, type Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { agentHello } from './agent-server.ts';

const helloMaxBytes = 256;

/**
 * Reads the server's first line from a socket that is connected to an agent socket. Afterwards the
 * socket is the port of the guest's agent, for `new GuestAgent(socket)`.
 * @throws ArgonError unavailable if the guest ends, resource-exhausted if too many wait.
 */
export async function openAgentSession(socket: Duplex, { signal }: Cancellable): Promise<void> {
  const line = await abortable(readLine(socket), "waiting for the guest's agent", { signal });
  if (line.startsWith(agentHello.attached)) return;
  if (line.startsWith(agentHello.busy)) {
    throw new ArgonError('resource-exhausted', "too many wait for the guest's agent", {
      hint: 'try again when other commands in this guest have ended',
    });
  }
  throw new ArgonError('data-loss', 'this is no agent socket');
}

// No further than the line: what follows is the port's.
async function readLine(socket: Duplex): Promise<string> {
  const line = Promise.withResolvers<string>();
  let text = '';
  const onReadable = (): void => {
    for (let byte = read(socket); byte !== undefined; byte = read(socket)) {
      if (byte === '\n' || text.length >= helloMaxBytes) {
        line.resolve(text);
        return;
      }
      text += byte;
    }
  };
  const onEnd = (): void => {
    line.reject(new ArgonError('unavailable', 'the guest has ended'));
  };
  socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onEnd);
  try {
    return await line.promise;
  } finally {
    socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onEnd);
    socket.on('error', () => {}); // Its end says it all.
  }
}

function read(socket: Duplex): string | undefined {
  const byte: unknown = socket.read(1);
  return byte instanceof Uint8Array ? String.fromCodePoint(byte[0] ?? 0) : undefined;
}
