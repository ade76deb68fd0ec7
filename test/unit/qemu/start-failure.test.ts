// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { explainStartFailure, formatEnd } from '../../../src/qemu/start-failure.ts';

const cause = new Error('closed');
const failed = { kind: 'code', code: 1 } as const;

// Lines that QEMU 7.2.22 has really written.
const seen: readonly (readonly [string, string, RegExp])[] = [
  ['Could not access KVM kernel module: Permission denied', 'failed-precondition', /tcg/],
  ['qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69', 'failed-precondition', /tcg/],
  [
    "-device vhost-user-blk-pci: Failed to connect to '/run/a.sock': No such file or directory",
    'unavailable',
    /back end/,
  ],
  [
    'unable to map backing store for guest RAM: Cannot allocate memory',
    'resource-exhausted',
    /memory/,
  ],
  ["qemu: could not open kernel file '/x': No such file or directory", 'not-found', /boot file/],
  ["unable to find CPU model 'nosuch'", 'invalid-argument', /-cpu help/],
  ['argon-launch: 1: exec: qemu-nosuch: not found', 'failed-precondition', /setup/],
  ['something new', 'internal', /print-qemu/],
];

describe('explainStartFailure', () => {
  it.each(seen)('knows what to do about %j', (line, code, hint) => {
    const error = explainStartFailure('web-1', failed, ['a warning', line], cause);

    expect(error).toMatchObject({ code, cause, hint: expect.stringMatching(hint) });
    expect(error.message).toContain('instance web-1 ended with exit code 1');
    expect(error.message).toContain(line);
  });

  it('is about the deadline when QEMU is still there, with the hint of what it said', () => {
    const line = "Failed to connect to '/run/a.sock'";

    expect(explainStartFailure('web-1', undefined, [line], cause)).toMatchObject({
      code: 'deadline-exceeded',
      message: expect.stringContaining('not ready before the deadline'),
      hint: expect.stringContaining('back end'),
    });
  });

  it('shows the end of what was said, and nothing where nothing was', () => {
    const many = Array.from({ length: 50 }, (_, index) => `line ${index}`);

    expect(explainStartFailure('web-1', failed, many, cause).message).toMatch(/:\n {2}line 42\n/);
    expect(explainStartFailure('web-1', failed, [], cause).message).toMatch(/ready$/);
  });
});

describe('formatEnd', () => {
  it('names code or signal', () => {
    expect(formatEnd({ kind: 'code', code: 3 })).toBe('exit code 3');
    expect(formatEnd({ kind: 'signal', signal: 'SIGABRT' })).toBe('signal SIGABRT');
  });
});
