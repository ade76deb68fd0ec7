// SPDX-License-Identifier: Apache-2.0

// A command's surroundings without a terminal: what it prints is kept.

import { Command } from 'commander';

import { ArgonError } from '../../../src/base/errors.ts';
import { locateStateDir, type StateDir } from '../../../src/base/state-dir.ts';
import type { CommandContext } from '../../../src/cli/context.ts';
import type { HostClient } from '../../../src/cli/host/host-client.ts';
import type { OutputFormat } from '../../../src/cli/output.ts';
import { createStagePrinter, type StagePrinter } from '../../../src/cli/stage-printer.ts';

export class FakeContext implements CommandContext {
  readonly stateDir: StateDir;
  readonly format: OutputFormat;
  readonly signal: AbortSignal;
  readonly stages: StagePrinter;
  readonly printed: { readonly value: unknown; readonly text: string }[] = [];
  readonly errors: ArgonError[] = [];
  exitCode: number | undefined;
  /** Stage lines. */
  stderr = '';

  readonly #host: HostClient | undefined;

  constructor(
    statePath: string,
    options: {
      readonly format?: OutputFormat;
      readonly signal?: AbortSignal;
      readonly host?: HostClient;
    } = {},
  ) {
    this.#host = options.host;
    this.stateDir = locateStateDir({ ARGON_STATE: statePath }, '/');
    this.format = options.format ?? 'table';
    this.signal = options.signal ?? new AbortController().signal;
    const write = (text: string): void => {
      this.stderr += text;
    };
    this.stages = createStagePrinter({ write }, () => 0);
  }

  /** The text of all that was printed. */
  get stdout(): string {
    return this.printed.map(({ text }) => text).join('');
  }

  async print(value: unknown, text: string): Promise<void> {
    this.printed.push({ value, text });
  }

  async printNext(value: unknown, text: string): Promise<void> {
    await this.print(value, text);
  }

  async reportError(thrown: unknown): Promise<void> {
    this.errors.push(ArgonError.from(thrown));
  }

  exitWith(code: number): void {
    this.exitCode = code;
  }

  async findHost(): Promise<HostClient | undefined> {
    return this.#host;
  }
}

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

/** Runs a command line against what `add` adds to a program; rejects as the command does. */
export async function runCommand(
  add: (program: Command, run: Run) => void,
  args: readonly string[],
  context: CommandContext,
): Promise<void> {
  const program = new Command('argon')
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  add(program, async (work) => work(context));
  await program.parseAsync([...args], { from: 'user' });
}

/** A place where nothing can be made: for flags that are refused before anything is. */
export const untouched = '/dev/null/argon-state';
