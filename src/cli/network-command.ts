// SPDX-License-Identifier: Apache-2.0

// `argon network …`: what makes the VPCs of a running host, each kind with the same verbs.

import type { Command } from 'commander';

import { resourceFlags } from '../api/generated/argon/v1/flags.ts';
import type {
  NetworkAcl,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '../api/generated/argon/v1/network-resources.ts';
import type { Init, ResourceFlags } from '../api/schema.ts';
import type { Cancellable } from '../base/deadline.ts';
import { type CommandContext, withHost } from './context.ts';
import { createRequestId, type HostClient } from './host/host-client.ts';
import {
  entryReaders,
  type Readers,
  referenceReaders,
  ruleReaders,
} from './host/network-readers.ts';
import {
  addFieldFlags,
  type FlagValues,
  parseChanges,
  parseFieldFlags,
} from './host/parse-flags.ts';
import {
  listNetworkAcls,
  listRouteTables,
  listSecurityGroups,
  listSubnets,
  listVpcs,
  type NetworkPart,
  resolveName,
} from './host/resources.ts';
import {
  networkAclView,
  printChange,
  printResource,
  printResources,
  routeTableView,
  securityGroupView,
  subnetView,
  type View,
  vpcView,
} from './host/show.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;
type OnHost = (
  verb: (client: HostClient, context: CommandContext) => Promise<void>,
) => Promise<void>;

/** A resource, and what it is about besides: an update's mask, a request's id. */
interface Request<Resource> {
  readonly resource: Init<Resource>;
  readonly updateMask: readonly string[];
  readonly requestId: string;
}

/** A kind of resources: its methods, by the verbs of the command. */
interface Part<Resource> {
  readonly kind: NetworkPart;
  readonly description: string;
  readonly flags: ResourceFlags<Resource>;
  readonly view: View<Resource>;
  readonly required: readonly string[];
  readonly readers: (client: HostClient, scope: Cancellable) => Readers;
  readonly list: (client: HostClient, scope: Cancellable) => Promise<readonly Resource[]>;
  readonly get: (client: HostClient, name: string, scope: Cancellable) => Promise<Resource>;
  readonly create: (
    client: HostClient,
    request: Request<Resource>,
    scope: Cancellable,
  ) => Promise<Resource>;
  readonly update: (
    client: HostClient,
    request: Request<Resource>,
    scope: Cancellable,
  ) => Promise<Resource>;
  readonly delete: (
    client: HostClient,
    request: { readonly name: string; readonly requestId: string },
    scope: Cancellable,
  ) => Promise<object>;
}

const vpcPart: Part<Vpc> = {
  kind: 'vpc',
  description: 'networks of their own',
  flags: resourceFlags.Vpc,
  view: vpcView,
  required: [],
  readers: () => ({}),
  list: listVpcs,
  get: async (client, name, scope) => client.call('Networks.GetVpc', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateVpc', { vpc: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateVpc', { vpc: resource, ...options }, scope),
  delete: async (client, request, scope) => client.call('Networks.DeleteVpc', request, scope),
};

const subnetPart: Part<Subnet> = {
  kind: 'subnet',
  description: 'parts of a VPC that interfaces are in',
  flags: resourceFlags.Subnet,
  view: subnetView,
  required: ['vpc'],
  readers: referenceReaders,
  list: listSubnets,
  get: async (client, name, scope) => client.call('Networks.GetSubnet', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateSubnet', { subnet: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateSubnet', { subnet: resource, ...options }, scope),
  delete: async (client, request, scope) => client.call('Networks.DeleteSubnet', request, scope),
};

const routeTablePart: Part<RouteTable> = {
  kind: 'route-table',
  description: 'where packets go that leave a subnet',
  flags: resourceFlags.RouteTable,
  view: routeTableView,
  required: ['vpc'],
  readers: referenceReaders,
  list: listRouteTables,
  get: async (client, name, scope) => client.call('Networks.GetRouteTable', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateRouteTable', { routeTable: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateRouteTable', { routeTable: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('Networks.DeleteRouteTable', request, scope),
};

const securityGroupPart: Part<SecurityGroup> = {
  kind: 'security-group',
  description: 'what may come to interfaces and leave them',
  flags: resourceFlags.SecurityGroup,
  view: securityGroupView,
  required: ['vpc'],
  readers: (client, scope) => ({
    ...referenceReaders(client, scope),
    ...ruleReaders(client, scope),
  }),
  list: listSecurityGroups,
  get: async (client, name, scope) => client.call('Networks.GetSecurityGroup', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateSecurityGroup', { securityGroup: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateSecurityGroup', { securityGroup: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('Networks.DeleteSecurityGroup', request, scope),
};

const networkAclPart: Part<NetworkAcl> = {
  kind: 'network-acl',
  description: 'what may enter and leave subnets',
  flags: resourceFlags.NetworkAcl,
  view: networkAclView,
  required: ['vpc'],
  readers: (client, scope) => ({ ...referenceReaders(client, scope), ...entryReaders }),
  list: listNetworkAcls,
  get: async (client, name, scope) => client.call('Networks.GetNetworkAcl', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateNetworkAcl', { networkAcl: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateNetworkAcl', { networkAcl: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('Networks.DeleteNetworkAcl', request, scope),
};

export function addNetworkCommand(program: Command, run: Run): void {
  const network = program
    .command('network')
    .description('VPCs of a running host: subnets, routes, security groups, network ACLs');
  const onHost: OnHost = async (verb) =>
    run(async (context) => withHost(context, async (client) => verb(client, context)));
  addPart(network, vpcPart, onHost);
  addPart(network, subnetPart, onHost);
  addPart(network, routeTablePart, onHost);
  addPart(network, securityGroupPart, onHost);
  addPart(network, networkAclPart, onHost);
}

function addPart<Resource extends { readonly name: string }>(
  network: Command,
  part: Part<Resource>,
  onHost: OnHost,
): void {
  const parent = network.command(part.kind).description(part.description);
  addCreate(parent, part, onHost);
  addReads(parent, part, onHost);
  addFieldFlags(
    parent.command(`update <${part.kind}>`).description('change what can be changed'),
    part.flags,
    { verb: 'update' },
  ).action(async (text: string, flags: FlagValues) =>
    onHost(async (client, context) => {
      const name = await resolveName(client, part.kind, text, context);
      const readers = part.readers(client, context);
      const { fields, mask } = await parseChanges(part.flags, flags, { readers });
      const resource = { ...fields, name };
      const request = { resource, updateMask: mask, requestId: createRequestId() };
      const changed = await part.update(client, request, context);
      await printChange(context, part.view, changed, `${name} is changed`);
    }),
  );
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
}

function addCreate<Resource extends { readonly name: string }>(
  parent: Command,
  part: Part<Resource>,
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

function addReads<Resource extends { readonly name: string }>(
  parent: Command,
  part: Part<Resource>,
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
