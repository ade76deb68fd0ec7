// SPDX-License-Identifier: Apache-2.0

// Captures as they go over the card bus.

import type { CaptureReading as Message } from '../../api/generated/argon/card/v1/card-capture.ts';
import type { Init } from '../../api/schema.ts';
import { captureEnds, wordOf } from './words.ts';

/** What a capture has at most: it ends with the first that is reached. */
export interface CaptureBounds {
  readonly framesMax: number;
  /** Of the file. */
  readonly bytesMax: number;
  readonly secondsMax: number;
}

/** A capture of headers of an interface. */
export interface CaptureOptions extends CaptureBounds {
  /** `cap-…`; whoever asks for it makes it up, and no two have the same. */
  readonly capture: string;
  /** The interface, and its number. */
  readonly interface: string;
  readonly index: number;
}

/** Why a capture has ended. `abandoned`: nobody read it any more. */
export type CaptureEnd =
  | 'frames'
  | 'bytes'
  | 'time'
  | 'stopped'
  | 'abandoned'
  | 'interface-gone'
  | 'failed';

/** What there is of a capture. */
export interface CaptureReading {
  /** Undefined while it goes on. */
  readonly end: CaptureEnd | undefined;
  readonly frames: number;
  /** For want of room on their way; at least so many. */
  readonly framesLost: bigint;
  /** Of the file so far. */
  readonly sizeBytes: number;
  /** Of the file, from where it was asked for. */
  readonly data: Uint8Array;
}

export function readingToWire({ end, ...rest }: CaptureReading): Init<Message> {
  return end === undefined ? rest : { ...rest, end: captureEnds[end] };
}

/** @throws ArgonError invalid-argument. */
export function readingFromWire({ end, ...rest }: Message): CaptureReading {
  const isOver = end !== 'CAPTURE_END_UNSPECIFIED';
  return { ...rest, end: isOver ? wordOf(captureEnds, end) : undefined };
}
