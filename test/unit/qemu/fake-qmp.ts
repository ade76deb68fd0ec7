// SPDX-License-Identifier: Apache-2.0

// QEMU's end of a QMP channel, in memory: greets, and answers each command as the test says.

import { type Duplex, duplexPair } from 'node:stream';

import { LineDecoder } from '../../../src/base/line-decoder.ts';
import { openQmp, type QmpClient, type TranscriptLine } from '../../../src/qemu/qmp-client.ts';

export interface FakeCommand {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly id: number;
}

/** What to answer: a return value, an error, or nothing at all. */
export type FakeAnswer =
  | { readonly return: unknown }
  | { readonly error: { readonly class: string; readonly desc: string } }
  | 'silence';

export const greeting = {
  QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: '' }, capabilities: ['oob'] },
};

export function refusal(desc: string, qmpClass = 'GenericError'): FakeAnswer {
  return { error: { class: qmpClass, desc } };
}

export class FakeQmp {
  /** The stream for the client. */
  readonly clientSide: Duplex;
  readonly commands: FakeCommand[] = [];
  /** Decides on the answer; without it every command succeeds with an empty object. */
  answer: (command: FakeCommand) => FakeAnswer = () => ({ return: {} });
  readonly #side: Duplex;

  constructor() {
    [this.clientSide, this.#side] = duplexPair();
    const lines = new LineDecoder(1_000_000);
    this.#side.on('data', (chunk: Buffer) => {
      for (const { text } of lines.push(chunk)) this.#handle(text);
    });
    this.#side.on('error', () => {});
  }

  /** The verbs that were asked for, without the negotiation. */
  get verbs(): readonly string[] {
    return this.commands.map(({ execute }) => execute).filter((v) => v !== 'qmp_capabilities');
  }

  send(...messages: readonly unknown[]): void {
    this.sendRaw(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''));
  }

  sendRaw(bytes: string | Uint8Array): void {
    this.#side.write(bytes);
  }

  sendEvent(event: string, data: Readonly<Record<string, unknown>> = {}): void {
    this.send({ event, data, timestamp: { seconds: 1_700_000_000, microseconds: 5 } });
  }

  hangUp(): void {
    this.#side.end();
  }

  #handle(line: string): void {
    if (!line.startsWith('{')) {
      this.send({ error: { class: 'GenericError', desc: 'JSON parse error' } });
      return;
    }
    const command = JSON.parse(line) as FakeCommand;
    this.commands.push({ ...command, arguments: command.arguments ?? {} });
    const answer = command.execute === 'qmp_capabilities' ? { return: {} } : this.answer(command);
    if (answer !== 'silence') this.send({ ...answer, id: command.id });
  }
}

/** A client that is ready, and the QEMU it talks to. */
export async function openFake(
  onTranscript: (line: TranscriptLine) => void = () => {},
): Promise<{ qemu: FakeQmp; qmp: QmpClient }> {
  const qemu = new FakeQmp();
  qemu.send(greeting);
  const signal = AbortSignal.timeout(300_000);
  return { qemu, qmp: await openQmp(qemu.clientSide, { signal, onTranscript }) };
}
