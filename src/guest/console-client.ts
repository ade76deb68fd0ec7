// SPDX-License-Identifier: Apache-2.0

// The tenant's end of a console: a terminal joined to a stream. Ctrl-] leaves. The terminal is as
// it was before on every way out, a thrown error and process.exit among them.

import type { Duplex, Readable, Writable } from 'node:stream';

import { abortable, type Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { consoleHello } from './console-server.ts';

/** What a terminal's input has; a pipe has no raw mode. process.stdin is one or the other. */
export interface TerminalInput extends Readable {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

export interface TerminalOutput extends Writable {
  readonly isTTY?: boolean;
}

export interface AttachOptions extends Cancellable {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
}

/** `left`: by Ctrl-]. `input-ended`: a pipe had no more. `closed`: the guest or its host ended. */
export type AttachEnd = 'left' | 'input-ended' | 'closed';

const leaveByte = 0x1d; // Ctrl-], as telnet and virsh have it.
const helloMaxBytes = 200;
// A guest may leave colors, a hidden cursor or no line wrap behind (SeaBIOS turns wrap off).
const restoreScreen = '\u001b[0m\u001b[?25h\u001b[?7h\r\n';

/**
 * Joins a terminal to a console that `stream` is connected to, until one side ends it. Whoever
 * calls has connected the stream; it is destroyed here.
 * @throws ArgonError failed-precondition if another session has the console; as `signal` ends.
 */
export async function attachConsole(stream: Duplex, options: AttachOptions): Promise<AttachEnd> {
  const { input, output, signal } = options;
  using scope = new DisposableStack();
  scope.defer(() => stream.destroy());
  const ended = Promise.withResolvers<AttachEnd>();
  const closed = (): void => {
    ended.resolve('closed');
  };
  stream.on('error', closed).on('end', closed).on('close', closed);
  const early = await abortable(readHello(stream), 'attaching to the console', { signal });

  rawMode(input, output, scope);
  output.write(early);
  stream.on('data', (bytes: Buffer) => {
    if (output.write(bytes)) return;
    stream.pause();
    output.once('drain', () => stream.resume());
  });
  stream.resume();
  const onInput = (chunk: Buffer | string): void => {
    const bytes = Buffer.from(chunk);
    const leaveAt = bytes.indexOf(leaveByte);
    if (leaveAt !== -1) ended.resolve('left');
    if (stream.write(leaveAt === -1 ? bytes : bytes.subarray(0, leaveAt))) return;
    input.pause();
    stream.once('drain', () => input.resume());
  };
  const onInputEnd = (): void => {
    ended.resolve('input-ended');
  };
  input.on('data', onInput).on('end', onInputEnd);
  scope.defer(() => {
    input.off('data', onInput).off('end', onInputEnd);
    input.pause(); // A terminal that is being read keeps the process alive.
  });
  return await abortable(ended.promise, 'attached to the console', { signal });
}

// The server's first line, and what came with it.
async function readHello(stream: Duplex): Promise<Buffer> {
  const line = Promise.withResolvers<Buffer>();
  let bytes = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.includes('\n') || bytes.length > helloMaxBytes) line.resolve(bytes);
  };
  const onEnd = (): void => {
    line.resolve(bytes);
  };
  stream.on('data', onData).on('end', onEnd).on('close', onEnd);
  try {
    return afterHello(await line.promise);
  } finally {
    stream.off('data', onData).off('end', onEnd).off('close', onEnd);
    stream.pause(); // Until somebody listens again.
  }
}

function afterHello(bytes: Buffer): Buffer {
  const lineEnd = bytes.indexOf('\n');
  const line = bytes.subarray(0, Math.max(lineEnd, 0)).toString('utf8').trim();
  if (line.startsWith(consoleHello.attached)) return bytes.subarray(lineEnd + 1);
  if (line.startsWith(consoleHello.busy)) {
    throw new ArgonError('failed-precondition', 'another session has the console', {
      hint: 'one session at a time; leave the other one with Ctrl-]',
    });
  }
  throw new ArgonError('unavailable', 'what answers on the console socket is not a console');
}

function rawMode(input: TerminalInput, output: TerminalOutput, scope: DisposableStack): void {
  if (input.isTTY !== true || input.setRawMode === undefined) return;
  const wasRaw = input.isRaw === true;
  const restore = (): void => {
    input.setRawMode?.(wasRaw);
    if (output.isTTY === true) output.write(restoreScreen);
  };
  // process.exit runs no finally block.
  process.once('exit', restore);
  scope.defer(() => {
    process.off('exit', restore);
    restore();
  });
  input.setRawMode(true);
}
