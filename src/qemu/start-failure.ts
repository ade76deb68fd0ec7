// SPDX-License-Identifier: Apache-2.0

// Why QEMU did not start, from its own words. Pure.

import { ArgonError, type ErrorCode } from '../base/errors.ts';

/** How a process ended. */
export type ProcessEnd =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string };

interface Explanation {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly hint: string;
}

// In this order; the first that matches a line of stderr wins. Words are QEMU 7.2's.
const explanations: readonly Explanation[] = [
  {
    pattern: /could not access kvm kernel module|failed to initialize kvm/i,
    code: 'failed-precondition',
    hint: 'KVM cannot be used here; use the accelerator tcg',
  },
  {
    pattern: /failed to set MSR|kvm_buf_set_msrs|KVM_SET_|kvm run failed/i,
    code: 'failed-precondition',
    hint: "this host's KVM cannot run the CPU model; use the accelerator tcg",
  },
  {
    pattern: /failed to connect to|connection refused|vhost-user.*(?:failed|disconnect)/i,
    code: 'unavailable',
    hint: 'the back end of the device is not listening on its socket, or ended; see its log',
  },
  {
    pattern: /guest (?:memory|ram).*cannot allocate|cannot set up guest memory/i,
    code: 'resource-exhausted',
    hint: 'give the instance less memory, or free some on the host',
  },
  {
    pattern: /could not open kernel file|could not load|error reading initrd|no such file/i,
    code: 'not-found',
    hint: 'a boot file is missing or unreadable for the user that QEMU runs as',
  },
  {
    pattern: /unable to find CPU model/i,
    code: 'invalid-argument',
    hint: 'qemu-system-x86_64 -cpu help lists the models',
  },
  {
    pattern: /exec: .*not found|failed to execute/i,
    code: 'failed-precondition',
    hint: 'run ./setup, which installs QEMU',
  },
];

/**
 * The error for a QEMU that was not ready. `end` is missing when it was still alive at the
 * deadline: it waits, among other things, for each device's back end.
 */
export function explainStartFailure(
  name: string,
  end: ProcessEnd | undefined,
  stderrLines: readonly string[],
  cause: unknown,
): ArgonError {
  const found = explanations.find(({ pattern }) => stderrLines.some((line) => pattern.test(line)));
  const how =
    end === undefined
      ? 'was not ready before the deadline'
      : `ended with ${formatEnd(end)} before it was ready`;
  const said = stderrLines
    .filter((line) => line !== '')
    .slice(-8) // Arbitrary; QEMU's reason is one line, with a warning or two before it.
    .map((line) => `\n  ${line}`)
    .join('');
  return new ArgonError(
    end === undefined ? 'deadline-exceeded' : (found?.code ?? 'internal'),
    `QEMU for instance ${name} ${how}${said === '' ? '' : `:${said}`}`,
    { cause, hint: found?.hint ?? 'argon run --print-qemu prints the command to try by hand' },
  );
}

export function formatEnd(end: ProcessEnd): string {
  return end.kind === 'code' ? `exit code ${end.code}` : `signal ${end.signal}`;
}
