// SPDX-License-Identifier: Apache-2.0

// The host addon without its native side: files of the right names, keys that are none.

import { truncate, writeFile } from 'node:fs/promises';

import type { FdFrame, HostAddon, NativeFdStream } from '../../src/native/addons.ts';
import { abiVersion } from '../../src/native/binding.ts';
import { type ErrorKind, errorKinds } from '../../src/native/error-kind.ts';

export interface FakeHostOptions {
  readonly onMasterKey?: (path: string) => void;
  /** Paths that count as in use by another process. */
  readonly lockedPaths?: ReadonlySet<string>;
}

export function fakeHost({ onMasterKey, lockedPaths }: FakeHostOptions = {}): HostAddon {
  return {
    abiVersion,
    errorKinds,
    async createMasterKey(path) {
      onMasterKey?.(path);
      await writeFile(path, 'ARGONMK1', { flag: 'wx', mode: 0o600 });
    },
    createVolumeKey: async () => new Uint8Array(96).fill(0xa5),
    async createMapFile({ path, unitCount, volumeId }) {
      await writeFile(path, `map of ${volumeId}, ${unitCount} units`, { flag: 'wx', mode: 0o600 });
    },
    async growVolume({ dataPath, sizeBytes }) {
      await truncate(dataPath, Number(sizeBytes));
    },
    isLocked: (path) => lockedPaths?.has(path) === true,
    guardProcess() {},
    FdStream: FakeFdStream,
    createSocketPair() {
      throw new Error('the fake host has no sockets');
    },
    inspectHost: async () => ({ uringProblem: '', hasSecretMemory: true, storage: 'O_DIRECT' }),
    measureCrypto: async () => [],
    createCounterMemory: () => {
      throw new Error('not of this test');
    },
    CounterReader: class {
      read(): never {
        throw new Error('not of this test');
      }
    },
    peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }),
  };
}

class FakeFdStream implements NativeFdStream {
  async open(path: string): Promise<void> {
    throw nativeError('not-found', `connect to ${path}: ENOENT`, 'ENOENT');
  }

  async exchange(): Promise<FdFrame> {
    throw nativeError('closed', 'the connection was closed');
  }

  close(): void {}
}

/** What an addon throws. */
export function nativeError(kind: ErrorKind, message: string, errno?: string): Error {
  return Object.assign(new Error(message), { kind, ...(errno === undefined ? {} : { errno }) });
}
