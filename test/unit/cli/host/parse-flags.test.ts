// SPDX-License-Identifier: Apache-2.0

// Goal: every field that a request may set can be set on a command line. What a flag takes is held
// against the field; which fields have none is a list that is reviewed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { resourceFlags } from '../../../../src/api/generated/argon/v1/flags.ts';
import { methods } from '../../../../src/api/generated/argon/v1/methods.ts';
import type { AnyMessageType } from '../../../../src/api/schema.ts';
import { addFlowLogCommand } from '../../../../src/cli/flow-log-command.ts';
import {
  addFieldFlags,
  type FlagValues,
  givenFlags,
  parseChanges,
  parseFieldFlags,
} from '../../../../src/cli/host/parse-flags.ts';
import { addInstanceCommand } from '../../../../src/cli/instance-command.ts';
import { addInterfaceCommand } from '../../../../src/cli/interface-command.ts';
import { addNetworkCommand } from '../../../../src/cli/network-command.ts';
import { addVolumeCommand } from '../../../../src/cli/volume-command.ts';

const { Instance: instanceFlags, Volume: volumeFlags } = resourceFlags;

function flagsOfCommands(): ReadonlyMap<string, readonly string[]> {
  const program = new Command('argon');
  const devices = [addVolumeCommand, addInstanceCommand, addInterfaceCommand];
  const commands = [...devices, addNetworkCommand, addFlowLogCommand];
  for (const add of commands) add(program, async () => {});
  const nested = program.commands.find((command) => command.name() === 'network')?.commands ?? [];
  return new Map(
    [...program.commands, ...nested].flatMap((parent) =>
      parent.commands.map((verb) => [
        `${parent.name()} ${verb.name()}`,
        verb.options.map(({ long }) => long ?? ''),
      ]),
    ),
  );
}

/** `route-table` for the resource RouteTable. */
function commandOf(resource: string): string {
  return resource.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}

/** What the methods that create and update may be given: `create Volume.size_bytes`. */
function settableFields(): readonly string[] {
  return Object.values(methods).flatMap(({ verb, request }) => {
    const fields = (request as AnyMessageType).fields;
    const resource = fields.find(({ kind }) => kind === 'message');
    if (verb === 'other' || resource?.kind !== 'message') return [];
    const mask = fields.find(({ kind }) => kind === 'field-mask')?.rules?.in;
    return resource.type.fields
      .filter(({ behavior }) => behavior !== 'output-only' && behavior !== 'identifier')
      .filter(({ name }) => mask === undefined || mask.includes(name))
      .map(({ name }) => `${verb} ${resource.type.name.split('.').at(-1) ?? ''}.${name}`);
  });
}

describe('the flags of the commands', () => {
  const commands = flagsOfCommands();

  it('are those of the fields, for each resource and verb', () => {
    for (const [resource, { flags }] of Object.entries(resourceFlags)) {
      for (const { name, verbs } of flags) {
        for (const verb of verbs) {
          expect(commands.get(`${commandOf(resource)} ${verb}`)).toContain(`--${name}`);
        }
      }
    }
  });

  it('leave out no field but those that were reviewed', () => {
    const flagged = new Set(
      Object.entries(resourceFlags).flatMap(([resource, { flags }]) =>
        flags.flatMap(({ field, verbs }) => verbs.map((verb) => `${verb} ${resource}.${field}`)),
      ),
    );
    const fixture = join(import.meta.dirname, '../../../fixtures/fields-without-flags.txt');
    const reviewed = readFileSync(fixture, 'utf8').trimEnd().split('\n');

    const left = settableFields().filter((field) => !flagged.has(field));

    // A line is the field and, after a colon, how a command line says it instead.
    expect(left).toEqual(reviewed.map((line) => line.split(':')[0]));
    expect(reviewed.every((line) => /: \S/.test(line))).toBe(true);
  });
});

