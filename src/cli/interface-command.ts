// SPDX-License-Identifier: Apache-2.0

// `argon interface …`: network interfaces of a running host.

import type { Command } from 'commander';

import { resourceFlags } from '../api/generated/argon/v1/flags.ts';
import { type CommandContext, withHost } from './context.ts';
import { createRequestId, type HostClient } from './host/host-client.ts';
import { referenceReaders } from './host/network-readers.ts';
import {
  addFieldFlags,
  type FlagValues,
  parseChanges,
  parseFieldFlags,
} from './host/parse-flags.ts';
import { listInterfaces, resolveName } from './host/resources.ts';
import { interfaceView, printChange, printResource, printResources } from './host/show.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;
type Verb = (client: HostClient, context: CommandContext) => Promise<void>;

export function addInterfaceCommand(program: Command, run: Run): void {
  const parent = program.command('interface').description('network interfaces of a running host');
  const onHost = async (verb: Verb): Promise<void> =>
    run(async (context) => withHost(context, async (client) => verb(client, context)));
  addFieldFlags(
    parent.command('create').description('make a network interface'),
    resourceFlags.Interface,
    { verb: 'create', required: ['subnet', 'security_groups'] },
  ).action(async (flags: FlagValues) =>
    onHost(async (client, context) => {
      const readers = referenceReaders(client, context);
      const options = { verb: 'create', readers } as const;
      const { fields } = await parseFieldFlags(resourceFlags.Interface, flags, options);
      const request = { interface: fields, requestId: createRequestId() };
      const made = await client.call('Interfaces.CreateInterface', request, context);
      await printChange(context, interfaceView, made, `${made.name} is there`);
    }),
  );
  parent
    .command('list')
    .description('list network interfaces')
    .action(async () =>
      onHost(async (client, context) => {
        await printResources(context, interfaceView, await listInterfaces(client, context));
      }),
    );
  parent
    .command('get <interface>')
    .description('show all there is to know of a network interface')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'interface', text, context);
        const found = await client.call('Interfaces.GetInterface', { name }, context);
        await printResource(context, interfaceView, found);
      }),
    );
  addChanges(parent, onHost);
}

function addChanges(parent: Command, onHost: (verb: Verb) => Promise<void>): void {
  addFieldFlags(
    parent
      .command('update <interface>')
      .description('change its display name, groups, further addresses or check'),
    resourceFlags.Interface,
    { verb: 'update' },
  ).action(async (text: string, flags: FlagValues) =>
    onHost(async (client, context) => {
      const name = await resolveName(client, 'interface', text, context);
      const readers = referenceReaders(client, context);
      const { fields, mask } = await parseChanges(resourceFlags.Interface, flags, { readers });
      const request = {
        interface: { ...fields, name },
        updateMask: mask,
        requestId: createRequestId(),
      };
      const changed = await client.call('Interfaces.UpdateInterface', request, context);
      await printChange(context, interfaceView, changed, `${name} is changed`);
    }),
  );
  parent
    .command('delete <interface>')
    .description('delete a network interface')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'interface', text, context);
        const request = { name, requestId: createRequestId() };
        await client.call('Interfaces.DeleteInterface', request, context);
        const line = context.format === 'name' ? name : `deleted ${name}`;
        await context.print({ deleted: name }, `${line}\n`);
      }),
    );
  parent
    .command('attach <interface> <instance>')
    .description('plug it into an instance')
    .action(async (text: string, instanceText: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'interface', text, context);
        const instance = await resolveName(client, 'instance', instanceText, context);
        const request = { name, instance, requestId: createRequestId() };
        const after = await client.call('Interfaces.AttachInterface', request, context);
        await printChange(context, interfaceView, after, `${name} is attached to ${instance}`);
      }),
    );
  parent
    .command('detach <interface>')
    .description('take it out of its instance')
    .option('--force', 'even if the guest does not let go')
    .action(async (text: string, flags: { readonly force?: true }) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'interface', text, context);
        const request = { name, force: flags.force === true, requestId: createRequestId() };
        const after = await client.call('Interfaces.DetachInterface', request, context);
        await printChange(context, interfaceView, after, `${name} is detached`);
      }),
    );
}
