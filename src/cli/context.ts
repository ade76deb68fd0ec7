// SPDX-License-Identifier: Apache-2.0

// What every command is given: where state lives, where to print, and a signal that ends when the
// user wants the command to end.

import { performance } from 'node:perf_hooks';

import { ArgonError } from '../base/errors.ts';
import { locateStateDir, type StateDir } from '../base/state-dir.ts';
import { type KeyService, openLocalKeyService } from '../keys/key-service.ts';
import { loadHostAddon } from '../native/binding.ts';
import { openVolumeStore, type VolumeStore } from '../volume/volume-store.ts';
import type { HostClient } from './host/host-client.ts';
import { findHost } from './host/host-connection.ts';
import type { OutputFormat } from './output.ts';
import { formatError, formatJson, formatJsonLine, formatYaml, writeAll } from './output.ts';
import { createStagePrinter, everySecond, type StagePrinter } from './stage-printer.ts';

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
  /** The running host of the state folder; undefined where no controller runs. */
  findHost(): Promise<HostClient | undefined>;
}

export function createContext(
  format: OutputFormat,
  isVerbose: boolean,
  signal: AbortSignal,
): CommandContext {
  const stateDir = locateStateDir(process.env, process.cwd());
  return {
    stateDir,
    format,
    signal,
    stages: createStagePrinter(process.stderr, () => performance.now(), everySecond),
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
    findHost: async () => findHost(stateDir, { signal }),
  };
}

async function formatResult(format: OutputFormat, value: unknown, text: string): Promise<string> {
  if (format === 'json') return formatJson(value);
  return format === 'yaml' ? formatYaml(value) : text;
}

function yamlStart(format: OutputFormat): string {
  return format === 'yaml' ? '---\n' : '';
}

/**
 * Calls `work` with the running host.
 * @throws ArgonError failed-precondition where none runs.
 */
export async function withHost<Value>(
  context: CommandContext,
  work: (client: HostClient) => Promise<Value>,
): Promise<Value> {
  const found = await context.findHost();
  if (found === undefined) {
    throw new ArgonError('failed-precondition', 'no host runs in this state folder', {
      hint: 'argon up starts it; $ARGON_STATE says which folder is meant',
    });
  }
  await using client = found;
  return await work(client);
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
