// SPDX-License-Identifier: Apache-2.0

// Watches a guest come up by what it prints, and says where it stands when it does not.
//
//   firmware ──▶ kernel ──▶ init ──▶ agent ──▶ ready
//
// A stage is reached when its first sign is seen, and implies those before it: a quiet kernel goes
// from firmware to init. Firmware is where every guest starts. `agent` and `ready` have no sign on
// the console unless the caller names one; whoever talks to the agent notes them. A stage is never
// left backwards: a guest that resets ends its QEMU and gets a new watch.

import { abortable, type Cancellable, deadlineSignal, throwIfEnded } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { type Listener, ListenerSet } from '../base/listener-set.ts';
import type { ConsoleLine, GuestConsole } from './console.ts';
import {
  isBefore,
  type Stage,
  stageOf,
  stages,
  type Trouble,
  type TroubleKind,
  troubleOf,
} from './console-signs.ts';

/** How long a guest may stay in a stage; what one stage leaves over the next may use. */
export type StageBudgetsMs = Readonly<Record<Exclude<Stage, 'ready'>, number>>;

export type BootEvent =
  | { readonly kind: 'stage'; readonly stage: Stage; readonly elapsedMs: number }
  | { readonly kind: 'trouble'; readonly trouble: Trouble };

/** The guest said itself that it will not become ready, or stopped working. */
export class GuestTroubleError extends ArgonError {
  override readonly name = 'GuestTroubleError';
  readonly trouble: Trouble;
  readonly stage: Stage;

  constructor(trouble: Trouble, stage: Stage) {
    super('aborted', `${troubleWords[trouble.kind]} at stage ${stage}: ${trouble.line}`, {
      hint: troubleHints[trouble.kind],
      details: { stage, trouble: trouble.kind },
    });
    this.trouble = trouble;
    this.stage = stage;
  }
}

const troubleWords: Readonly<Record<TroubleKind, string>> = {
  panic: 'the guest panicked',
  oops: "the guest's kernel broke",
  hung: 'the guest hangs',
  'no-root': 'the guest found no root file system',
  emergency: 'the guest went into emergency mode',
  'no-boot-device': 'the firmware found nothing to boot',
};

const troubleHints: Readonly<Record<TroubleKind, string>> = {
  panic: "the guest's last console lines say why",
  oops: "the guest's last console lines have the kernel's report",
  hung: 'the host may be too busy, above all without KVM',
  'no-root': "check root= on the kernel's command line and that the volume is attached",
  emergency: 'a unit or mount failed; the last console lines name it',
  'no-boot-device': 'check that the volume has an EFI boot loader and a boot index',
};

// With KVM. Generous: a budget is there to end a hang, not to judge a guest.
const kvmBudgetsMs: StageBudgetsMs = {
  firmware: 10_000,
  kernel: 15_000,
  init: 45_000,
  agent: 20_000,
};
// Without KVM a Debian guest took 6 s, 7 s and 24 s for the first three, on two cores with six busy
// tasks.
const tcgFactor = 4;

/** The budgets for an accelerator; `factor` stretches them further, for debug kernels. */
export function stageBudgets(accelerator: 'kvm' | 'tcg', factor = 1): StageBudgetsMs {
  const scale = factor * (accelerator === 'tcg' ? tcgFactor : 1);
  const { firmware, kernel, init, agent } = kvmBudgetsMs;
  return {
    firmware: firmware * scale,
    kernel: kernel * scale,
    init: init * scale,
    agent: agent * scale,
  };
}

export interface BootWatchOptions {
  readonly budgetsMs: StageBudgetsMs;
  /** This text in a line, or in a prompt, shows the stage `ready`. */
  readonly readyText?: string;
}

// After the first line of a panic its report follows within milliseconds; whoever shows the last
// console lines wants it in them.
const reportDelayMs = 300;

export class BootWatch implements Disposable {
  readonly #guestConsole: Pick<GuestConsole, 'onLine' | 'ended'>;
  readonly #options: BootWatchOptions;
  readonly #events = new ListenerSet<BootEvent>();
  readonly #troubles: Trouble[] = [];
  readonly #listening: Disposable;
  readonly #fatal = Promise.withResolvers<Trouble>();
  #stage: Stage = 'firmware';
  #startedMs = performance.now();
  #isEnded = false;
  #changed = Promise.withResolvers<void>();

