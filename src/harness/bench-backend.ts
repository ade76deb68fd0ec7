// SPDX-License-Identifier: Apache-2.0

import type { Cancellable } from '../base/deadline.ts';
import type { BenchTarget } from './workload.ts';

/** A back end at its socket, ready to be measured. */
export interface RunningBackend extends AsyncDisposable {
  readonly name: string;
  /** What the back end calls its encryption, or `none`. */
  readonly cipher: string;
  readonly socketPath: string;
  readonly pid: number;
}

export interface BackendOptions extends Cancellable {
  readonly target: BenchTarget;
  /** Size of the device in bytes. */
  readonly sizeBytes: number;
  /** A folder of the benchmark's own for sockets, on any file system. */
  readonly socketDir: string;
  /** The CPU that the back end's data thread runs on. */
  readonly cpu: number;
  /** Folders for files that are memory, and files on disk. */
  readonly fileDirs: Readonly<Record<'tmpfs' | 'disk', string>>;
}

/** A kind of back end that can be measured. */
export interface BackendKind {
  readonly name: string;
  /** True if it has what a target asks for. */
  supports(target: BenchTarget): boolean;
  start(options: BackendOptions): Promise<RunningBackend>;
}
