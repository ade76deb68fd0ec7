// SPDX-License-Identifier: Apache-2.0

import type { Cancellable } from '../base/deadline.ts';
import type { ExecRequest, GuestAgent } from './agent.ts';

/** What a shell command in a guest did. */
export interface CommandResult {
  /** As a shell has it: 128 and the signal's number for a command that a signal ended. */
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Output is missing at the end: the agent or `outputMaxBytes` cut it. */
  readonly isTruncated: boolean;
}

export interface CommandOptions extends Cancellable {
  readonly input?: string | Uint8Array;
  /** `NAME=value` each, instead of the agent's environment. */
  readonly env?: readonly string[];
  /** Cuts stdout and stderr to this many bytes each. */
  readonly outputMaxBytes?: number;
}

/**
 * Runs `sh -c command` in the guest. Output comes when the command has ended, not before: the agent
 * of QEMU 7.2 has no way to hand it over earlier.
 */
export async function runInGuest(
  agent: Pick<GuestAgent, 'run'>,
  command: string,
  options: CommandOptions,
): Promise<CommandResult> {
  const { signal, input, env, outputMaxBytes = Number.MAX_SAFE_INTEGER } = options;
  const request: ExecRequest = {
    path: '/bin/sh',
    args: ['-c', command],
    ...(input === undefined ? {} : { input }),
    ...(env === undefined ? {} : { env }),
  };
  const result = await agent.run(request, { signal });
  const stdout = result.stdout.subarray(0, outputMaxBytes);
  const stderr = result.stderr.subarray(0, outputMaxBytes);
  const isCut = stdout.length < result.stdout.length || stderr.length < result.stderr.length;
  return {
    exitCode: result.signal === undefined ? (result.exitCode ?? 255) : 128 + result.signal,
    stdout,
    stderr,
    isTruncated: result.isTruncated || isCut,
  };
}
