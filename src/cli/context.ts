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
import { formatError, formatJson, formatJsonLine, formatYaml, writeAll } from './output.ts';
import { createStagePrinter, type StagePrinter } from './stage-printer.ts';

export interface CommandContext {
  readonly stateDir: StateDir;
  readonly format: OutputFormat;
  /** Ends on SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Stage lines on stderr. */
  readonly stages: StagePrinter;
  /** Prints the result: JSON or YAML of `value`, or `text`. */
  print(value: unknown, text: string): Promise<void>;
  /** Prints one of several results: a line of JSON, a YAML document, or `text`. */
  printNext(value: unknown, text: string): Promise<void>;
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
      await writeAll(process.stdout, await formatResult(format, value, text));
    },
    async printNext(value, text) {
      const one = await formatResult(format, value, text);
      const isJson = format === 'json';
      await writeAll(process.stdout, isJson ? formatJsonLine(value) : yamlStart(format) + one);
    },
    async reportError(thrown) {
      await writeAll(process.stderr, formatError(ArgonError.from(thrown), isVerbose));
    },
    exitWith(code) {
      process.exitCode = code;
    },
  };
}

async function formatResult(format: OutputFormat, value: unknown, text: string): Promise<string> {
  if (format === 'json') return formatJson(value);
  return format === 'yaml' ? formatYaml(value) : text;
}

function yamlStart(format: OutputFormat): string {
  return format === 'yaml' ? '---\n' : '';
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
