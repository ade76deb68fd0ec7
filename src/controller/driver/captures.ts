// SPDX-License-Identifier: Apache-2.0

// Captures of headers on a host for tests. The card has them; the controller says what has become
// of one whose card is gone, and lets nobody have one in production.

import { randomBytes } from 'node:crypto';

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type {
  CaptureBounds,
  CaptureEnd,
  CaptureOptions,
  CaptureReading,
} from '../../card/bus/captures.ts';
import type { HostEnvironment } from '../../native/network-watch.ts';
import type { ProcessIdentity } from '../model.ts';

/** Where captures are made: the network card. */
export interface CapturePlaces {
  /** The card of the moment, if there is one. */
  readonly process: ProcessIdentity | undefined;
  /** @throws ArgonError failed-precondition if no card serves the interface. */
  startCapture(options: Omit<CaptureOptions, 'index'>, scope: Cancellable): Promise<CaptureReading>;
  /** @throws ArgonError not-found if no card has the capture; so stopCapture(). */
  readCapture(capture: string, offset: number, scope: Cancellable): Promise<CaptureReading>;
  stopCapture(capture: string, scope: Cancellable): Promise<CaptureReading>;
}

/** What there is of a capture. `card-gone`: nothing more than this. */
export interface CaptureView extends Omit<CaptureReading, 'end'> {
  readonly interface: string;
  readonly capture: string;
  readonly end: CaptureEnd | 'card-gone' | undefined;
}

export interface CaptureDriverOptions {
  readonly environment: HostEnvironment;
  readonly places: CapturePlaces;
  readonly log: Logger;
}

type CaptureName = Pick<CaptureView, 'interface' | 'capture'>;

const idBytes = 9;
const idDigits = 17;

export class CaptureDriver {
  readonly #options: CaptureDriverOptions;
  /** The one that was started last, as it was heard of last, and the card that had it. */
  #last: { readonly view: CaptureView; readonly card: ProcessIdentity | undefined } | undefined;

  constructor(options: CaptureDriverOptions) {
    this.#options = options;
  }

  /**
   * @throws ArgonError failed-precondition in production, or if no card serves the interface;
   * resource-exhausted while the host has another capture.
   */
  async start(id: string, bounds: CaptureBounds, scope: Cancellable): Promise<CaptureView> {
    const { environment, places, log } = this.#options;
    if (environment === 'production') {
      const message = `nothing of interface ${id} is captured: the host is for production`;
      throw new ArgonError('failed-precondition', message, {
        hint: 'a host that is first started with argon up --environment test has captures',
      });
    }
    const capture = `cap-${randomBytes(idBytes).toString('hex').slice(0, idDigits)}`;
    const name = { interface: id, capture };
    const reading = await places.startCapture({ ...name, ...bounds }, scope);
    log.info({ ...name, ...bounds }, 'a capture of headers begins');
    const view = { ...name, ...reading };
    this.#last = { view, card: places.process };
    return view;
  }

  /** What there is from `offset` on. @throws ArgonError not-found. */
  async read(name: CaptureName, offset: number, scope: Cancellable): Promise<CaptureView> {
    return this.#ask(name, async (places) => places.readCapture(name.capture, offset, scope));
  }

  /** Settles when it has ended. @throws ArgonError not-found. */
  async stop(name: CaptureName, scope: Cancellable): Promise<CaptureView> {
    return this.#ask(name, async (places) => places.stopCapture(name.capture, scope));
  }

  async #ask(
    name: CaptureName,
    question: (places: CapturePlaces) => Promise<CaptureReading>,
  ): Promise<CaptureView> {
    const { places } = this.#options;
    try {
      const view = { ...name, ...(await this.#askTwice(async () => question(places))) };
      if (this.#last?.view.capture === name.capture) this.#last = { ...this.#last, view };
      return view;
    } catch (thrown) {
      const gone = this.#goneWithCard(name);
      if (gone !== undefined && ArgonError.from(thrown).code === 'not-found') return gone;
      throw thrown;
    }
  }

  // A card that dies while it is asked is replaced, and the next one knows of nothing.
  async #askTwice(question: () => Promise<CaptureReading>): Promise<CaptureReading> {
    try {
      return await question();
    } catch (thrown) {
      if (ArgonError.from(thrown).code !== 'unavailable') throw thrown;
      return question();
    }
  }

  #goneWithCard({ capture }: CaptureName): CaptureView | undefined {
    if (this.#last?.view.capture !== capture) return undefined;
    const { view, card } = this.#last;
    const { process } = this.#options.places;
    const isSame = process?.pid === card?.pid && process?.startTicks === card?.startTicks;
    return isSame ? undefined : { ...view, data: new Uint8Array(), end: 'card-gone' };
  }
}
