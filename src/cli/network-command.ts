// SPDX-License-Identifier: Apache-2.0

// `argon network …`: what makes the VPCs of a running host, each kind with the same verbs.

import type { Command } from 'commander';

import { type CommandContext, withHost } from './context.ts';
import { createRequestId, type HostClient } from './host/host-client.ts';
import {
  dhcpOptionsPart,
  type FixedPart,
  networkAclPart,
  type Part,
  prefixListPart,
  privateZonePart,
  routeTablePart,
  securityGroupPart,
  subnetPart,
  vpcPart,
} from './host/network-parts.ts';
import {
  addFieldFlags,
  type FlagValues,
  parseChanges,
  parseFieldFlags,
} from './host/parse-flags.ts';
import { resolveName } from './host/resources.ts';
import { printChange, printResource, printResources } from './host/show.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;
type OnHost = (
  verb: (client: HostClient, context: CommandContext) => Promise<void>,
) => Promise<void>;

export function addNetworkCommand(program: Command, run: Run): void {
  const network = program
    .command('network')
    .description(
      'VPCs of a running host: subnets, routes, security groups, network ACLs, DHCP, names',
    );
  const onHost: OnHost = async (verb) =>
    run(async (context) => withHost(context, async (client) => verb(client, context)));
  addPart(network, vpcPart, onHost);
  addPart(network, subnetPart, onHost);
  addPart(network, routeTablePart, onHost);
  addPart(network, securityGroupPart, onHost);
  addPart(network, networkAclPart, onHost);
  addPart(network, prefixListPart, onHost);
  addPart(network, dhcpOptionsPart, onHost);
  addPart(network, privateZonePart, onHost);
}

/** Adds the verbs that every kind has to a command of its own. */
export function addPart<Resource extends { readonly name: string }>(
  network: Command,
  part: FixedPart<Resource> | Part<Resource>,
  onHost: OnHost,
): Command {
  const parent = network.command(part.kind).description(part.description);
  addCreate(parent, part, onHost);
  addReads(parent, part, onHost);
  if ('update' in part) addUpdate(parent, part, onHost);
  parent
    .command(`delete <${part.kind}>`)
    .description('delete what nothing refers to')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, part.kind, text, context);
        await part.delete(client, { name, requestId: createRequestId() }, context);
        const line = context.format === 'name' ? name : `deleted ${name}`;
        await context.print({ deleted: name }, `${line}\n`);
      }),
    );
  return parent;
}

function addCreate<Resource extends { readonly name: string }>(
  parent: Command,
  part: FixedPart<Resource>,
  onHost: OnHost,
): void {
  const { flags, required } = part;
  addFieldFlags(parent.command('create').description('make one'), flags, {
    verb: 'create',
    required,
  }).action(async (values: FlagValues) =>
    onHost(async (client, context) => {
      const readers = part.readers(client, context);
      const { fields } = await parseFieldFlags(flags, values, { verb: 'create', readers });
      const request = { resource: fields, updateMask: [], requestId: createRequestId() };
      const made = await part.create(client, request, context);
      await printChange(context, part.view, made, `${made.name} is there`);
    }),
  );
}

function addUpdate<Resource extends { readonly name: string }>(
  parent: Command,
  { kind, flags, view, readers: readersOf, update }: Part<Resource>,
  onHost: OnHost,
): void {
  addFieldFlags(
    parent.command(`update <${kind}>`).description('change what can be changed'),
    flags,
    { verb: 'update' },
  ).action(async (text: string, values: FlagValues) =>
    onHost(async (client, context) => {
      const name = await resolveName(client, kind, text, context);
      const readers = readersOf(client, context);
      const { fields, mask } = await parseChanges(flags, values, { readers });
      const resource = { ...fields, name };
      const request = { resource, updateMask: mask, requestId: createRequestId() };
      const changed = await update(client, request, context);
      await printChange(context, view, changed, `${name} is changed`);
    }),
  );
}

function addReads<Resource extends { readonly name: string }>(
  parent: Command,
  part: FixedPart<Resource>,
  onHost: OnHost,
): void {
  parent
    .command('list')
    .description('list them')
    .action(async () =>
      onHost(async (client, context) => {
        await printResources(context, part.view, await part.list(client, context));
      }),
    );
  parent
    .command(`get <${part.kind}>`)
    .description('show all there is to know of one')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, part.kind, text, context);
        await printResource(context, part.view, await part.get(client, name, context));
      }),
    );
}
