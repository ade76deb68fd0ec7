// SPDX-License-Identifier: Apache-2.0

// The QEMU guest agent's protocol on the wire: one JSON object a line, and a byte 0xFF, which UTF-8
// never has, as the mark from which on a reader may trust the stream again.

import { type DecodedLine, LineDecoder } from '../base/line-decoder.ts';
import { isObject, type JsonObject } from '../base/parse.ts';

/** What arrives from a guest. `garbage`: half a line of an agent that died, or anything hostile. */
export type AgentMessage =
  | { readonly kind: 'delimiter' }
  | { readonly kind: 'return'; readonly value: unknown }
  | { readonly kind: 'error'; readonly agentClass: string; readonly description: string }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'too-long' };

const delimiter = 0xff;

/** Cuts the agent's byte stream into messages, however the bytes arrive. Never throws. */
export class AgentDecoder {
  readonly #lines: LineDecoder;

  constructor(replyMaxBytes: number) {
    this.#lines = new LineDecoder(replyMaxBytes);
  }

  push(chunk: Uint8Array): readonly AgentMessage[] {
    // untrusted: what the guest sends.
    const messages: AgentMessage[] = [];
    let from = 0;
    for (let end = chunk.indexOf(delimiter); end !== -1; end = chunk.indexOf(delimiter, from)) {
      messages.push(...this.#decode(chunk.subarray(from, end)), { kind: 'delimiter' });
      this.#lines.reset();
      from = end + 1;
    }
    messages.push(...this.#decode(chunk.subarray(from)));
    return messages;
  }

  #decode(bytes: Uint8Array): readonly AgentMessage[] {
    return this.#lines
      .push(bytes)
      .filter(({ text }) => text !== '')
      .map(readLine);
  }
}

/** The bytes that run a command. */
export function encodeAgentCommand(verb: string, args?: JsonObject): string {
  const given = args === undefined ? {} : { arguments: args };
  return `${JSON.stringify({ execute: verb, ...given })}\n`;
}

/** The bytes that make the agent forget half a command and answer with a delimiter before `id`. */
export function encodeSync(id: number): Buffer {
  const command = encodeAgentCommand('guest-sync-delimited', { id });
  return Buffer.concat([Buffer.of(delimiter), Buffer.from(command)]);
}

function readLine({ text, isCut }: DecodedLine): AgentMessage {
  if (isCut) return { kind: 'too-long' };
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { kind: 'garbage' };
  }
  if (!isObject(message)) return { kind: 'garbage' };
  if ('return' in message) return { kind: 'return', value: message['return'] };
  const error = message['error'];
  if (!isObject(error)) return { kind: 'garbage' };
  return {
    kind: 'error',
    agentClass: typeof error['class'] === 'string' ? error['class'] : 'GenericError',
    description: typeof error['desc'] === 'string' ? error['desc'] : 'no reason given',
  };
}
