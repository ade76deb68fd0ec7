// SPDX-License-Identifier: Apache-2.0

// Makes contenders ready to be measured, each once: a back end that was started and written for one
// row serves the rows after it too. Back ends without a front end sleep, so those that wait cost
// the one that is measured nothing.

import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ArgonError, assertNever } from '../base/errors.ts';
import type { HostAddon } from '../native/addons.ts';
import { native } from '../native/error-kind.ts';
import { argonBackend } from './argon-backend.ts';
import type { BackendKind, RunningBackend } from './bench-backend.ts';
import { fioFile, runFio } from './fio-direct.ts';
import { fillDevice, type LoadScope, measureBackend, warmupMs } from './front-end-load.ts';
import { qsdBackend } from './qsd-backend.ts';
import type { BackendPolling, BenchSample, BenchTarget, Contender } from './workload.ts';

/** Something that can be measured again and again. */
export interface Entrant {
  readonly name: string;
  measure(durationMs: number): Promise<BenchSample>;
}

export interface ContenderOptions extends LoadScope {
  readonly host: HostAddon;
  /** CPUs that back ends may use: all but the front end's, or all for fio. */
  readonly backendCpus: readonly number[];
  /** A folder on disk, not on tmpfs. */
  readonly diskDir: string;
  /** Who serves; given by tests. */
  readonly kinds?: Readonly<Record<'argon' | 'qemu-storage-daemon', readonly BackendKind[]>>;
}

interface Setup {
  readonly target: BenchTarget;
  readonly polling: BackendPolling;
  readonly queues: number;
}

const everyKind = {
  argon: [argonBackend],
  'qemu-storage-daemon': [qsdBackend('io_uring'), qsdBackend('threads')],
} as const;

// How long the cipher runs for each of its five rates.
const cipherMs = 100;

export class Contenders implements AsyncDisposable {
  readonly #options: ContenderOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #backends = new Map<string, RunningBackend>();
  readonly #fioFiles = new Map<string, string>();

  constructor(options: ContenderOptions) {
    this.#options = options;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** A contender's variants, all ready: of another's the better one counts. */
  async enter(contender: Contender): Promise<readonly Entrant[]> {
    switch (contender.kind) {
      case 'argon':
      case 'qemu-storage-daemon':
        return this.#enterBackends(contender);
      case 'fio':
        return this.#enterFio(contender);
      case 'aes-256-xts':
        return [this.#enterCipher(contender.operation)];
    }
    return assertNever(contender);
  }

  async #enterBackends(
    contender: Extract<Contender, { kind: 'argon' | 'qemu-storage-daemon' }>,
  ): Promise<readonly Entrant[]> {
    const { kind, target, polling, workload } = contender;
    const variants = (this.#options.kinds ?? everyKind)[kind];
    const entrants: Entrant[] = [];
    // What does no I/O has one way to do it.
    for (const variant of target.store === 'null' ? variants.slice(0, 1) : variants) {
      const backend = await this.#start(variant, { target, polling, queues: workload.queues });
      entrants.push({
        name: kind === 'argon' ? `argon, ${plainOrNot(target)}` : backend.name,
        measure: async (durationMs) => measureBackend(this.#options, backend, workload, durationMs),
      });
    }
    return entrants;
  }

  async #start(kind: BackendKind, setup: Setup): Promise<RunningBackend> {
    const key = keyOf(kind.name, setup);
    const running = this.#backends.get(key);
    if (running !== undefined) return running;
    const { sizeBytes, backendCpus, diskDir, signal } = this.#options;
    const backend = this.#stack.use(
      await kind.start({
        ...setup,
        sizeBytes,
        socketDir: await this.#folder(tmpdir()),
        cpus: backendCpus,
        fileDirs: { tmpfs: await this.#folder('/dev/shm'), disk: await this.#folder(diskDir) },
        signal,
      }),
    );
    if (setup.target.store !== 'null') await fillDevice(this.#options, backend);
    this.#backends.set(key, backend);
    return backend;
  }

  // On the back end's CPUs alone, and on all: the kernel's threads that do a file's I/O have the
  // CPUs of whoever asked.
  async #enterFio({
    store,
    workload,
  }: Extract<Contender, { kind: 'fio' }>): Promise<readonly Entrant[]> {
    const { backendCpus, frontEndCpu, sizeBytes, signal } = this.#options;
    const path = await this.#fioFileOn(store);
    const everyCpu = [...backendCpus, frontEndCpu].toSorted((left, right) => left - right);
    return [backendCpus, everyCpu].map((cpus) => ({
      name: `fio, CPU ${cpus.join(' and ')}`,
      measure: async (durationMs) =>
        runFio({
          workload,
          path,
          sizeBytes,
          isDirect: store === 'disk',
          cpus,
          durationMs,
          warmupMs,
          signal,
        }),
    }));
  }

  async #fioFileOn(store: 'tmpfs' | 'disk'): Promise<string> {
    const known = this.#fioFiles.get(store);
    if (known !== undefined) return known;
    const path = fioFile(
      await this.#folder(store === 'tmpfs' ? '/dev/shm' : this.#options.diskDir),
    );
    await using file = await open(path, 'w', 0o600);
    const chunk = Buffer.alloc(1_048_576, 0x5a);
    for (let offset = 0; offset < this.#options.sizeBytes; offset += chunk.length) {
      this.#options.signal.throwIfAborted();
      await file.write(chunk, 0, Math.min(chunk.length, this.#options.sizeBytes - offset), offset);
    }
    await file.sync();
    this.#fioFiles.set(store, path);
    return path;
  }

  #enterCipher(operation: 'encrypt' | 'decrypt'): Entrant {
    const { host, backendCpus } = this.#options;
    return {
      name: 'bare AES-256-XTS',
      measure: async () => {
        const rates = await native(
          host.measureCrypto({ durationNs: BigInt(cipherMs) * 1_000_000n, cpus: backendCpus }),
        );
        const rate = rates.find(
          (entry) => entry.operation === operation && entry.unitBytes === 4096,
        );
        if (rate === undefined) throw new ArgonError('internal', 'the cipher was not measured');
        const perSecond = Number(rate.bytesPerSecond);
        // In units of 4096 bytes, each of which takes as long as the one before.
        return {
          iops: Math.round(perSecond / 4096),
          bytes_per_s: perSecond,
          p50_ns: Math.round(4096e9 / perSecond),
        };
      },
    };
  }

  async #folder(parent: string): Promise<string> {
    const path = await mkdtemp(join(parent, 'argon-bench-'));
    this.#stack.defer(async () => rm(path, { recursive: true, force: true }));
    return path;
  }
}

function plainOrNot({ cipher }: BenchTarget): string {
  return cipher === 'none' ? 'plain' : 'encrypted';
}

function keyOf(name: string, { target, polling, queues }: Setup): string {
  return [name, target.store, target.cipher, polling, queues].join(' ');
}