  /** Watches from now on. Budgets count from now too, or from `restartClock`. */
  constructor(guestConsole: Pick<GuestConsole, 'onLine' | 'ended'>, options: BootWatchOptions) {
    this.#guestConsole = guestConsole;
    this.#options = options;
    this.#listening = guestConsole.onLine((line) => {
      this.#handleLine(line);
    });
    this.#followEnd().catch(() => {}); // `ended` never rejects.
  }

  /** How far the guest has come. */
  get stage(): Stage {
    return this.#stage;
  }

  /** What went wrong so far; the first of each kind. */
  get troubles(): readonly Trouble[] {
    return this.#troubles;
  }

  /** Lets the budgets count from now: the guest was held and has just been released. */
  restartClock(): void {
    this.#startedMs = performance.now();
  }

  /** Notes a stage that something else than the console shows: the agent answered. */
  note(stage: Stage): void {
    if (!isBefore(this.#stage, stage)) return;
    this.#stage = stage;
    this.#events.emit({ kind: 'stage', stage, elapsedMs: performance.now() - this.#startedMs });
    this.#notifyChange();
  }

  /** Told of stages and troubles at once. */
  onEvent(listener: Listener<BootEvent>): Disposable {
    return this.#events.add(listener);
  }

  /**
   * Waits until the guest has come to `stage`.
   * @throws GuestTroubleError as soon as it cannot any more; ArgonError deadline-exceeded, with the
   * stage it stands at, when a budget or `signal` ends; unavailable when its console ends.
   */
  async waitFor(stage: Stage, { signal }: Cancellable): Promise<void> {
    const what = `waiting for the guest to reach ${stage}`;
    for (;;) {
      if (!isBefore(this.#stage, stage)) return;
      const fatal = this.#troubles.find(({ isFatal }) => isFatal);
      if (fatal !== undefined) throw await this.#report(fatal);
      if (this.#isEnded) {
        throw new ArgonError('unavailable', `the guest ended at stage ${this.#stage}`, {
          details: { stage: this.#stage },
        });
      }
      const remainingMs = this.#startedMs + this.#budgetUpTo(this.#stage) - performance.now();
      if (remainingMs <= 0 || signal.aborted) throw this.#lateError(stage, what, signal);
      // Whether it ended early, late or by `signal` is for the next round to see.
      const { promise } = this.#changed;
      const bounded = deadlineSignal(Math.ceil(remainingMs), signal);
      await abortable(promise, what, { signal: bounded }).catch(() => {});
    }
  }

  /**
   * Settles as `promise` does, or rejects as soon as the guest is in fatal trouble. Whatever
   * `promise` waits for goes on; end it with its own signal.
   */
  async guard<Value>(promise: Promise<Value>): Promise<Value> {
    const troubled = async (): Promise<never> => {
      throw await this.#report(await this.#fatal.promise);
    };
    return await Promise.race([promise, troubled()]);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #handleLine({ text, isComplete }: ConsoleLine): void {
    const trouble = troubleOf(text, isComplete);
    if (trouble !== undefined && !this.#troubles.some(({ kind }) => kind === trouble.kind)) {
      this.#troubles.push(trouble);
      this.#events.emit({ kind: 'trouble', trouble });
      if (trouble.isFatal) this.#fatal.resolve(trouble);
      this.#notifyChange();
    }
    const { readyText } = this.#options;
    if (readyText !== undefined && text.includes(readyText)) this.note('ready');
    const stage = isComplete ? stageOf(text) : undefined;
    if (stage !== undefined) this.note(stage);
  }

  async #followEnd(): Promise<void> {
    await this.#guestConsole.ended;
    this.#isEnded = true;
    this.#notifyChange();
  }

  async #report(trouble: Trouble): Promise<GuestTroubleError> {
    const signal = deadlineSignal(reportDelayMs);
    await abortable(this.#guestConsole.ended, 'reading its report', { signal }).catch(() => {});
    return new GuestTroubleError(trouble, this.#stage);
  }

  #budgetUpTo(last: Stage): number {
    const { budgetsMs } = this.#options;
    return stages
      .filter((stage) => stage !== 'ready' && !isBefore(last, stage))
      .reduce((sum, stage) => sum + (stage === 'ready' ? 0 : budgetsMs[stage]), 0);
  }

  #lateError(wanted: Stage, what: string, signal: AbortSignal): ArgonError {
    try {
      throwIfEnded(signal, what);
    } catch (thrown) {
      if (thrown instanceof ArgonError && thrown.code !== 'deadline-exceeded') return thrown;
    }
    const elapsedMs = Math.round(performance.now() - this.#startedMs);
    const seconds = (elapsedMs / 1000).toFixed(1);
    return new ArgonError(
      'deadline-exceeded',
      `the guest was still at stage ${this.#stage} after ${seconds} s, waiting for ${wanted}`,
      {
        details: { stage: this.#stage, elapsedMs },
        hint: 'its last console lines show what it was doing; without KVM guests are slow',
      },
    );
  }

  #notifyChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
