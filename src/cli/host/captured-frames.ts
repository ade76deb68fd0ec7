// SPDX-License-Identifier: Apache-2.0

// Frames out of a capture's pcapng file as it comes, piece by piece, for people who look on.

/** The headers of a frame. */
export interface CapturedFrame {
  readonly timeMs: number;
  /** Seen from the guest. */
  readonly direction: 'in' | 'out';
  /** Of the whole frame. */
  readonly lengthBytes: number;
  readonly headers: DataView;
}

const enhancedPacket = 6;
const blockHeaderBytes = 8;
const packetHeaderBytes = 28;
const optionHeaderBytes = 4;
const flagsOption = 2;
const inbound = 1;
const nsPerMs = 1_000_000n;

export class CapturedFrames {
  #rest: Uint8Array = new Uint8Array();

  /** The frames that are whole with these bytes. They are a host's that was asked for them. */
  push(bytes: Uint8Array): readonly CapturedFrame[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const frames: CapturedFrame[] = [];
    let start = 0;
    while (start + blockHeaderBytes <= all.length) {
      const end = start + view.getUint32(start + 4, true);
      if (end <= start || end > all.length) break;
      if (view.getUint32(start, true) === enhancedPacket) {
        frames.push(frameOf(new DataView(all.buffer, all.byteOffset + start, end - start)));
      }
      start = end;
    }
    this.#rest = all.subarray(start);
    return frames;
  }
}

function frameOf(block: DataView): CapturedFrame {
  const ns = BigInt(block.getUint32(12, true)) * 2n ** 32n + BigInt(block.getUint32(16, true));
  const headerBytes = block.getUint32(20, true);
  return {
    timeMs: Number(ns / nsPerMs),
    direction: directionOf(block, packetHeaderBytes + Math.ceil(headerBytes / 4) * 4),
    lengthBytes: block.getUint32(24, true),
    headers: new DataView(block.buffer, block.byteOffset + packetHeaderBytes, headerBytes),
  };
}

function directionOf(block: DataView, firstOption: number): 'in' | 'out' {
  let place = firstOption;
  while (place + 2 * optionHeaderBytes <= block.byteLength) {
    if (block.getUint16(place, true) === flagsOption) {
      return (block.getUint32(place + optionHeaderBytes, true) & 3) === inbound ? 'in' : 'out';
    }
    place += optionHeaderBytes + Math.ceil(block.getUint16(place + 2, true) / 4) * 4;
  }
  return 'out';
}
