// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { StartCaptureRequest } from '../../../../src/api/generated/argon/v1/captures.ts';
import type { Init } from '../../../../src/api/schema.ts';
import type { CaptureBounds } from '../../../../src/card/bus/captures.ts';
import type { CaptureView } from '../../../../src/controller/driver/captures.ts';
import type { NetworkView } from '../../../../src/controller/driver/networks.ts';
import { captureHandlers } from '../../../../src/controller/handlers/captures.ts';
import { networkId, sampleInterface } from '../../network/samples.ts';
import { call } from './requests.ts';

const eni = networkId('eni', 1);
const capture = 'cap-00000000000000001';
const name = `interfaces/${eni}/captures/${capture}`;

function open(end?: CaptureView['end']) {
  const calls: unknown[] = [];
  const view = {
    interface: eni,
    capture,
    end,
    frames: 3,
    framesLost: 2n,
    sizeBytes: 9,
    data: Uint8Array.of(1, 2),
  };
  const captures = {
    start: async (id: string, bounds: CaptureBounds) => {
      calls.push([id, bounds]);
      return view;
    },
    read: async (asked: object, offset: number) => {
      calls.push([asked, offset]);
      return view;
    },
    stop: async (asked: object) => {
      calls.push(asked);
      return view;
    },
  };
  const record = sampleInterface(1);
  const get = () => ({ record }) as NetworkView<'interface'>;
  return { calls, handlers: captureHandlers(captures, { get }) };
}

describe('the service Captures', () => {
  it('begins a capture with the bounds that are asked for', async () => {
    const { calls, handlers } = open();
    const ask = async (request: Init<StartCaptureRequest>) =>
      call(handlers, 'Captures.StartCapture', { interface: `interfaces/${eni}`, ...request });

    expect(await ask({})).toEqual({
      name,
      state: 'CAPTURE_STATE_RUNNING',
      endReason: 'CAPTURE_END_REASON_UNSPECIFIED',
      frames: 3,
      framesLost: 2n,
      sizeBytes: 9,
    });
    await ask({ framesMax: 1, bytesMax: 4_096, secondsMax: 2 });

    const widest = { framesMax: 1_000_000, bytesMax: 16_777_216, secondsMax: 3_600 };
    expect(calls).toEqual([
      [eni, widest],
      [eni, { framesMax: 1, bytesMax: 4_096, secondsMax: 2 }],
    ]);
  });

  it.each([
    { framesMax: 1_000_001 },
    { bytesMax: 4_095 },
    { bytesMax: 16_777_217 },
    { secondsMax: 3_601 },
  ])('refuses bounds that there are none of: %o', async (bounds) => {
    const { calls, handlers } = open();

    await expect(
      call(handlers, 'Captures.StartCapture', { interface: `interfaces/${eni}`, ...bounds }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(calls).toEqual([]);
  });

  it('reads and stops by name', async () => {
    const { calls, handlers } = open('interface-gone');

    expect(await call(handlers, 'Captures.ReadCapture', { name, offset: 7 })).toMatchObject({
      capture: {
        state: 'CAPTURE_STATE_ENDED',
        endReason: 'CAPTURE_END_REASON_INTERFACE_GONE',
      },
      data: Uint8Array.of(1, 2),
    });
    expect(await call(handlers, 'Captures.StopCapture', { name })).toMatchObject({ name });

    const asked = { interface: eni, capture };
    expect(calls).toEqual([[asked, 7], asked]);
  });
});
