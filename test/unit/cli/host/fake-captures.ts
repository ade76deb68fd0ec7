// SPDX-License-Identifier: Apache-2.0

// The one capture of a host in memory: it ends when it is stopped, or when a test says so.

import { createMessage } from '../../../../src/api/codec.ts';
import {
  type Capture,
  type CaptureEndReason,
  captureType,
  type StartCaptureRequest,
} from '../../../../src/api/generated/argon/v1/captures.ts';
import { ArgonError } from '../../../../src/base/errors.ts';

export class FakeCaptures {
  asked: StartCaptureRequest | undefined;
  /** The capture's file. */
  file: Uint8Array = new Uint8Array();
  frames = 0;
  framesLost = 0n;
  end: CaptureEndReason | undefined;
  stopCount = 0;
  refusal: ArgonError | undefined;

  start(request: StartCaptureRequest): Capture {
    if (this.refusal !== undefined) throw this.refusal;
    this.asked = request;
    return this.#describe();
  }

  read({ name, offset }: { readonly name: string; readonly offset: number }): object {
    this.#check(name);
    // A little at a time, cut anywhere.
    return { capture: this.#describe(), data: this.file.subarray(offset, offset + 100) };
  }

  stop({ name }: { readonly name: string }): Capture {
    this.#check(name);
    this.stopCount += 1;
    this.end ??= 'CAPTURE_END_REASON_STOPPED';
    return this.#describe();
  }

  #check(name: string): void {
    if (name !== this.#name) throw new ArgonError('not-found', `there is no ${name}`);
  }

  get #name(): string {
    return `${this.asked?.interface ?? ''}/captures/cap-00000000000000001`;
  }

  #describe(): Capture {
    const { end, frames, framesLost } = this;
    return createMessage(captureType, {
      name: this.#name,
      state: end === undefined ? 'CAPTURE_STATE_RUNNING' : 'CAPTURE_STATE_ENDED',
      endReason: end ?? 'CAPTURE_END_REASON_UNSPECIFIED',
      frames,
      framesLost,
      sizeBytes: this.file.length,
    });
  }
}
