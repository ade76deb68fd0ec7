// SPDX-License-Identifier: Apache-2.0

import type { HostAddon } from './addons.ts';
import { fromNative } from './error-kind.ts';

/** Closes this process to core files and tracers, for good. Before any key is opened in it. */
export function guardProcess(host: HostAddon): void {
  try {
    host.guardProcess();
  } catch (thrown) {
    throw fromNative(thrown);
  }
}
