// SPDX-License-Identifier: Apache-2.0

// What can come next on a command line, from the commands themselves: a shell's script asks for it
// with each press of Tab, so it never knows less than the program.

import type { Command, Option } from 'commander';

import type { ResourceKind } from '../host/resources.ts';

/** What fills a place: words, the paths of files, or resources that a host has. */
export type Completion =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'resources'; readonly of: ResourceKind }
  | { readonly kind: 'methods' };

/** `words` are those after the program's name; the last one is to be completed, empty or not. */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const place = walk(program, words.slice(0, -1));
  const last = words.at(-1) ?? '';
  if (place.option !== undefined) return valuesOf(place.option);
  if (place.isAfterDashes) return nothing; // A command line of a guest.
  if (last.startsWith('-')) return { kind: 'words', words: optionNames(place.command) };
  const names = commandNames(place.command);
  if (names.length > 0 && place.argumentCount === 0) return { kind: 'words', words: names };
  const all = place.command.registeredArguments;
  const argument = all[place.argumentCount] ?? (all.at(-1)?.variadic === true ? all.at(-1) : null);
  if (argument === undefined || argument === null) return nothing;
  return argument.argChoices === undefined
    ? byName(argument.name())
    : { kind: 'words', words: argument.argChoices };
}

const nothing: Completion = { kind: 'words', words: [] };

interface Place {
  readonly command: Command;
  /** How many of its arguments are there. */
  readonly argumentCount: number;
  /** The option whose value comes next. */
  readonly option: Option | undefined;
  readonly isAfterDashes: boolean;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let argumentCount = 0;
  let option: Option | undefined;
  for (const [index, word] of words.entries()) {
    if (option !== undefined) {
      option = undefined;
    } else if (word === '--') {
      return { command, argumentCount, option, isAfterDashes: index < words.length };
    } else if (word.startsWith('-')) {
      const found = optionsOf(command).find(({ long, short }) => word === long || word === short);
      option = found !== undefined && (found.required || found.optional) ? found : undefined;
    } else {
      const next = command.commands.find((one) => one.name() === word);
      if (next === undefined || argumentCount > 0) argumentCount += 1;
      else command = next;
    }
  }
  return { command, argumentCount, option, isAfterDashes: false };
}

function optionsOf(command: Command): readonly Option[] {
  const parents = command.parent === null ? [] : optionsOf(command.parent);
  return [...command.options, ...parents];
}

function optionNames(command: Command): readonly string[] {
  const names = optionsOf(command).flatMap(({ long }) => long ?? []);
  return [...names, '--help'];
}

function commandNames(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());
}

function valuesOf(option: Option): Completion {
  if (option.argChoices !== undefined) return { kind: 'words', words: option.argChoices };
  return byName(/[<[]([\w-]+)/.exec(option.flags)?.[1] ?? '');
}

// A place is called after what stands there, in all of Argon's commands.
function byName(name: string): Completion {
  switch (name) {
    case 'volume':
    case 'instance':
    case 'interface':
    case 'vpc':
    case 'subnet':
    case 'route-table':
    case 'security-group':
    case 'network-acl':
    case 'prefix-list':
    case 'dhcp-options':
    case 'private-zone':
    case 'flow-log':
      return { kind: 'resources', of: name };
    case 'method':
      return { kind: 'methods' };
    case 'file':
    case 'folder':
    case 'image':
    case 'lab':
    case 'path':
      return { kind: 'files' };
    default:
      return nothing;
  }
}
