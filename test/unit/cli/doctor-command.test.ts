// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../src/base/errors.ts';
import { addDoctorCommand } from '../../../src/cli/doctor-command.ts';
import type { Check } from '../../../src/cli/host-checks.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

async function doctor(...checks: readonly Check[]): Promise<FakeContext> {
  const context = new FakeContext(untouched);
  await runCommand(
    (program, run) => {
      addDoctorCommand(program, run, () => checks);
    },
    ['doctor'],
    context,
  );
  return context;
}

const good: Check = ['node', async () => ({ status: 'ok', detail: '24' })];
const limited: Check = ['memory', async () => ({ status: 'note', detail: 'x', hint: 'add some' })];
const lacking: Check = [
  'qemu',
  async () => ({ status: 'missing', detail: 'none', hint: 'get it' }),
];

describe('argon doctor', () => {
  it('shows what every check found, in order, and the hints below', async () => {
    const context = await doctor(good, limited, lacking);

    expect(context.stdout).toBe(
      'CHECK   STATUS   DETAIL\n' +
        'node    ok       24\n' +
        'memory  note     x\n' +
        'qemu    missing  none\n' +
        'hint: memory: add some\n' +
        'hint: qemu: get it\n',
    );
    expect(context.printed.map(({ value }) => value)).toEqual([
      [
        { check: 'node', status: 'ok', detail: '24' },
        { check: 'memory', status: 'note', detail: 'x', hint: 'add some' },
        { check: 'qemu', status: 'missing', detail: 'none', hint: 'get it' },
      ],
    ]);
  });

  it('ends with 3 where something is missing, and with 0 for mere limits', async () => {
    expect((await doctor(lacking, good)).exitCode).toBe(3);
    expect((await doctor(good, limited)).exitCode).toBeUndefined();
  });

  it('calls missing what a check fails on, and goes on', async () => {
    const failing: Check = [
      'addons',
      async () => {
        throw new ArgonError('failed-precondition', 'not built', { hint: 'run ./setup' });
      },
    ];
    const plain: Check = [
      'storage',
      async () => {
        throw new TypeError('odd');
      },
    ];

    const context = await doctor(failing, plain, good);

    expect(context.printed[0]?.value).toEqual([
      { check: 'addons', status: 'missing', detail: 'not built', hint: 'run ./setup' },
      { check: 'storage', status: 'missing', detail: 'odd' },
      { check: 'node', status: 'ok', detail: '24' },
    ]);
    expect(context.exitCode).toBe(3);
  });

  it('looks at one thing at a time', async () => {
    const events: string[] = [];
    const slow = (name: string): Check => [
      name,
      async () => {
        events.push(`${name} begins`);
        await Promise.resolve();
        events.push(`${name} ends`);
        return { status: 'ok', detail: '' };
      },
    ];

    await doctor(slow('a'), slow('b'));

    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });
});
