// SPDX-License-Identifier: Apache-2.0

// The records of a lab file's networks where there is no host to make them, under the same checks.
// Groups name each other, and routes name interfaces: such records are put in without their lists
// first, which follow when everything is there.

import { createMessage } from '../../api/codec.ts';
import { type Interface, interfaceType } from '../../api/generated/argon/v1/interfaces.ts';
import {
  networkAclType,
  routeTableType,
  securityGroupType,
  subnetType,
  vpcType,
} from '../../api/generated/argon/v1/network-resources.ts';
import { dhcpOptionsType, privateZoneType } from '../../api/generated/argon/v1/network-services.ts';
import { prefixListType } from '../../api/generated/argon/v1/prefix-lists.ts';
import type { MessageType } from '../../api/schema.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Draft } from '../../controller/driver/networks.ts';
import {
  dhcpOptionsWords,
  privateZoneWords,
} from '../../controller/handlers/network-service-words.ts';
import {
  aclWords,
  groupWords,
  interfaceWords,
  type ResourceWords,
  subnetWords,
  tableWords,
  vpcWords,
} from '../../controller/handlers/network-words.ts';
import { prefixListWords } from '../../controller/handlers/prefix-list-words.ts';
import { checkRecord } from '../../network/model/check.ts';
import { withAddresses } from '../../network/model/interface-checks.ts';
import {
  createNetworkId,
  emptyNetworkState,
  type NetworkKind,
  type NetworkRecord,
  type NetworkState,
  type RecordOfKind,
} from '../../network/model/records.ts';
import type { ResourceKind } from '../host/resources.ts';
import type { LabNetworks, LabResource } from './network-lab.ts';
import { mapReferences } from './parse-references.ts';

type HostFields = Pick<NetworkRecord, 'id' | 'createTimeMs' | 'revision'>;

export interface LabRecords {
  readonly state: NetworkState;
  /** The id of the interface that the file calls so. */
  readonly interfaceIds: ReadonlyMap<string, string>;
}

/** @throws ArgonError with the place of what cannot be. */
export function recordsOf(
  networks: LabNetworks,
  interfaces: readonly LabResource<Interface>[],
): LabRecords {
  const { dhcpOptions, vpcs, securityGroups, networkAcls, routeTables, subnets } = networks;
  const records = new Records();
  records.name('prefix-list', networks.prefixLists);
  records.name('dhcp-options', dhcpOptions);
  records.name('vpc', vpcs);
  records.name('security-group', securityGroups);
  records.name('network-acl', networkAcls);
  records.name('route-table', routeTables);
  records.name('subnet', subnets);
  records.name('interface', interfaces);
  records.name('private-zone', networks.privateZones);

  const { prefixLists } = networks;
  records.put('prefix-list', prefixLists, prefixListType, prefixListWords, (draft, host) => {
    return { ...draft, ...host };
  });
  records.put('dhcp-options', dhcpOptions, dhcpOptionsType, dhcpOptionsWords, (draft, host) => {
    return { ...draft, ...host };
  });
  records.put('vpc', vpcs, vpcType, vpcWords, (draft, host) => ({ ...draft, ...host }));
  records.put('security-group', securityGroups, securityGroupType, groupWords, (draft, host) => {
    return { ...draft, ...host, ingress: [], egress: [] };
  });
  records.put('security-group', securityGroups, securityGroupType, groupWords, (draft, host) => {
    return { ...draft, ...host };
  });
  records.put('network-acl', networkAcls, networkAclType, aclWords, (draft, host) => {
    return { ...draft, ...host };
  });
  records.put('route-table', routeTables, routeTableType, tableWords, (draft, host) => {
    return { ...draft, ...host, routes: [] };
  });
  records.put('subnet', subnets, subnetType, subnetWords, (draft, host) => {
    return { ...draft, ...host };
  });
  records.put('interface', interfaces, interfaceType, interfaceWords, (draft, host, state) => {
    return withAddresses(state, { ...draft, ...host });
  });
  records.put('route-table', routeTables, routeTableType, tableWords, (draft, host) => {
    return { ...draft, ...host };
  });
  const { privateZones } = networks;
  records.put('private-zone', privateZones, privateZoneType, privateZoneWords, (draft, host) => {
    return { ...draft, ...host };
  });
  return { state: records.state, interfaceIds: records.idsOf('interface') };
}

class Records {
  state = emptyNetworkState;
  readonly #ids = new Map<ResourceKind, Map<string, string>>();
  readonly #collections = new Map<ResourceKind, string>([
    ['prefix-list', prefixListWords.collection],
    ['dhcp-options', dhcpOptionsWords.collection],
    ['vpc', vpcWords.collection],
    ['security-group', groupWords.collection],
    ['network-acl', aclWords.collection],
    ['route-table', tableWords.collection],
    ['subnet', subnetWords.collection],
    ['interface', interfaceWords.collection],
  ]);

  /** Gives ids, so that whatever the order is, one can name the other. */
  name(kind: NetworkKind, entries: readonly { readonly label: string }[]): void {
    this.#ids.set(kind, new Map(entries.map(({ label }) => [label, createNetworkId(kind)])));
  }

  idsOf(kind: ResourceKind): ReadonlyMap<string, string> {
    return this.#ids.get(kind) ?? new Map<string, string>();
  }

  /** Checks the records, as `make` makes them, and puts them in the place of those of their ids. */
  put<Kind extends NetworkKind, Message>(
    kind: Kind,
    entries: readonly LabResource<Message>[],
    type: MessageType<Message>,
    words: ResourceWords<Kind, Message>,
    make: (draft: Draft<Kind>, host: HostFields, state: NetworkState) => RecordOfKind[Kind],
  ): void {
    for (const { label, place, fields } of entries) {
      try {
        const named = mapReferences(type, fields, (of, text) => this.#nameOf(of, text));
        const draft = words.parse(createMessage(type, named), 'create');
        const id = this.idsOf(kind).get(label) ?? '';
        const record = make(draft, { id, createTimeMs: 0, revision: 1 }, this.state);
        checkRecord(this.state, kind, record);
        const others = this.state[kind].filter((other) => other.id !== id);
        this.state = { ...this.state, [kind]: [...others, record] };
      } catch (thrown) {
        const { code, message, hint } = ArgonError.from(thrown);
        throw new ArgonError(code, `${place}: ${message}`, {
          cause: thrown,
          ...(hint === undefined ? {} : { hint }),
        });
      }
    }
  }

  #nameOf(kind: ResourceKind, label: string): string {
    const id = this.idsOf(kind).get(label);
    if (id !== undefined) return `${this.#collections.get(kind) ?? ''}${id}`;
    throw new ArgonError('not-found', `there is no ${kind} "${label}" in the file`);
  }
}