describe('addFieldFlags()', () => {
  it('says what a flag takes and what it is for', () => {
    const command = addFieldFlags(new Command('create'), volumeFlags, {
      verb: 'create',
      required: ['size_bytes'],
      notes: { limits: 'if at all' },
    });

    const rows = command.options.map(({ flags, description }) => `${flags}: ${description}`);
    expect(rows).toEqual(
      expect.arrayContaining([
        '--size <size>: how large it is: a multiple of 4096. A volume only grows, as in 512MiB',
        '--limit <spec>: limits of its I/O, as in iops=1000,bps=100MiB or none, if at all',
      ]),
    );
    const size = command.options.find(({ long }) => long === '--size');
    const cipher = command.options.find(({ long }) => long === '--cipher');
    expect([size?.mandatory, cipher?.mandatory]).toEqual([true, false]);
    expect(cipher?.argChoices).toEqual(['aes-256-xts', 'none']);
  });
});

describe('parseFieldFlags()', () => {
  it('makes values for the kinds of the fields', async () => {
    const values = { name: 'web', image: 'debian', cpus: '3', memory: '1.5GiB', limit: 'iops=10' };

    const { fields, mask } = await parseFieldFlags(instanceFlags, values, { verb: 'create' });

    expect(fields).toMatchObject({
      displayName: 'web',
      image: 'BOOT_IMAGE_DEBIAN',
      cpuCount: 3,
      memoryBytes: 3n * 2n ** 29n,
      limits: { totalOperations: { perSecond: 10n, burst: 1n } },
    });
    expect(mask).toEqual(['display_name', 'image', 'cpu_count', 'memory_bytes', 'limits']);
  });

  it('asks what knows more about a field', async () => {
    const readers = { boot_volume: async (text: string) => `volumes/vol${text.padStart(17, '0')}` };

    const { fields } = await parseFieldFlags(
      instanceFlags,
      { bootVolume: '7' },
      { verb: 'create', readers },
    );

    expect(fields).toEqual({ bootVolume: 'volumes/vol00000000000000007' });
  });

  it.each<[FlagValues, string]>([
    [{ cpus: '65' }, '--cpus is 65, which is outside 0 to 64'],
    [{ cpus: 'two' }, '--cpus is not a whole number'],
    [{ memory: '2TiB' }, '--memory "2TiB" is 2199023255552, at most 1099511627776'],
    [{ memory: 'much' }, '"much" is not a size'],
    [{ image: 'tny' }, '--image: image is "tny"'],
    [{ name: 'Not A Name' }, '--name "Not A Name" does not match'],
    [{ limit: 'fast' }, '"fast" is not a limit'],
    [{ bootVolume: 'root' }, '--boot-volume "root" does not match'],
  ])('refuses %j and names the flag', async (values, message) => {
    const parsed = parseFieldFlags(instanceFlags, values, { verb: 'create' });

    await expect(parsed).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('takes no flag of another verb', async () => {
    expect(await parseFieldFlags(instanceFlags, { cpus: '2' }, { verb: 'update' })).toEqual({
      fields: {},
      mask: [],
    });
  });
});

describe('parseChanges()', () => {
  it('keeps limits that are not named, and holds an etag against the resource', async () => {
    const limits = { readBytes: { perSecond: 5n, burst: 1n } };
    const etag = '0123456789abcdef';

    const changes = await parseChanges(volumeFlags, { limit: 'iops=10', etag }, { limits });

    expect(changes).toEqual({
      fields: { etag, limits: { ...limits, totalOperations: { perSecond: 10n, burst: 1n } } },
      mask: ['limits'],
    });
  });

  it('wants something to change', async () => {
    await expect(parseChanges(volumeFlags, { etag: '0123456789abcdef' }, {})).rejects.toMatchObject(
      {
        message: 'nothing to change',
        hint: 'give one of: --name, --size, --limit',
      },
    );
  });
});

describe('givenFlags()', () => {
  it('names those that are there', () => {
    expect(
      givenFlags(volumeFlags, { size: '1MiB', name: 'a', plain: true }, ['size_bytes']),
    ).toEqual(['--name']);
  });
});
