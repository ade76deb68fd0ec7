// SPDX-License-Identifier: Apache-2.0

// Brings networks to what a lab file says. Groups name each other, and routes name interfaces that
// are in subnets that go by the routes: such resources are made without their lists, which follow
// when everything is there.

import type { Interface } from '../../api/generated/argon/v1/interfaces.ts';
import type { RouteTable, SecurityGroup } from '../../api/generated/argon/v1/network-resources.ts';
import type { Init } from '../../api/schema.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { textOf } from '../../base/text-of.ts';
import { documentOf } from '../document/write.ts';
import { createRequestId, type HostClient } from '../host/host-client.ts';
import {
  dhcpOptionsPart,
  interfacePart,
  networkAclPart,
  type Part,
  prefixListPart,
  privateZonePart,
  routeTablePart,
  securityGroupPart,
  subnetPart,
  vpcPart,
} from '../host/network-parts.ts';
import { listResources, type ResourceKind } from '../host/resources.ts';
import type { LabEntry } from './fields.ts';
import type { LabInterface } from './lab.ts';
import { findLabel, must, type Named, refuseOther } from './labels.ts';
import type { LabNetworks, LabResource } from './network-lab.ts';
import { mapReferences, pickFields, referencesOf } from './parse-references.ts';

export interface NetworkSteps {
  /** Does a step for an entry of the file; what goes wrong names its place. */
  readonly at: (entry: LabEntry, step: () => Promise<void>) => Promise<void>;
  readonly did: (what: string, change: string) => void;
}

/** @throws ArgonError as the host refused. */
export async function applyNetworks(
  networks: LabNetworks,
  interfaces: readonly LabInterface[],
  applier: NetworkApplier,
): Promise<void> {
  const { vpcs, securityGroups, networkAcls, routeTables, subnets } = networks;
  await applier.each(prefixListPart, networks.prefixLists);
  await applier.each(dhcpOptionsPart, networks.dhcpOptions);
  await applier.each(vpcPart, vpcs);
  await applier.make(securityGroupPart, securityGroups, withoutPeers);
  await applier.each(networkAclPart, networkAcls);
  await applier.make(routeTablePart, routeTables, withoutTargets);
  await applier.each(subnetPart, subnets);
  await applier.each<Interface>(interfacePart, interfaces);
  await applier.each<SecurityGroup>(
    securityGroupPart,
    securityGroups.map((group) => ({ ...group, fields: withEgress(group.fields) })),
  );
  await applier.each(routeTablePart, routeTables);
  await applier.each(privateZonePart, networks.privateZones);
}

export class NetworkApplier {
  readonly #client: HostClient;
  readonly #scope: Cancellable;
  readonly #steps: NetworkSteps;
  /** What the host has of a kind, until something of it is made. */
  readonly #known = new Map<ResourceKind, readonly Named[]>();

  constructor(client: HostClient, scope: Cancellable, steps: NetworkSteps) {
    this.#client = client;
    this.#scope = scope;
    this.#steps = steps;
  }

  /** Makes what is missing, and changes what is otherwise. */
  async each<Resource extends Named>(
    part: Part<Resource>,
    entries: readonly LabResource<Resource>[],
  ): Promise<void> {
    const all = entries.length === 0 ? [] : await part.list(this.#client, this.#scope);
    for (const entry of entries) {
      await this.#steps.at(entry, async () => {
        const wanted = await this.#resolved(part, entry.fields);
        const current = findLabel(all, entry.label);
        if (current === undefined) await this.#create(part, entry.label, wanted);
        else await this.#update(part, entry.label, wanted, current);
      });
    }
  }

  /** Makes what is missing, of what `reduce` leaves of it. */
  async make<Resource extends Named>(
    part: Part<Resource>,
    entries: readonly LabResource<Resource>[],
    reduce: (fields: Init<Resource>) => Init<Resource>,
  ): Promise<void> {
    const all = entries.length === 0 ? [] : await part.list(this.#client, this.#scope);
    for (const entry of entries) {
      if (findLabel(all, entry.label) !== undefined) continue;
      await this.#steps.at(entry, async () => {
        await this.#create(part, entry.label, await this.#resolved(part, reduce(entry.fields)));
      });
    }
  }

  async #create<Resource extends Named>(
    part: Part<Resource>,
    label: string,
    resource: Init<Resource>,
  ): Promise<void> {
    this.#steps.did(`${part.kind} ${label}`, 'created');
    const request = { resource, updateMask: [], requestId: createRequestId() };
    await part.create(this.#client, request, this.#scope);
    this.#known.delete(part.kind);
  }

  async #update<Resource extends Named>(
    part: Part<Resource>,
    label: string,
    wanted: Init<Resource>,
    current: Resource,
  ): Promise<void> {
    const { type, flags } = part.flags;
    const given = new Map<string, unknown>(Object.entries(wanted));
    // Without zero values, of which a file may say some and the host says all.
    const [asked, there] = [wanted, current].map((one) => documentOf(type, one, { isBrief: true }));
    const differing = type.fields.filter(({ name, property }) => {
      const isSaid = given.get(property) !== undefined && name !== 'display_name';
      return isSaid && JSON.stringify(asked?.[name]) !== JSON.stringify(there?.[name]);
    });
    if (differing.length === 0) return;
    for (const { name } of differing) {
      const isChangeable = flags.some(
        (flag) => flag.field === name && flag.verbs.includes('update'),
      );
      if (!isChangeable) refuseOther(name, textOf(asked?.[name]), textOf(there?.[name]));
    }
    this.#steps.did(`${part.kind} ${label}`, 'changed');
    const request = {
      resource: { ...pickFields(wanted, differing), name: current.name },
      updateMask: differing.map(({ name }) => name),
      requestId: createRequestId(),
    };
    await part.update(this.#client, request, this.#scope);
  }

  async #resolved<Resource>(
    { flags: { type } }: Part<Resource>,
    fields: Init<Resource>,
  ): Promise<Init<Resource>> {
    const names = new Map<string, string>();
    for (const { kind, text } of referencesOf(type, fields)) {
      const all = this.#known.get(kind) ?? (await listResources(this.#client, kind, this.#scope));
      this.#known.set(kind, all);
      names.set(`${kind} ${text}`, must(findLabel(all, text), kind, text).name);
    }
    return mapReferences(type, fields, (kind, text) => names.get(`${kind} ${text}`));
  }
}

// A group that another group of the file may have to be made before.
function withoutPeers(fields: Init<SecurityGroup>): Init<SecurityGroup> {
  const isOfGroups = [...(fields.ingress ?? []), ...(fields.egress ?? [])].some(
    ({ securityGroup = '' }) => securityGroup !== '',
  );
  return isOfGroups ? { ...fields, ingress: [], egress: [] } : fields;
}

// Routes that need interfaces or subnets.
function withoutTargets(fields: Init<RouteTable>): Init<RouteTable> {
  const isPlain = (fields.routes ?? []).every(({ target }) => target === 'ROUTE_TARGET_UPLINK');
  return isPlain ? fields : { ...fields, routes: [] };
}

// What a group is made with is said of one that is there by its rules.
function withEgress({ isEgressClosed, ...fields }: Init<SecurityGroup>): Init<SecurityGroup> {
  return isEgressClosed === true ? { ...fields, egress: [] } : fields;
}
