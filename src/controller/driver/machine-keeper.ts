// SPDX-License-Identifier: Apache-2.0

// The machine of an instance with its devices: started, followed to its end, and taken down. Every
// call is made by whoever has the instance's queue.

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import { deviceId, type Instance } from '../model.ts';
import { decideEnd, requireFound, standInOf, withCondition } from './decide.ts';
import type { DriverContext, Machine, MachineEnd } from './host.ts';
import type { Commit } from './operations.ts';

export class MachineKeeper {
  readonly #context: DriverContext;
  readonly #closing: AbortSignal;

  /** `closing` ends what is done about machines that end by themselves. */
  constructor(context: DriverContext, closing: AbortSignal) {
    this.#context = context;
    this.#closing = closing;
  }

  /** Writes what has changed of an instance; whatever else its row says now stays. */
  put({ id }: Pick<Instance, 'id'>, changes: Partial<Instance>): void {
    const { registry } = this.#context;
    const instance = requireFound(registry.instance(id), `instance ${id}`);
    registry.putInstance({ ...instance, ...changes, revision: instance.revision + 1 });
  }

  /** From stopped to running, or back to what it was. */
  async start(instance: Instance, commit: Commit, scope: Cancellable): Promise<void> {
    const { step } = this.#context;
    this.put(instance, { state: 'starting', conditions: [], machine: undefined });
    try {
      await step('instances.start: recorded');
      const machine = await this.#launch(instance, scope);
      await step('instances.start: running');
      commit(() => {
        this.put(instance, { state: 'running', startTimeMs: Date.now() });
      });
      this.follow(instance.id, machine);
    } catch (thrown) {
      await this.takeDown(instance.id);
      const { state, conditions } = instance;
      this.put(instance, { state, conditions, machine: undefined, accelerator: '' });
      throw thrown;
    }
  }

  /**
   * A new machine in place of one that has ended, with the devices that the instance has.
   * @throws ArgonError when it cannot be; the instance is in error then.
   */
  async restart({ id }: Pick<Instance, 'id'>, scope: Cancellable): Promise<void> {
    const { registry, machines, devices, step } = this.#context;
    const instance = requireFound(registry.instance(id), `instance ${id}`);
    this.put(instance, { state: 'restarting' });
    try {
      await machines.clear(instance, scope);
      for (const held of registry.heldSlots(id)) await devices.close(standInOf(held), scope);
      registry.transact(() => {
        this.#settleAttachments(id);
        this.put(instance, { machine: undefined });
      });
      await step('machine: cleared for a restart');
      const machine = await this.#launch(instance, scope);
      this.put(instance, { state: 'running', startTimeMs: Date.now() });
      this.follow(id, machine);
    } catch (thrown) {
      await this.takeDown(id);
      const { message } = ArgonError.from(thrown);
      this.#putError(id, 'RestartFailed', `The machine could not be started again: ${message}.`);
      throw thrown;
    }
  }

  /** Follows a machine until it ends by itself. */
  follow(id: InstanceId, machine: Machine): void {
    const { running, log } = this.#context;
    running.set(id, machine);
    this.#handleEnd(id, machine).catch((thrown: unknown) => {
      log.error({ err: thrown, instance: id }, 'the end of a machine could not be handled');
    });
  }

  /** Ends what is left of a machine, and closes all its devices. Never throws. */
  async takeDown(id: InstanceId): Promise<void> {
    const { registry, machines, devices, log, timeouts } = this.#context;
    const attempt = async (what: string, work: (scope: Cancellable) => Promise<void>) => {
      try {
        await work({ signal: deadlineSignal(timeouts.rollBackMs) });
      } catch (thrown) {
        log.error({ err: thrown, instance: id }, `${what} could not be taken down`);
      }
    };
    const instance = registry.instance(id);
    // QEMU first, so that a guest never sees its disks go away.
    await attempt('a machine', async (scope) =>
      machines.clear({ id, machine: instance?.machine }, scope),
    );
    const standIns = registry.heldSlots(id).map(standInOf);
    for (const device of [...registry.devices(id), ...standIns]) {
      await attempt(`device ${deviceId(device)}`, async (scope) => devices.close(device, scope));
    }
  }

  /** Writes that an instance is stopped and its devices with it; within a transaction. */
  putStopped(id: InstanceId): void {
    this.#settleAttachments(id);
    this.put({ id }, { state: 'stopped', machine: undefined, accelerator: '' });
  }

  /** What the end of a machine means that nobody asked for: also one a new controller finds. */
  async handleEnd(id: InstanceId, end: MachineEnd): Promise<void> {
    const { registry, log, timeouts } = this.#context;
    const verdict = decideEnd(end);
    log.info({ instance: id, ...end, verdict: verdict.kind }, 'a machine ended by itself');
    if (verdict.kind === 'restart') {
      const instance = requireFound(registry.instance(id), `instance ${id}`);
      await this.restart(instance, { signal: deadlineSignal(timeouts.startMs, this.#closing) });
      return;
    }
    await this.takeDown(id);
    if (verdict.kind === 'error') this.#putError(id, verdict.conditionReason, verdict.message);
    else registry.transact(() => this.putStopped(id));
  }

  async #launch(instance: Instance, scope: Cancellable): Promise<Machine> {
    const { registry, devices, machines, step } = this.#context;
    const attachments = registry.devices(instance.id);
    for (const attachment of attachments) {
      await devices.open(attachment, scope);
      await step('machine: device served');
    }
    return machines.start(
      {
        instance,
        attachments,
        onSpawned: (process, accelerator) => {
          this.put(instance, { machine: process, accelerator });
        },
      },
      scope,
    );
  }

  async #handleEnd(id: InstanceId, machine: Machine): Promise<void> {
    const { running, queues } = this.#context;
    const end = await machine.ended;
    await queues.run([id], { signal: this.#closing }, async () => {
      if (running.get(id) !== machine) return; // Somebody asked for its end.
      running.delete(id);
      await this.handleEnd(id, end);
    });
  }

  // A machine that ended holds nothing: what a guest did not let go of is in its next plan.
  #settleAttachments(id: InstanceId): void {
    const { registry } = this.#context;
    for (const device of registry.devices(id)) {
      registry.putDevice({ ...device, phase: 'plugged', hasDriver: false });
    }
    registry.releaseHeldSlots(id);
  }

  #putError(id: InstanceId, reason: string, message: string): void {
    const { registry } = this.#context;
    registry.transact(() => {
      this.putStopped(id);
      const conditions = registry.instance(id)?.conditions ?? [];
      const condition = { type: 'MachineFailed', reason, message, changeTimeMs: Date.now() };
      this.put({ id }, { state: 'error', conditions: withCondition(conditions, condition) });
    });
  }
}
