// SPDX-License-Identifier: Apache-2.0

// Slots of the backplane, for whoever serves devices in them.

import { join } from 'node:path';

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { RuntimeDir } from '../../base/runtime-dir.ts';
import type { Backplane } from '../backplane/client.ts';

/** The path that QEMU connects to for a slot. */
export function slotSocket(runtimeDir: RuntimeDir, slot: number): string {
  return join(runtimeDir, 'slots', `${slot}.sock`);
}

/** Closes a slot; fine if it is not open. */
export async function closeSlot(
  backplane: Backplane,
  slot: number,
  scope: Cancellable,
): Promise<void> {
  try {
    await backplane.closeSlot(slot, scope);
  } catch (thrown) {
    if (ArgonError.from(thrown).code !== 'not-found') throw thrown;
  }
}
