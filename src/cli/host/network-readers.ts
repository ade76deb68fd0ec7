// SPDX-License-Identifier: Apache-2.0

// How flags of networks and interfaces are read: resources by what a user calls them, lists with
// commas, rules and routes in words.

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { HostClient } from './host-client.ts';
import {
  type FindName,
  itemsOf,
  parseEntries,
  parseRecords,
  parseRoutes,
  parseRules,
  parseUplink,
} from './network-text.ts';
import { fullNameOf, type ResourceKind, resolveName } from './resources.ts';

export type Readers = Readonly<Record<string, (text: string) => Promise<unknown>>>;

/** Readers of the fields that name another resource; '' and `none` name nothing. */
export function referenceReaders(client: HostClient, scope: Cancellable): Readers {
  const one =
    (kind: ResourceKind) =>
    async (text: string): Promise<string> =>
      text === '' || text === 'none' ? '' : resolveName(client, kind, text, scope);
  const several =
    (kind: ResourceKind) =>
    async (text: string): Promise<readonly string[]> =>
      Promise.all(itemsOf(text).map(async (item) => resolveName(client, kind, item, scope)));
  return {
    vpc: one('vpc'),
    vpcs: several('vpc'),
    dhcp_options: one('dhcp-options'),
    subnet: one('subnet'),
    route_table: one('route-table'),
    network_acl: one('network-acl'),
    security_groups: several('security-group'),
    routes: async (text) => parseRoutes(text, finder(client, scope)),
  };
}

/** Readers of the rules of a security group. */
export function ruleReaders(client: HostClient, scope: Cancellable): Readers {
  const read = async (text: string): Promise<unknown> => parseRules(text, finder(client, scope));
  return { ingress: read, egress: read };
}

// What a rule or a route names.
function finder(client: HostClient, scope: Cancellable): FindName {
  return async (kind, text) => resolveName(client, kind, text, scope);
}

/** Readers of the entries of a prefix list: blocks. */
export const listReaders: Readers = {
  entries: async (text) => itemsOf(text).map((cidr) => ({ cidr })),
};

/** Readers of the entries of a network ACL. */
export const entryReaders: Readers = {
  ingress: async (text) => parseEntries(text),
  egress: async (text) => parseEntries(text),
};

/** Readers of the records of a private zone. */
export const recordReaders: Readers = {
  records: async (text) => parseRecords(text),
};

/** Readers of the fields of a flow log. */
export function loggedReaders(client: HostClient, scope: Cancellable): Readers {
  return {
    resource: async (text) => {
      const kinds = ['vpc', 'subnet', 'interface'] as const;
      const names = kinds.map((kind) => fullNameOf(kind, text));
      const name = names.find((one) => one !== undefined);
      if (name !== undefined) return name;
      const kind = kinds.find((one) => text.startsWith(`${one}:`));
      if (kind !== undefined) {
        return resolveName(client, kind, text.slice(kind.length + 1), scope);
      }
      throw new ArgonError('invalid-argument', `--resource "${text}" is none`, {
        hint: 'give an id, or the kind and the name, as in vpc:lab, subnet:front, interface:web-0',
      });
    },
    fields: async (text) => itemsOf(text),
  };
}

/** Readers of what a VPC has. */
export const vpcReaders: Readers = {
  uplink: async (text) => parseUplink(text),
};
