// SPDX-License-Identifier: Apache-2.0

// The tenant's side of a running instance: its console, its agent, and the watch over its boot.

import type { Cancellable } from '../../base/deadline.ts';
import { abortable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { RunningInstance } from '../../controller/instance.ts';
import { GuestAgent } from '../../guest/agent.ts';
import { GuestConsole } from '../../guest/console.ts';
import { type CommandResult, runInGuest } from '../../guest/exec.ts';
import { BootWatch, type StageBudgetsMs } from '../../guest/stages.ts';
import { powerDown } from '../../qemu/qmp-commands.ts';
import type { StagePrinter } from '../stage-printer.ts';

export interface GuestSessionOptions {
  /** Where the console is offered, for a terminal. */
  readonly consoleSocket: string;
  readonly budgetsMs: StageBudgetsMs;
  readonly consoleLog: string;
  readonly stages: StagePrinter;
}

// Debian without KVM takes about 10 s from the request to the end.
const powerOffTimeoutMs = 60_000;

export class GuestSession implements AsyncDisposable {
  readonly console: GuestConsole;
  readonly consoleSocket: string;
  readonly #instance: RunningInstance;
  readonly #agent: GuestAgent;
  readonly #watch: BootWatch;
  readonly #stages: StagePrinter;

  /** Reads console and agent from now on; the instance stays the caller's. */
  constructor(instance: RunningInstance, options: GuestSessionOptions) {
    this.#instance = instance;
    this.#stages = options.stages;
    this.consoleSocket = options.consoleSocket;
    this.console = new GuestConsole(instance.qemu.serial, { logFile: options.consoleLog });
    this.#watch = new BootWatch(this.console, { budgetsMs: options.budgetsMs });
    this.#agent = new GuestAgent(instance.qemu.agent);
  }

  /** Waits until the guest's agent answers, showing each stage on the way. */
  async waitUntilReady({ signal }: Cancellable): Promise<void> {
    this.#stages.step('firmware');
    using listening = new DisposableStack();
    listening.use(
      this.#watch.onEvent((event) => {
        if (event.kind === 'stage' && event.stage !== 'ready') this.#stages.step(event.stage);
      }),
    );
    const giveUp = new AbortController();
    const asking = this.#askUntilUp(AbortSignal.any([signal, giveUp.signal]));
    try {
      await this.#unlessInstanceEnds(this.#watch.waitFor('ready', { signal }));
      this.#stages.ok();
    } catch (thrown) {
      this.#stages.failed();
      throw thrown;
    } finally {
      giveUp.abort();
      await asking;
    }
  }

  /** Runs a shell command in the guest. */
  async exec(command: string, scope: Cancellable): Promise<CommandResult> {
    const running = this.#watch.guard(runInGuest(this.#agent, command, scope));
    return this.#unlessInstanceEnds(running);
  }

  /** Ends the guest in order; false if it had to be cut off. */
  async powerOff({ signal }: Cancellable): Promise<boolean> {
    const deadline = deadlineSignal(powerOffTimeoutMs, signal);
    try {
      await this.#askToPowerOff(deadline);
      await abortable(this.#instance.qemu.exited, 'waiting for the guest to power off', {
        signal: deadline,
      });
      return true;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    await this.console[Symbol.asyncDispose]();
  }

  async #askUntilUp(signal: AbortSignal): Promise<void> {
    try {
      await this.#agent.waitUntilUp({ signal });
      this.#watch.note('agent');
      this.#watch.note('ready');
    } catch {
      // The watch says why the guest did not come up.
    }
  }

  // The agent's way unmounts file systems; the power button is for guests without one.
  async #askToPowerOff(signal: AbortSignal): Promise<void> {
    try {
      await this.#agent.shutDown('powerdown', { signal: deadlineSignal(5000, signal) });
    } catch {
      await this.#instance.qemu.qmp.execute(powerDown(), { signal });
    }
  }

  async #unlessInstanceEnds<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([work, this.#qemuEnd(), this.#cardEnd()]);
  }

  async #qemuEnd(): Promise<never> {
    const { stderr, hasPanicked } = await this.#instance.qemu.exited;
    throw new ArgonError(
      'aborted',
      hasPanicked ? 'the guest panicked' : 'the guest ended',
      stderr.length === 0 ? {} : { hint: `QEMU said: ${stderr.join('; ')}` },
    );
  }

  // A guest whose card is gone waits for its disks for ever.
  async #cardEnd(): Promise<never> {
    const { card } = this.#instance;
    const { code, signal } = await (card?.exited ?? new Promise<never>(() => {}));
    const how = signal ?? `exit code ${String(code)}`;
    throw new ArgonError('aborted', `the card of the guest ended (${how})`, {
      hint: 'see its log, card.log',
    });
  }
}
