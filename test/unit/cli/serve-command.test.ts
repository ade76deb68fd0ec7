// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addServeBlock } from '../../../src/cli/serve-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

async function serve(...flags: string[]): Promise<void> {
  const args = ['serve', 'block', '--socket', '/run/x.sock', ...flags];
  await runCommand(
    (program, run) => {
      addServeBlock(program.command('serve'), run);
    },
    args,
    new FakeContext(untouched),
  );
}

// What the flags then do is shown in test/integration/serve-*.test.ts, by the program itself.
describe('argon serve block', () => {
  it.each([
    ['no store', [], 'a device needs exactly one store'],
    ['two stores', ['--memory', '1MiB', '--null', '1MiB'], 'a device needs exactly one store'],
    [
      'a volume and a file',
      ['--volume', 'vol0123456789abcdef0', '--file', '/x', '--plain'],
      'a device needs exactly one store',
    ],
    ['a file without a word on encryption', ['--file', '/x'], '--file needs a word on encryption'],
    ['a size that is none', ['--memory', 'big'], '"big" is not a size'],
    ['a volume id that is none', ['--volume', 'vol1'], '"vol1" is not a volume id'],
    ['a mode of polling that is none', ['--null', '1MiB', '--poll', 'on'], '--poll is "on"'],
    ['a CPU list that is none', ['--null', '1MiB', '--cpu', 'x'], '"x" is not a CPU list'],
    [
      'a volume and a word on encryption',
      ['--volume', 'vol0123456789abcdef0', '--plain'],
      '--plain and --throwaway-key are not for --volume',
    ],
    [
      'a volume and a throwaway key',
      ['--volume', 'vol0123456789abcdef0', '--throwaway-key'],
      '--plain and --throwaway-key are not for --volume',
    ],
  ])('refuses %s, with a hint', async (_what, flags, message) => {
    await expect(serve(...flags)).rejects.toMatchObject({
      code: 'invalid-argument',
      message,
      hint: expect.stringMatching(/./),
    });
  });

  it.each([
    ['both words on encryption', ['--file', '/x', '--plain', '--throwaway-key'], 'exclude'],
    ['a key for nothing', ['--null', '1MiB', '--throwaway-key'], 'keeps nothing'],
    ['no queue', ['--null', '1MiB', '--queues', '0'], '--queues is 0'],
    ['too many queues', ['--null', '1MiB', '--queues', '257'], '--queues is 257'],
    ['no worker', ['--null', '1MiB', '--workers', '0'], '--workers is 0'],
    ['too many workers', ['--null', '1MiB', '--workers', '65'], '--workers is 65'],
    ['a limit that is none', ['--null', '1MiB', '--limit', 'fast'], '"fast" is not a limit'],
    [
      'limits of a place that is none',
      ['--null', '1MiB', '--limit', 'iops=5', '--limit', 'card/iops=5'],
      '"card" is not host, guest:NAME or volume',
    ],
    ['a fault that is none', ['--null', '1MiB', '--fault', 'crash'], '"crash" is not a fault'],
    ['a seed that is none', ['--null', '1MiB', '--seed', 'x'], '--seed is not a whole number'],
    ['a name that is none', ['--null', '1MiB', '--guest', 'a/b'], 'is not a name of a guest'],
    ['a count that is none', ['--null', '1MiB', '--workers', 'x'], '--workers is not a whole'],
  ])('refuses %s', async (_what, flags, message) => {
    await expect(serve(...flags)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });

  it('wants a socket', async () => {
    const add = runCommand(
      (program, run) => {
        addServeBlock(program.command('serve').exitOverride(), run);
      },
      ['serve', 'block', '--null', '1MiB'],
      new FakeContext(untouched),
    );

    await expect(add).rejects.toMatchObject({ code: 'commander.missingMandatoryOptionValue' });
  });
});
