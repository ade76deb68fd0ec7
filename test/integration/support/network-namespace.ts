// SPDX-License-Identifier: Apache-2.0

// A network namespace of a test's own, without a name in /run/netns: it is there as long as a
// process that does nothing else. Takes root.

import { type Child, startChild } from './child.ts';

export class NetworkNamespace implements AsyncDisposable {
  readonly #holder: Child;
  /** What the namespace is opened by. */
  readonly path: string;

  /** Of a process that is in it; `create` starts one. */
  constructor(holder: Child) {
    this.#holder = holder;
    this.path = `/proc/${holder.pid}/ns/net`;
  }

  static async create(): Promise<NetworkNamespace> {
    const holder = startChild('unshare', ['--net', 'sh', '-c', 'echo there; exec sleep infinity']);
    await holder.waitFor('stdout', /there/);
    return new NetworkNamespace(holder);
  }

  /** Starts a program in it. */
  start(program: string, ...args: readonly string[]): Child {
    return startChild('nsenter', [`--net=${this.path}`, program, ...args]);
  }

  /** The number that its kernel has for a device; undefined if there is none of this name. */
  async deviceNumber(name: string): Promise<number | undefined> {
    await using ip = this.start('ip', '-o', 'link', 'show');
    const { stdout } = await ip.waitForEnd();
    const line = stdout.split('\n').find((one) => one.includes(`: ${name}:`));
    return line === undefined ? undefined : Number.parseInt(line, 10);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }
}
