// SPDX-License-Identifier: Apache-2.0

// Loads the addons. Nobody else opens a `.node` file.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

import { ArgonError } from '../base/errors.ts';
import type { AddonCommon, BlockAddon, FrontendAddon, HostAddon } from './addons.ts';
import type { NetworkAddon } from './network-addon.ts';

/** Equal to kAbiVersion in native/addon/napi_support.h. */
export const abiVersion = 'argon-1';

const require = createRequire(import.meta.url);

/** A block card's native side. */
export function loadBlockAddon(): BlockAddon {
  return load('block') as BlockAddon;
}

/** A network card's native side. */
export function loadNetworkAddon(): NetworkAddon {
  return load('network') as NetworkAddon;
}

/** Keys, volume files and process guards. */
export function loadHostAddon(): HostAddon {
  return load('host') as HostAddon;
}

/** The driver side of devices. */
export function loadFrontendAddon(): FrontendAddon {
  return load('frontend') as FrontendAddon;
}

function load(name: string): AddonCommon {
  if (!isMainThread) {
    // Data threads post to the main loop; a worker's loop can end under them.
    throw new ArgonError('failed-precondition', `${name}.node is for a process's main thread`);
  }
  const path = fileURLToPath(new URL(`../../build/addon/Release/${name}.node`, import.meta.url));
  if (!existsSync(path)) {
    throw new ArgonError('failed-precondition', `the native addon ${name}.node is not built`, {
      hint: 'run ./setup',
    });
  }
  const addon = require(path) as AddonCommon;
  if (addon.abiVersion !== abiVersion) {
    throw new ArgonError(
      'failed-precondition',
      `${name}.node is of version ${addon.abiVersion}, and this code wants ${abiVersion}`,
      { hint: 'run ./setup to build it again' },
    );
  }
  return addon;
}
