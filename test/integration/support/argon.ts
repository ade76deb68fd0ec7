// SPDX-License-Identifier: Apache-2.0

// The command line as a user has it: the program `argon` of this checkout, by its exit code and by
// what it writes.

import { join } from 'node:path';

import { type Child, type ChildOptions, type Ended, root, startChild } from './child.ts';

export interface ArgonOptions extends ChildOptions {
  /** Where it keeps its state. */
  readonly state: string;
}

/** Starts `argon`; `await using` ends it with the test. */
export function startArgon(args: readonly string[], { state, ...options }: ArgonOptions): Child {
  return startChild(join(root, 'argon'), args, {
    ...options,
    env: { ARGON_STATE: state, ...options.env },
  });
}

/** Runs `argon` to its end. */
export async function runArgon(args: readonly string[], options: ArgonOptions): Promise<Ended> {
  await using argon = startArgon(args, options);
  return await argon.waitForEnd();
}

/** A running `argon serve block`. */
export class Server implements AsyncDisposable {
  readonly argon: Child;
  readonly socketPath: string;

  constructor(argon: Child, socketPath: string) {
    this.argon = argon;
    this.socketPath = socketPath;
  }

  get pid(): number {
    return this.argon.pid;
  }

  /** Ends it in order. */
  async stop(): Promise<Ended> {
    return await this.argon.end('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.argon[Symbol.asyncDispose]();
  }
}

/** Serves a device; front ends can connect when this returns. */
export async function serveBlock(
  flags: readonly string[],
  options: ArgonOptions & { readonly socketPath?: string },
): Promise<Server> {
  const socketPath = options.socketPath ?? join(options.state, 'b.sock');
  const argon = startArgon(['serve', 'block', '--socket', socketPath, ...flags], options);
  try {
    await argon.waitFor('stdout', /^ready .*\n/m);
    return new Server(argon, socketPath);
  } catch (thrown) {
    await argon[Symbol.asyncDispose]();
    throw thrown;
  }
}
