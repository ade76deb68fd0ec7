// SPDX-License-Identifier: Apache-2.0

// Makes and wraps volume keys. For now the key that wraps them is a file of this host, and a card
// opens a wrapped key with it; a key service that seals a key to one card takes its place behind
// the same interface, and a grant is then a blob that only that card can open. Key bytes are never
// JavaScript values: native code makes, wraps and unwraps them.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { errnoName } from '../base/errors.ts';
import { ensureStateSubdir, type StateDir } from '../base/state-dir.ts';
import type { VolumeId } from '../base/volume-id.ts';
import type { HostAddon } from '../native/addons.ts';
import { native } from '../native/error-kind.ts';
import { guardProcess } from '../native/process-guard.ts';

/** What a card needs to open a volume's key. Holds no key in the clear. */
export interface KeyGrant {
  readonly kind: 'local-master-key';
  readonly masterKeyPath: string;
  readonly wrappedKey: Uint8Array;
}

export interface KeyService {
  /** A new key for a volume, wrapped; bound to the volume's id. */
  createVolumeKey(volumeId: VolumeId): Promise<Uint8Array>;
  /** What a card is given to open a volume's wrapped key. */
  grant(wrappedKey: Uint8Array): KeyGrant;
}

/** A key service over the master key file in `keys/master.key`, made at its first use. */
export async function openLocalKeyService(
  stateDir: StateDir,
  host: HostAddon,
): Promise<KeyService> {
  const masterKeyPath = join(await ensureStateSubdir(stateDir, 'keys'), 'master.key');
  return {
    async createVolumeKey(volumeId) {
      guardProcess(host); // Both keys are in this process for the time of the call.
      if (!existsSync(masterKeyPath)) await createMasterKey(host, masterKeyPath);
      return native(
        host.createVolumeKey({ masterKeyPath, volumeId }),
        `it must be the file that Argon made; chmod 600 ${masterKeyPath} if others can read it`,
      );
    },
    grant: (wrappedKey) => ({ kind: 'local-master-key', masterKeyPath, wrappedKey }),
  };
}

// Made under another name and linked when it is whole: of processes that come here at once one
// makes the key and the others find it, and none ever finds half of one.
async function createMasterKey(host: HostAddon, path: string): Promise<void> {
  const draft = `${path}.new-${randomBytes(4).toString('hex')}`;
  try {
    await native(host.createMasterKey(draft));
    await link(draft, path);
    await using folder = await open(dirname(path), 'r');
    await folder.sync();
  } catch (thrown) {
    if (errnoName(thrown) !== 'EEXIST') throw thrown;
  } finally {
    await rm(draft, { force: true });
  }
}
