// SPDX-License-Identifier: Apache-2.0

// Programs that stand in for QEMU: shell scripts that speak as much QMP on descriptor 3 as a test
// needs. They are started as QEMU is, through the launcher.

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { QemuProgram } from '../../../src/qemu/version.ts';
import { sampleProgram } from './samples.ts';

const prelude = `#!/bin/sh
say() { printf '%s\\n' "$1" >&3; }
greet() { say '{"QMP":{"version":{"qemu":{"major":7,"minor":2,"micro":22}},"capabilities":[]}}'; }
ask() { read -r command <&3 || exit 9; id=\${command##*:}; id=\${id%\\}}; }
answer() { say "{\\"return\\": {}, \\"id\\": $id}"; }
stamp='"timestamp":{"seconds":1,"microseconds":0}'
event() { say "{\\"event\\": \\"$1\\", \\"data\\": $2, $stamp}"; }
start() { greet; ask; answer; }
# Answers everything until it is told to quit.
serve() {
  while ask; do
    case $command in
      *'"quit"'*) event SHUTDOWN '{"guest": false, "reason": "host-qmp-quit"}'; answer; exit 0 ;;
      *) answer ;;
    esac
  done
}
`;

/** Writes programs into a folder of its own, which goes with it. */
export class FakePrograms implements AsyncDisposable {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<FakePrograms> {
    return new FakePrograms(await mkdtemp(join(tmpdir(), 'argon-qemu-')));
  }

  /** A program that runs this shell script, with the functions of the prelude. */
  async write(script: string): Promise<QemuProgram> {
    this.#count += 1;
    const file = join(this.#folder, `qemu-${this.#count}`);
    await writeFile(file, `${prelude}\n${script}\n`);
    await chmod(file, 0o755);
    return sampleProgram(file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
