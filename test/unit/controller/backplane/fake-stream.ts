// SPDX-License-Identifier: Apache-2.0

// The backplane's end of a connection: a test says what each request is answered with.

import type { FdFrame, NativeFdStream } from '../../../../src/native/addons.ts';
import { nativeError } from '../../fake-host.ts';

export interface FakeRequest {
  readonly number: number;
  readonly method: number;
  readonly payload: Buffer;
  readonly fds: readonly number[];
}

export interface FakeAnswer {
  readonly number?: number;
  readonly status?: number;
  readonly payload?: Uint8Array;
  readonly fds?: readonly number[];
}

export type Answerer = (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;

/** A frame as native/backplane/spec/control.h has it. */
export function frameOf(request: FakeRequest, answer: FakeAnswer): Buffer {
  const payload = answer.payload ?? new Uint8Array();
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0x0001_4241, 0);
  header.writeUInt32LE(payload.length, 4);
  header.writeUInt32LE(answer.number ?? request.number, 8);
  header.writeUInt16LE(request.method, 12);
  header.writeUInt16LE(answer.status ?? 0, 14);
  return Buffer.concat([header, payload]);
}

export class FakeStream implements NativeFdStream {
  readonly requests: FakeRequest[] = [];
  underWayMax = 0;
  isClosed = false;
  readonly #answer: Answerer;
  #underWay = 0;

  constructor(answer: Answerer) {
    this.#answer = answer;
  }

  async open(): Promise<void> {}

  async exchange({ bytes, fds }: FdFrame): Promise<FdFrame> {
    if (this.isClosed) throw nativeError('closed', 'the connection was closed');
    const frame = Buffer.from(bytes);
    const request = {
      number: frame.readUInt32LE(8),
      method: frame.readUInt16LE(12),
      payload: frame.subarray(16),
      fds,
    };
    this.requests.push(request);
    this.#underWay += 1;
    this.underWayMax = Math.max(this.underWayMax, this.#underWay);
    try {
      const answer = await this.#answer(request);
      return { bytes: frameOf(request, answer), fds: answer.fds ?? [] };
    } finally {
      this.#underWay -= 1;
    }
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Greets, as a backplane does. */
export function greeting(pid: number, version = 1): FakeAnswer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32LE(version, 0);
  payload.writeUInt32LE(pid, 4);
  return { payload };
}
