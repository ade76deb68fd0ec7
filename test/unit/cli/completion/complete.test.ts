// SPDX-License-Identifier: Apache-2.0

import { Argument, Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';

import { completionOf } from '../../../../src/cli/completion/complete.ts';

function program(): Command {
  const root = new Command('argon').addOption(
    new Option('-o, --output <format>').choices(['table', 'json']),
  );
  root.command('hidden', { hidden: true });
  const volume = root.command('volume');
  volume.command('create').option('--size <size>').option('--plain').option('--lab <path>');
  volume.command('attach <volume> <instance>').option('--read-only');
  volume.command('limit <volume> <spec>').option('--interface <interface>');
  root.command('call <method> [request]');
  root.command('exec <instance> <command...>');
  root.command('up [lab]');
  root.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']));
  root.command('files <file...>');
  return root;
}

const words = (...expected: readonly string[]): object => ({ kind: 'words', words: expected });

describe('completionOf()', () => {
  it.each([
    [[''], words('volume', 'call', 'exec', 'up', 'completion', 'files', 'help')],
    [['volume', ''], words('create', 'attach', 'limit', 'help')],
    [['volume', 'create', '--'], words('--size', '--plain', '--lab', '--output', '--help')],
    [['volume', 'create', '--size', ''], words()],
    [['volume', 'create', '--plain', ''], words()],
    [['volume', 'create', '--lab', ''], { kind: 'files' }],
    [['-o', ''], words('table', 'json')],
    [['volume', '--output', ''], words('table', 'json')],
    [['-o', 'json', 'volume', 'attach', ''], { kind: 'resources', of: 'volume' }],
    [['volume', 'attach', 'a', ''], { kind: 'resources', of: 'instance' }],
    [['volume', 'attach', '--read-only', 'a', 'b', ''], words()],
    [['volume', 'limit', 'a', '--interface', ''], { kind: 'resources', of: 'interface' }],
    [['call', ''], { kind: 'methods' }],
    [['exec', 'a', '--', ''], words()],
    [['exec', 'a', '--', '-'], words()],
    [['up', ''], { kind: 'files' }],
    [['files', 'a', 'b', ''], { kind: 'files' }],
    [['completion', ''], words('bash', 'zsh')],
    [['nonsense', ''], words()],
    [[], words('volume', 'call', 'exec', 'up', 'completion', 'files', 'help')],
  ])('of %j is %j', (line, completion) => {
    expect(completionOf(program(), line)).toEqual(completion);
  });
});
