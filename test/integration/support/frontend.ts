// SPDX-License-Identifier: Apache-2.0

// Our own front end, connected to a back end for as long as a test has it.

import type { NativeBlockFrontend } from '../../../src/native/addons.ts';
import { loadFrontendAddon } from '../../../src/native/binding.ts';

export interface FrontendOptions {
  readonly queues?: number;
  readonly queueSize?: number;
  readonly arenaBytes?: bigint;
  /** Another back end can take over in the middle of requests. */
  readonly tracksInflight?: boolean;
}

const everyFeature = 2n ** 64n - 1n;

/** The driver side of one connection, with its data as bytes. */
export class Frontend implements AsyncDisposable {
  readonly native: NativeBlockFrontend;

  constructor(native: NativeBlockFrontend) {
    this.native = native;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = await this.native.read(BigInt(offset), length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    await this.native.write(BigInt(offset), { bytes });
  }

  async flush(): Promise<void> {
    await this.native.flush();
  }

  /** What GET_ID answers: the volume's id, filled up with zeros. */
  async identify(): Promise<string> {
    return Buffer.from(await this.native.identify())
      .toString('latin1')
      .replace(/\0+$/, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.native.close();
  }
}

/** Connects and starts the rings; `await using` closes the connection. */
export async function connectFrontend(
  socketPath: string,
  options: FrontendOptions = {},
): Promise<Frontend> {
  const native = new (loadFrontendAddon().BlockFrontend)();
  await native.connect({
    socketPath,
    queues: 1,
    queueSize: 128,
    arenaBytes: 4n * 1024n * 1024n,
    features: everyFeature,
    ...options,
  });
  return new Frontend(native);
}

/** Bytes that differ in every 16 of them and for every seed. */
export function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 8 <= length; at += 8) {
    bytes.writeUInt32LE(at, at);
    bytes.writeUInt32LE(Math.imul(seed + 1, 0x9e_37_79_b1) >>> 0, at + 4);
  }
  return bytes;
}
