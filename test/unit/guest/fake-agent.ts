// SPDX-License-Identifier: Apache-2.0

// The guest's end of the agent port, in memory: it syncs as qemu-ga does and answers the rest as
// the test says.

import { type Duplex, duplexPair } from 'node:stream';

import { LineDecoder } from '../../../src/base/line-decoder.ts';
import { type AgentOptions, GuestAgent } from '../../../src/guest/agent.ts';

export interface FakeRequest {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export type FakeReply =
  | { readonly return: unknown }
  | { readonly error: { readonly class: string; readonly desc: string } }
  | 'silence';

export class FakeAgent {
  readonly requests: FakeRequest[] = [];
  /** Decides on the reply; without it every command succeeds with an empty object. */
  reply: (request: FakeRequest) => FakeReply = () => ({ return: {} });
  /** Called before a sync is answered. */
  onSync: () => void = () => {};
  /** Whether the agent runs at all; what comes while it does not is lost. */
  isUp = true;
  readonly #side: Duplex;
  readonly #lines = new LineDecoder(100_000_000);

  constructor(side: Duplex) {
    this.#side = side;
    side.on('data', (chunk: Buffer) => {
      this.#handleChunk(chunk);
    });
    side.on('error', () => {});
  }

  /** The verbs that were asked for, without the syncs. */
  get verbs(): readonly string[] {
    return this.requests.map(({ execute }) => execute).filter((v) => v !== 'guest-sync-delimited');
  }

  get syncCount(): number {
    return this.requests.length - this.verbs.length;
  }

  send(message: unknown): void {
    this.sendRaw(`${JSON.stringify(message)}\n`);
  }

  sendRaw(bytes: string | Uint8Array): void {
    this.#side.write(bytes);
  }

  hangUp(): void {
    this.#side.end();
  }

  #handleChunk(chunk: Buffer): void {
    if (!this.isUp) return;
    const from = chunk.lastIndexOf(0xff);
    if (from !== -1) this.#lines.reset();
    for (const { text } of this.#lines.push(chunk.subarray(from + 1))) this.#handle(text);
  }

  #handle(line: string): void {
    const { execute, arguments: args = {} } = JSON.parse(line) as Partial<FakeRequest>;
    const request = { execute: execute ?? '', arguments: args };
    this.requests.push(request);
    if (request.execute === 'guest-sync-delimited') {
      this.onSync();
      this.sendRaw(Buffer.of(0xff));
      this.send({ return: args['id'] });
      return;
    }
    const reply = this.reply(request);
    if (reply !== 'silence') this.send(reply);
  }
}

/** A client, and the agent it talks to. */
export function openFakeAgent(options: AgentOptions = {}): { agent: GuestAgent; guest: FakeAgent } {
  const [ours, theirs] = duplexPair();
  const quick = { syncIntervalMs: 10, shutdownGraceMs: 10, ...options };
  return { agent: new GuestAgent(ours, quick), guest: new FakeAgent(theirs) };
}

/** What guest-exec-status says of a program that ended by itself. */
export function exited(
  exitcode: number,
  more: Readonly<Record<string, unknown>> = {},
): { return: unknown } {
  return { return: { exited: true, exitcode, ...more } };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
