// SPDX-License-Identifier: Apache-2.0

// Sees HTTP/2 streams begin. grpc-js answers what it has no method for by itself, and no
// interceptor hears of it: such calls would count against no limit and be in no log. Node tells of
// every stream of a server before grpc-js has it (the diagnostics channel
// http2.server.stream.start), with the headers that grpc-js then goes by.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { isObject } from '../../base/parse.ts';

const channelName = 'http2.server.stream.start';
const pathHeader = ':path';

/** Where calls go that ask for what is not there. A route like others, that always refuses. */
export const unknownPath = '/argon.Unknown/Unknown';

/** What is no call of a method that is there. */
export type ForeignStream = 'unknown-method' | 'no-grpc';

export interface StreamWatchOptions {
  /** Whether the path is one of the server's. */
  readonly isRoute: (path: string) => boolean;
  /** Hears of each stream that is foreign, with the address of its connection. */
  readonly onForeign: (address: string, stream: ForeignStream) => void;
}

/** Sends calls of unknown methods to `unknownPath`, and tells of all that is foreign. */
export function watchStreams({ isRoute, onForeign }: StreamWatchOptions): Disposable {
  const onStart = (message: unknown): void => {
    const start = startOf(message);
    if (start === undefined) return;
    const { headers, address } = start;
    // grpc-js answers these with the status 415, as the protocol has it.
    if (!String(headers['content-type']).startsWith('application/grpc')) {
      onForeign(address, 'no-grpc');
    } else if (!isRoute(String(headers[pathHeader]))) {
      headers[pathHeader] = unknownPath;
      onForeign(address, 'unknown-method');
    }
  };
  subscribe(channelName, onStart);
  return {
    [Symbol.dispose]: () => {
      unsubscribe(channelName, onStart);
    },
  };
}

interface StreamStart {
  readonly headers: Record<string, unknown>;
  readonly address: string;
}

function startOf(message: unknown): StreamStart | undefined {
  if (!isObject(message)) return undefined;
  const { headers, stream } = message;
  const session = isObject(stream) ? stream['session'] : undefined;
  const socket = isObject(session) ? session['socket'] : undefined;
  const address = isObject(socket) ? socket['remoteAddress'] : undefined;
  return isHeaders(headers) && typeof address === 'string' ? { headers, address } : undefined;
}

function isHeaders(value: unknown): value is Record<string, unknown> {
  return isObject(value);
}
