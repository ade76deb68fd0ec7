// SPDX-License-Identifier: Apache-2.0

// HTTP/2 frames by hand (RFC 9113, RFC 7541), for what no client library sends.

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const frameTypes = { HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, CONTINUATION: 9 } as const;

const END_HEADERS = 4;

function frame(
  type: keyof typeof frameTypes,
  { stream, flags = 0 }: { readonly stream: number; readonly flags?: number },
  payload: Uint8Array,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(frameTypes[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What a client says first. */
export function greeting(): Buffer {
  return Buffer.concat([preface, frame('SETTINGS', { stream: 0 }, new Uint8Array())]);
}

// A literal field that is not indexed, with a new name: RFC 7541 section 6.2.2. Lengths below 127.
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name, 'latin1'),
    Buffer.from([value.length]),
    Buffer.from(value, 'latin1'),
  ]);
}

/** The headers of a call. */
export function callHeaders(path: string): Buffer {
  return Buffer.concat([
    literal(':method', 'POST'),
    literal(':scheme', 'http'),
    literal(':path', path),
    literal(':authority', 'localhost'),
    literal('content-type', 'application/grpc'),
    literal('te', 'trailers'),
  ]);
}

/** A header of a hundred bytes. */
export const fatHeader = literal('x-fat', 'x'.repeat(93));

export function headersFrame(stream: number, block: Uint8Array, flags = END_HEADERS): Buffer {
  return frame('HEADERS', { stream, flags }, block);
}

/** Goes on with headers that did not end. */
export function continuationFrame(stream: number, block: Uint8Array): Buffer {
  return frame('CONTINUATION', { stream }, block);
}

export function resetFrame(stream: number): Buffer {
  return frame('RST_STREAM', { stream }, Buffer.from([0, 0, 0, 8])); // CANCEL
}

export function pingFrame(): Buffer {
  return frame('PING', { stream: 0 }, Buffer.alloc(8));
}
