// SPDX-License-Identifier: Apache-2.0

// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), as native/vpc/pcapng.cc writes them:
// little-endian, each with its length at both ends.

/** What of some blocks there is room for. */
export interface FittingBlocks {
  readonly bytes: number;
  readonly frames: number;
  /** Before one of these frames, for want of room. */
  readonly framesLost: bigint;
  /** Which bound there is no room beyond. */
  readonly bound: 'frames' | 'bytes' | undefined;
}

const enhancedPacket = 6; // 4.3
const packetHeaderBytes = 28;
const dropCountOption = 4;
const optionHeaderBytes = 4;

/**
 * How many of the blocks, from the first on, stay below both bounds.
 * @throws RangeError if they are no blocks.
 */
export function fitBlocks(
  blocks: Uint8Array,
  { framesMax, bytesMax }: { readonly framesMax: number; readonly bytesMax: number },
): FittingBlocks {
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  let [bytes, frames, framesLost] = [0, 0, 0n];
  while (bytes < blocks.length) {
    const blockBytes = view.getUint32(bytes + 4, true);
    if (blockBytes === 0) throw new RangeError('a block of a pcapng file has no length');
    if (frames === framesMax) return { bytes, frames, framesLost, bound: 'frames' };
    if (bytes + blockBytes > bytesMax) return { bytes, frames, framesLost, bound: 'bytes' };
    if (view.getUint32(bytes, true) === enhancedPacket) {
      frames += 1;
      framesLost += dropCountOf(view, bytes, blockBytes);
    }
    bytes += blockBytes;
  }
  return { bytes, frames, framesLost, bound: frames === framesMax ? 'frames' : undefined };
}

function dropCountOf(view: DataView, start: number, blockBytes: number): bigint {
  const headerBytes = view.getUint32(start + 20, true);
  const end = start + blockBytes - optionHeaderBytes;
  let place = start + packetHeaderBytes + padded(headerBytes);
  while (place < end) {
    const code = view.getUint16(place, true);
    if (code === dropCountOption) return view.getBigUint64(place + optionHeaderBytes, true);
    place += optionHeaderBytes + padded(view.getUint16(place + 2, true));
  }
  return 0n;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
