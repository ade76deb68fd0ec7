// SPDX-License-Identifier: Apache-2.0

// Blocks of pcapng files, as native/vpc/pcapng.cc writes them.

const headerBlockBytes = 28;

/** What a file of one interface begins with, and nothing in it but types and lengths. */
export function sampleHead(): Uint8Array {
  return Buffer.concat([block(0x0a0d0d0a, Buffer.alloc(16)), block(1, Buffer.alloc(8))]);
}

/** A frame with so many bytes of headers, all of them its number. */
export function sampleFrame(number: number, headerBytes = 42, lost = 0n): Uint8Array {
  const fixed = Buffer.alloc(headerBlockBytes - 8);
  fixed.writeUInt32LE(headerBytes, 12);
  fixed.writeUInt32LE(headerBytes + 100, 16);
  const headers = Buffer.alloc(Math.ceil(headerBytes / 4) * 4);
  headers.fill(number, 0, headerBytes);
  const flags = Buffer.from([2, 0, 4, 0, 1, 0, 0, 0]);
  const drops = Buffer.alloc(lost === 0n ? 0 : 12);
  if (lost !== 0n) {
    drops.writeUInt16LE(4, 0);
    drops.writeUInt16LE(8, 2);
    drops.writeBigUInt64LE(lost, 4);
  }
  return block(6, Buffer.concat([fixed, headers, flags, drops, Buffer.alloc(4)]));
}

function block(type: number, body: Buffer): Buffer {
  const length = body.length + 12;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(length, 4);
  body.copy(bytes, 8);
  bytes.writeUInt32LE(length, length - 4);
  return bytes;
}
