// SPDX-License-Identifier: Apache-2.0

// Asks a served device, at the socket of `argon serve block --control`.

import { once } from 'node:events';
import { createConnection } from 'node:net';

import { abortable, type Cancellable, deadlineSignal } from '../base/deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { LineDecoder } from '../base/line-decoder.ts';
import { type JsonObject, parseJson, parseObject, parseString } from '../base/parse.ts';
import { parseCode } from '../card/bus/messages.ts';
import type { ControlMethod } from '../card/control.ts';

export interface ControlCall {
  readonly method: ControlMethod;
  readonly params: JsonObject;
}

// Metrics of 256 queues, in all of whose histograms each bucket was hit, stay below this; all other
// answers are far smaller.
const answerMaxBytes = 64 * 1024 * 1024;
const timeoutMs = 30_000; // A power cut writes what survives first.

/**
 * Sends one request and returns the value of its answer.
 * @throws ArgonError as the device refused, or unavailable if nothing listens.
 */
export async function callControl(
  socketPath: string,
  call: ControlCall,
  scope: Cancellable,
): Promise<JsonObject> {
  const signal = deadlineSignal(timeoutMs, scope.signal);
  const line = await abortable(exchange(socketPath, call, signal), 'asking the device', { signal });
  const answer = parseObject(parseJson(line, 'the answer'), 'the answer');
  if (answer['error'] === undefined) return parseObject(answer['value'], 'the value');
  const error = parseObject(answer['error'], 'the error');
  throw new ArgonError(
    parseCode(error['code']),
    parseString(error['message'], 'the message'),
    error['hint'] === undefined ? {} : { hint: parseString(error['hint'], 'the hint') },
  );
}

async function exchange(
  socketPath: string,
  call: ControlCall,
  signal: AbortSignal,
): Promise<string> {
  const socket = createConnection(socketPath);
  using scope = new DisposableStack();
  scope.defer(() => socket.destroy());
  try {
    await once(socket, 'connect', { signal });
    socket.write(`${JSON.stringify(call)}\n`);
    const decoder = new LineDecoder(answerMaxBytes);
    for await (const chunk of socket) {
      const [line] = chunk instanceof Uint8Array ? decoder.push(chunk) : [];
      if (line !== undefined) return line.text;
    }
  } catch (cause) {
    const errno = errnoName(cause);
    if (errno === undefined) throw cause;
    throw new ArgonError(codeOfErrno(errno), `nothing answers at ${socketPath} (${errno})`, {
      cause,
      hint: 'start the device with argon serve block --control PATH',
    });
  }
  throw new ArgonError('unavailable', `the device at ${socketPath} closed without an answer`);
}
