// SPDX-License-Identifier: Apache-2.0

// What every command is given: where state lives, where to print, and a signal that ends when the
// user wants the command to end.

import { performance } from 'node:perf_hooks';

import { ArgonError } from '../base/errors.ts';
import { locateStateDir, type StateDir } from '../base/state-dir.ts';
import { type KeyService, openLocalKeyService } from '../keys/key-service.ts';
import { loadHostAddon } from '../native/binding.ts';
import { openVolumeStore, type VolumeStore } from '../volume/volume-store.ts';
import type { OutputFormat } from './output.ts';
import { formatError, formatJson, writeAll } from './output.ts';
import { createStagePrinter, type StagePrinter } from './stage-printer.ts';

export interface CommandContext {
  readonly stateDir: StateDir;
  readonly format: OutputFormat;
  /** Ends on SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Stage lines on stderr. */
  readonly stages: StagePrinter;
  /** Prints the result: JSON of `value`, or `text`. */
  print(value: unknown, text: string): Promise<void>;
  /** Shows an error as the end of a command does. */
  reportError(thrown: unknown): Promise<void>;
  /** Sets the exit code for a command that ends without an error. */
  exitWith(code: number): void;
}

export function createContext(
  format: OutputFormat,
  isVerbose: boolean,
  signal: AbortSignal,
): CommandContext {
  return {
    stateDir: locateStateDir(process.env, process.cwd()),
    format,
    signal,
    stages: createStagePrinter(process.stderr, () => performance.now()),
    async print(value, text) {
      await writeAll(process.stdout, format === 'json' ? formatJson(value) : text);
    },
    async reportError(thrown) {
      await writeAll(process.stderr, formatError(ArgonError.from(thrown), isVerbose));
    },
    exitWith(code) {
      process.exitCode = code;
    },
  };
}

export interface HostServices {
  readonly keys: KeyService;
  readonly volumes: VolumeStore;
}

/** The volumes and keys of the state folder. */
export async function openHostServices(stateDir: StateDir): Promise<HostServices> {
  const host = loadHostAddon();
  const keys = await openLocalKeyService(stateDir, host);
  return { keys, volumes: await openVolumeStore(stateDir, host, keys) };
}
