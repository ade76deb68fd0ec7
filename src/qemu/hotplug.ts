// SPDX-License-Identifier: Apache-2.0

// Plugging a volume's device into a running instance and taking it out again. The order is fixed:
// the socket first, then the device; back in reverse.

import { AsyncQueue } from '../base/async-queue.ts';
import {
  abortable,
  type Cancellable,
  deadlineSignal,
  pollUntil,
  throwIfEnded,
} from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { type BlockDevice, checkBlockDevice } from './machine-spec.ts';
import type { MachineProfile } from './profile.ts';
import { type QmpClient, QmpError } from './qmp-client.ts';
import type { QmpEvent } from './qmp-codec.ts';
import {
  addBlockChardev,
  addBlockDevice,
  deleteDevice,
  queryBlockChardev,
  removeBlockChardev,
} from './qmp-commands.ts';
import type { QemuDialect } from './version.ts';

/** `busy`: the guest still holds the device; nothing has changed and it may be tried again. */
export type UnplugResult = 'removed' | 'busy';

// A roll-back is one exchange on a local socket; it must end even when the caller gave up.
const rollBackTimeoutMs = 5_000;
// Connecting to a listening unix socket takes well below a millisecond; the rest is QEMU's turn.
const defaultConnectTimeoutMs = 2_000;
const connectPollMs = 50;

export interface PlugOptions extends Cancellable {
  readonly profile: MachineProfile;
  readonly dialect: QemuDialect;
  /** How long the back end's socket may take to accept. */
  readonly connectTimeoutMs?: number;
}

/**
 * Adds the device; when it returns, QEMU has shaken hands with the back end. The guest sees it
 * later.
 *
 * `device_add` waits for the back end inside QEMU's main loop, for ever, and the whole guest with
 * it (measured with 7.2). So it is not called before QEMU has connected to the socket.
 * @throws ArgonError unavailable if nobody listens on the socket, or as QEMU refuses. The socket is
 * taken out again then.
 */
export async function plugBlockDevice(
  qmp: QmpClient,
  device: BlockDevice,
  options: PlugOptions,
): Promise<void> {
  checkBlockDevice(device, options.profile);
  await qmp.execute(addBlockChardev(device, options.dialect), options);
  try {
    await waitUntilConnected(qmp, device, options);
    await qmp.execute(addBlockDevice(device), options);
  } catch (thrown) {
    const signal = deadlineSignal(rollBackTimeoutMs);
    // What failed first is what the caller must hear.
    await qmp.execute(removeBlockChardev(device), { signal }).catch(() => {});
    throw thrown;
  }
}

/**
 * Asks the guest to let go of the device and waits at most `timeoutMs`. Events only end the wait
 * early; that the device is gone is proven by QEMU letting its socket be removed.
 */
export async function unplugBlockDevice(
  qmp: QmpClient,
  device: Pick<BlockDevice, 'id'>,
  { signal, timeoutMs }: Cancellable & { readonly timeoutMs: number },
): Promise<UnplugResult> {
  const hints = new AsyncQueue<QmpEvent>(64);
  using scope = new DisposableStack();
  scope.use(
    qmp.onEvent((event) => {
      if (isAbout(event, device.id)) hints.push(event);
    }),
  );
  const isGone = await askToLetGo(qmp, device, { signal });
  if (!isGone) await waitForHint(hints, deadlineSignal(timeoutMs, signal));
  return await tryRemoveChardev(qmp, device, { signal });
}

async function waitUntilConnected(
  qmp: QmpClient,
  device: BlockDevice,
  { signal, connectTimeoutMs = defaultConnectTimeoutMs }: PlugOptions,
): Promise<void> {
  const what = `waiting for QEMU to connect to the socket of ${device.id}`;
  const bounded = deadlineSignal(connectTimeoutMs, signal);
  try {
    await pollUntil(
      async () => {
        const state = await qmp.execute(queryBlockChardev(device), { signal: bounded });
        return state === 'connected' ? state : undefined;
      },
      what,
      { signal: bounded, intervalMs: connectPollMs },
    );
  } catch (cause) {
    throwIfEnded(signal, what);
    if (!bounded.aborted) throw cause;
    throw new ArgonError('unavailable', `nobody listens on the socket ${device.socketPath}`, {
      cause,
      hint: `the back end of ${device.id} must listen before the device is plugged`,
    });
  }
}

// A second request while one is under way is refused by QEMU; the wait is the same.
async function askToLetGo(
  qmp: QmpClient,
  device: Pick<BlockDevice, 'id'>,
  options: Cancellable,
): Promise<boolean> {
  try {
    await qmp.execute(deleteDevice(device), options);
    return false;
  } catch (thrown) {
    if (!(thrown instanceof QmpError)) throw thrown;
    if (thrown.qmpClass === 'DeviceNotFound') return true;
    if (/already in the process of unplug/.test(thrown.message)) return false;
    throw thrown;
  }
}

async function waitForHint(hints: AsyncQueue<QmpEvent>, signal: AbortSignal): Promise<void> {
  try {
    await abortable(hints.next(), 'waiting for the guest to let go of the device', { signal });
  } catch (thrown) {
    const isLate = thrown instanceof ArgonError && thrown.code === 'deadline-exceeded';
    if (!isLate) throw thrown;
  }
}

async function tryRemoveChardev(
  qmp: QmpClient,
  device: Pick<BlockDevice, 'id'>,
  options: Cancellable,
): Promise<UnplugResult> {
  try {
    await qmp.execute(removeBlockChardev(device), options);
    return 'removed';
  } catch (thrown) {
    if (!(thrown instanceof QmpError)) throw thrown;
    if (/not found/.test(thrown.message)) return 'removed';
    return 'busy';
  }
}

function isAbout({ name, data }: QmpEvent, id: string): boolean {
  const isEnd = name === 'DEVICE_DELETED' || name === 'DEVICE_UNPLUG_GUEST_ERROR';
  return isEnd && data['device'] === id;
}
