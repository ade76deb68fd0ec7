// SPDX-License-Identifier: Apache-2.0

// Plugging the device of a volume or an interface into a running instance and taking it out again.
// The order is fixed: the socket first, then the device; back in reverse.

import { AsyncQueue } from '../base/async-queue.ts';
import {
  abortable,
  type Cancellable,
  deadlineSignal,
  pollUntil,
  throwIfEnded,
} from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import {
  type BlockDevice,
  checkBlockDevice,
  checkNetworkDevice,
  type NetworkDevice,
} from './machine-spec.ts';
import type { Accelerator, MachineProfile } from './profile.ts';
import { type QmpClient, QmpError } from './qmp-client.ts';
import type { QmpEvent } from './qmp-codec.ts';
import {
  addBlockDevice,
  addDeviceChardev,
  addNetdev,
  addNetworkDevice,
  deleteDevice,
  queryDeviceChardev,
  queryPciIds,
  removeDeviceChardev,
  removeNetdev,
} from './qmp-commands.ts';
import type { QemuDialect } from './version.ts';

/** `busy`: the guest still holds the device; nothing has changed and it may be tried again. */
export type UnplugResult = 'removed' | 'busy';

// A roll-back is one exchange on a local socket; it must end even when the caller gave up.
const rollBackTimeoutMs = 5_000;
// Connecting to a listening unix socket takes well below a millisecond; the rest is QEMU's turn.
const defaultConnectTimeoutMs = 2_000;
const connectPollMs = 50;

type SocketDevice = Pick<BlockDevice, 'id' | 'socketPath'>;
type UnplugOptions = Cancellable & { readonly timeoutMs: number };

export interface PlugOptions extends Cancellable {
  readonly profile: MachineProfile;
  readonly dialect: QemuDialect;
  /** How long the back end's socket may take to accept. */
  readonly connectTimeoutMs?: number;
}

/**
 * Adds a volume's device; when it returns, QEMU has shaken hands with the back end. The guest sees
 * it later.
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
  await onSocket(qmp, device, options, async () => {
    await qmp.execute(addBlockDevice(device), options);
  });
}

/** As plugBlockDevice(), of an interface: the handshake is in `netdev_add`. */
export async function plugNetworkDevice(
  qmp: QmpClient,
  device: NetworkDevice,
  options: PlugOptions & { readonly accelerator: Accelerator },
): Promise<void> {
  checkNetworkDevice(device, options.profile);
  await onSocket(qmp, device, options, async () => {
    await qmp.execute(addNetdev(device), options);
    try {
      await qmp.execute(addNetworkDevice(device, options.accelerator), options);
    } catch (thrown) {
      const signal = deadlineSignal(rollBackTimeoutMs);
      await qmp.execute(removeNetdev(device), { signal }).catch(() => {});
      throw thrown;
    }
  });
}

/**
 * Asks the guest to let go of a volume's device and waits at most `timeoutMs`. Events only end the
 * wait early; that the device is gone is proven by QEMU letting its socket be removed.
 */
export async function unplugBlockDevice(
  qmp: QmpClient,
  device: Pick<BlockDevice, 'id'>,
  options: UnplugOptions,
): Promise<UnplugResult> {
  await waitForRelease(qmp, device, options);
  return await tryRemoveChardev(qmp, device, options);
}

/**
 * As unplugBlockDevice(), of an interface. QEMU takes a netdev away from under its device, so that
 * it is asked first whether it still has that.
 */
export async function unplugNetworkDevice(
  qmp: QmpClient,
  device: Pick<NetworkDevice, 'id'>,
  options: UnplugOptions,
): Promise<UnplugResult> {
  await waitForRelease(qmp, device, options);
  const ids = await qmp.execute(queryPciIds(), options);
  if (ids.includes(device.id)) return 'busy';
  try {
    await qmp.execute(removeNetdev(device), options);
  } catch (thrown) {
    if (!(thrown instanceof QmpError) || !isMissing(thrown)) throw thrown;
  }
  return await tryRemoveChardev(qmp, device, options);
}

async function waitForRelease(
  qmp: QmpClient,
  device: Pick<BlockDevice, 'id'>,
  { signal, timeoutMs }: UnplugOptions,
): Promise<void> {
  const hints = new AsyncQueue<QmpEvent>(64);
  using scope = new DisposableStack();
  scope.use(
    qmp.onEvent((event) => {
      if (isAbout(event, device.id)) hints.push(event);
    }),
  );
  const isGone = await askToLetGo(qmp, device, { signal });
  if (!isGone) await waitForHint(hints, deadlineSignal(timeoutMs, signal));
}

// Does the rest once QEMU is connected; takes the socket out again if that fails.
async function onSocket(
  qmp: QmpClient,
  device: SocketDevice,
  options: PlugOptions,
  plug: () => Promise<void>,
): Promise<void> {
  await qmp.execute(addDeviceChardev(device, options.dialect), options);
  try {
    await waitUntilConnected(qmp, device, options);
    await plug();
  } catch (thrown) {
    const signal = deadlineSignal(rollBackTimeoutMs);
    // What failed first is what the caller must hear.
    await qmp.execute(removeDeviceChardev(device), { signal }).catch(() => {});
    throw thrown;
  }
}

async function waitUntilConnected(
  qmp: QmpClient,
  device: SocketDevice,
  { signal, connectTimeoutMs = defaultConnectTimeoutMs }: PlugOptions,
): Promise<void> {
  const what = `waiting for QEMU to connect to the socket of ${device.id}`;
  const bounded = deadlineSignal(connectTimeoutMs, signal);
  try {
    await pollUntil(
      async () => {
        const state = await qmp.execute(queryDeviceChardev(device), { signal: bounded });
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
    await qmp.execute(removeDeviceChardev(device), options);
    return 'removed';
  } catch (thrown) {
    if (!(thrown instanceof QmpError)) throw thrown;
    if (isMissing(thrown)) return 'removed';
    return 'busy';
  }
}

// QEMU has no class for it: "Device 'X' not found", "Chardev 'X' not found".
function isMissing({ message, qmpClass }: QmpError): boolean {
  return qmpClass === 'DeviceNotFound' || /not found/.test(message);
}

function isAbout({ name, data }: QmpEvent, id: string): boolean {
  const isEnd = name === 'DEVICE_DELETED' || name === 'DEVICE_UNPLUG_GUEST_ERROR';
  return isEnd && data['device'] === id;
}
