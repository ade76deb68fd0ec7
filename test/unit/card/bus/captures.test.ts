// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { captureReadingType } from '../../../../src/api/generated/argon/card/v1/card-capture.ts';
import { readingFromWire, readingToWire } from '../../../../src/card/bus/captures.ts';
import { captureEnds } from '../../../../src/card/bus/words.ts';

const reading = { frames: 3, framesLost: 2n, sizeBytes: 9, data: Uint8Array.of(1, 2) };

describe('readings of captures', () => {
  it.each([undefined, ...(Object.keys(captureEnds) as (keyof typeof captureEnds)[])])(
    'say how a capture has ended: %s',
    (end) => {
      const message = createMessage(captureReadingType, readingToWire({ ...reading, end }));

      expect(readingFromWire(message)).toEqual({ ...reading, end });
    },
  );
});
