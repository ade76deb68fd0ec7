// SPDX-License-Identifier: Apache-2.0

import type { Cancellable } from '../base/deadline.ts';
import type { DeviceMetrics } from '../native/addons.ts';
import type { BackendPolling, BenchTarget } from './workload.ts';

/** A back end at its socket, ready to be measured. */
export interface RunningBackend extends AsyncDisposable {
  readonly name: string;
  readonly socketPath: string;
  readonly pid: number;
  /** What it counts of itself, where it does. */
  metrics?(): Promise<DeviceMetrics>;
}

export interface BackendOptions extends Cancellable {
  readonly target: BenchTarget;
  readonly polling: BackendPolling;
  readonly queues: number;
  /** Size of the device in bytes. */
  readonly sizeBytes: number;
  /** A folder of the back end's own for sockets, on any file system. */
  readonly socketDir: string;
  /** The CPUs that the back end's data threads run on. */
  readonly cpus: readonly number[];
  /** Folders of the back end's own for files that are memory, and files on disk. */
  readonly fileDirs: Readonly<Record<'tmpfs' | 'disk', string>>;
}

/** A kind of back end that can be measured. */
export interface BackendKind {
  readonly name: string;
  start(options: BackendOptions): Promise<RunningBackend>;
}
