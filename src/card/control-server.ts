// SPDX-License-Identifier: Apache-2.0

// Offers the controls of a device on a unix socket of mode 0600. It only listens. Requests and
// answers are lines of JSON; on one connection they come and go one after another:
//
//     {"method": "limit.set", "params": {"scope": "volume", "spec": "iops=100"}}
//     {"value": {}}    or    {"error": {"code": "…", "message": "…", "hint": "…"}}
//
// Every call is logged, refused ones too.

import { createServer, type Server, type Socket } from 'node:net';

import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { LineDecoder } from '../base/line-decoder.ts';
import type { Logger } from '../base/log.ts';
import { type JsonObject, parseChoice, parseJson, parseObject } from '../base/parse.ts';
import { type ControlTarget, controlMethods, handleControl } from './control.ts';

/** Longer requests are refused. Arbitrary; a request is a few hundred bytes. */
export const controlLineMaxBytes = 16 * 1024;
// Enough for a few operators and tests at once.
const connectionCountMax = 16;

/**
 * Starts to listen; disposing it ends every connection and takes the socket away.
 * @throws ArgonError as the path cannot be listened at.
 */
export async function serveControl(
  socketPath: string,
  target: ControlTarget,
  logger: Logger,
): Promise<AsyncDisposable> {
  const listener = new ControlListener(target, logger);
  await listener.listen(socketPath);
  return listener;
}

class ControlListener implements AsyncDisposable {
  readonly #target: ControlTarget;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | undefined;

  constructor(target: ControlTarget, logger: Logger) {
    this.#target = target;
    this.#logger = logger;
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
  }

  async listen(socketPath: string): Promise<void> {
    const listening = Promise.withResolvers<void>();
    this.#server.once('error', listening.reject);
    // The socket is made within listen(), and must never have another mode.
    const mask = process.umask(0o177);
    try {
      this.#server.listen(socketPath, () => {
        listening.resolve();
      });
    } finally {
      process.umask(mask);
    }
    try {
      await listening.promise;
    } catch (cause) {
      const errno = errnoName(cause) ?? 'unknown error';
      const message = `the control socket ${socketPath} cannot be opened (${errno})`;
      throw new ArgonError(codeOfErrno(errno), message, {
        cause,
        hint: 'give --control a path in a folder that exists; delete a socket that was left behind',
      });
    }
    // What goes wrong with one connection is that connection's.
    this.#server.on('error', () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => {
      closed.resolve();
    });
    await closed.promise;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {}); // Its close event follows.
    if (this.#sockets.size >= connectionCountMax) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
    });
    this.#converse(socket).catch(() => {
      socket.destroy(); // The peer left in the middle.
    });
  }

  async #converse(socket: Socket): Promise<void> {
    const decoder = new LineDecoder(controlLineMaxBytes);
    for await (const chunk of socket) {
      // untrusted: whoever may open the socket.
      for (const { text, isCut } of decoder.push(bytesOf(chunk))) {
        // What was cut off is no JSON any more, and is refused as such.
        socket.write(`${await this.#answer(isCut ? '' : text)}\n`);
      }
    }
  }

  async #answer(line: string): Promise<string> {
    let call: JsonObject = {};
    try {
      call = parseObject(parseJson(line, 'the request'), 'the request');
      const value = await this.#handle(call);
      this.#logger.info({ call }, 'control: done');
      return JSON.stringify({ value }, plain);
    } catch (thrown) {
      const { code, message, hint } = ArgonError.from(thrown);
      this.#logger.warn({ call, code }, `control: refused: ${message}`);
      return JSON.stringify({ error: { code, message, hint } });
    }
  }

  async #handle(call: JsonObject): Promise<unknown> {
    const unknown = Object.keys(call).find((name) => name !== 'method' && name !== 'params');
    if (unknown !== undefined) {
      throw new ArgonError('invalid-argument', `"${unknown}" is not part of a request`);
    }
    const method = parseChoice(call['method'], 'method', controlMethods);
    const params = call['params'] === undefined ? {} : parseObject(call['params'], 'params');
    return handleControl(this.#target, method, params);
  }
}

// A stream may hand out text or objects too; this one was given no encoding.
function bytesOf(chunk: unknown): Uint8Array {
  if (!(chunk instanceof Uint8Array)) throw new TypeError('the control socket is no byte stream');
  return chunk;
}

// Counts are exact: as numbers while JSON's hold them, as digits beyond.
function plain(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}
