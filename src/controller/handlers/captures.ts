// SPDX-License-Identifier: Apache-2.0

import type {
  Capture,
  CaptureEndReason,
  StartCaptureRequest,
} from '../../api/generated/argon/v1/captures.ts';
import type { CaptureBounds } from '../../card/bus/captures.ts';
import { refuse } from '../../network/model/refusal.ts';
import type { CaptureDriver, CaptureView } from '../driver/captures.ts';
import type { NetworkDriver } from '../driver/networks.ts';
import type { HandlersOf } from './handler.ts';
import { idOf } from './network-words.ts';
import { violationOf } from './resource-methods.ts';

// As the schema bounds them.
const framesMax = 1_000_000;
const secondsMax = 3_600;
const bytes = { min: 4_096, max: 16 * 1024 * 1024 };

/** The methods of the service Captures. */
export function captureHandlers(
  captures: Pick<CaptureDriver, 'start' | 'read' | 'stop'>,
  interfaces: Pick<NetworkDriver<'interface'>, 'get'>,
): HandlersOf<'Captures'> {
  return {
    'Captures.StartCapture': async (request, scope) => {
      const { record } = interfaces.get(idOf(request.interface));
      return describeCapture(await captures.start(record.id, boundsOf(request), scope));
    },
    'Captures.ReadCapture': async ({ name, offset }, scope) => {
      const view = await captures.read(parseName(name), offset, scope);
      return { capture: describeCapture(view), data: view.data };
    },
    'Captures.StopCapture': async ({ name }, scope) =>
      describeCapture(await captures.stop(parseName(name), scope)),
  };
}

function boundsOf(request: StartCaptureRequest): CaptureBounds {
  if (request.bytesMax !== 0 && request.bytesMax < bytes.min) {
    const error = refuse('bytes_max', `is below ${bytes.min}`);
    throw violationOf(error, 'argon.v1.StartCaptureRequest', error.field);
  }
  return {
    framesMax: request.framesMax || framesMax,
    bytesMax: request.bytesMax || bytes.max,
    secondsMax: request.secondsMax || secondsMax,
  };
}

function parseName(name: string): Pick<CaptureView, 'interface' | 'capture'> {
  const [, id = '', , capture = ''] = name.split('/');
  return { interface: id, capture };
}

const reasons: Readonly<Record<NonNullable<CaptureView['end']>, CaptureEndReason>> = {
  frames: 'CAPTURE_END_REASON_FRAMES',
  bytes: 'CAPTURE_END_REASON_BYTES',
  time: 'CAPTURE_END_REASON_TIME',
  stopped: 'CAPTURE_END_REASON_STOPPED',
  abandoned: 'CAPTURE_END_REASON_ABANDONED',
  'interface-gone': 'CAPTURE_END_REASON_INTERFACE_GONE',
  'card-gone': 'CAPTURE_END_REASON_CARD_GONE',
  failed: 'CAPTURE_END_REASON_FAILED',
};

function describeCapture(view: CaptureView): Capture {
  const { interface: id, capture, end, frames, framesLost, sizeBytes } = view;
  return {
    name: `interfaces/${id}/captures/${capture}`,
    state: end === undefined ? 'CAPTURE_STATE_RUNNING' : 'CAPTURE_STATE_ENDED',
    endReason: end === undefined ? 'CAPTURE_END_REASON_UNSPECIFIED' : reasons[end],
    frames,
    framesLost,
    sizeBytes,
  };
}
