// SPDX-License-Identifier: Apache-2.0

// A host as a lab file: what readLab reads, and applyLab makes of an empty host but for the content
// of volumes.

import { type BlockLimits, blockLimitsType } from '../../api/generated/argon/v1/common.ts';
import { faultType } from '../../api/generated/argon/v1/faults.ts';
import { type Instance, instanceType } from '../../api/generated/argon/v1/instances.ts';
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
import { type Volume, volumeType } from '../../api/generated/argon/v1/volumes.ts';
import type { MessageType } from '../../api/schema.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { documentOf, type ResourceDocument } from '../document/write.ts';
import type { HostClient } from '../host/host-client.ts';
import {
  labelOf,
  listDhcpOptions,
  listInstances,
  listInterfaces,
  listNetworkAcls,
  listPrefixLists,
  listPrivateZones,
  listRouteTables,
  listSecurityGroups,
  listSubnets,
  listVolumes,
  listVpcs,
} from '../host/resources.ts';
import { isLabField } from './fields.ts';
import { mapReferences } from './parse-references.ts';

/** The resources of a host in the form of a lab file, without sections that would be empty. */
export async function dumpLab(client: HostClient, scope: Cancellable): Promise<ResourceDocument> {
  const host = await client.call('Host.GetHost', {}, scope);
  const volumes = await listVolumes(client, scope);
  const instances = await listInstances(client, scope);
  const interfaces = await listInterfaces(client, scope);
  const networks = await listNetworks(client, scope);
  const ownedBoot = new Set(instances.filter(isOfImage).map(({ bootVolume }) => bootVolume));
  const boots = new Set(instances.map(({ bootVolume }) => bootVolume));
  const all = [...volumes, ...instances, ...interfaces, ...Object.values(networks).flat()];
  const labels = new Map(all.map((one) => [one.name, labelOf(one)]));
  const labelFor = (name: string): string => labels.get(name) ?? name;
  const faults: ResourceDocument[] = [];
  for (const volume of volumes.filter(({ attachment }) => attachment !== undefined)) {
    const documents = await faultDocuments(client, volume, scope);
    faults.push(...documents.map((fault) => ({ volume: labelOf(volume), ...fault })));
  }
  const limits = limitsDocument(host.limits);
  const lab = {
    ...(limits === undefined ? {} : { host: { limits } }),
    prefix_lists: networks.lists.map((one) => resourceDocument(prefixListType, one, labelFor)),
    dhcp_options: networks.options.map((one) => resourceDocument(dhcpOptionsType, one, labelFor)),
    vpcs: networks.vpcs.map((one) => resourceDocument(vpcType, one, labelFor)),
    security_groups: networks.groups.map((one) =>
      resourceDocument(securityGroupType, one, labelFor),
    ),
    network_acls: networks.acls.map((one) => resourceDocument(networkAclType, one, labelFor)),
    route_tables: networks.tables.map((one) => resourceDocument(routeTableType, one, labelFor)),
    subnets: networks.subnets.map((one) => resourceDocument(subnetType, one, labelFor)),
    private_zones: networks.zones.map((one) => resourceDocument(privateZoneType, one, labelFor)),
    volumes: volumes
      .filter(({ name }) => !ownedBoot.has(name))
      // A boot volume is attached by its instance.
      .map((volume) => (boots.has(volume.name) ? { ...volume, attachment: undefined } : volume))
      .map((volume) => volumeDocument(volume, labelFor)),
    instances: instances.map((instance) => instanceDocument(instance, labelFor)),
    interfaces: interfaces.map((one) => interfaceDocument(one, labelFor)),
    faults,
  };
  return Object.fromEntries(
    Object.entries(lab).filter(([, section]) => !Array.isArray(section) || section.length > 0),
  );
}

// None where no card has the volume: its instance is stopped.
async function faultDocuments(
  client: HostClient,
  { name }: Volume,
  scope: Cancellable,
): Promise<readonly ResourceDocument[]> {
  try {
    const { faults } = await client.call('Faults.ListFaults', { volume: name }, scope);
    return faults.map((fault) => settable(faultType, fault));
  } catch (thrown) {
    if (thrown instanceof ArgonError && thrown.code === 'failed-precondition') return [];
    throw thrown;
  }
}

// Its boot volume is made of the image, with the instance.
function isOfImage({ image }: Instance): boolean {
  return image !== 'BOOT_IMAGE_UNSPECIFIED';
}

type LabelFor = (name: string) => string;

function volumeDocument(volume: Volume, labelFor: LabelFor): ResourceDocument {
  const { attachment } = volume;
  return {
    ...settable(volumeType, { ...volume, displayName: labelOf(volume) }),
    ...(attachment === undefined
      ? {}
      : {
          attachment: {
            instance: labelFor(attachment.instance),
            ...(attachment.readOnly ? { read_only: true } : {}),
          },
        }),
  };
}

function instanceDocument(instance: Instance, labelFor: LabelFor): ResourceDocument {
  const { state, bootVolume } = instance;
  const isRunning = state === 'INSTANCE_STATE_RUNNING' || state === 'INSTANCE_STATE_STARTING';
  return {
    ...settable(instanceType, {
      ...instance,
      displayName: labelOf(instance),
      bootVolume: bootVolume === '' || isOfImage(instance) ? '' : labelFor(bootVolume),
    }),
    state: isRunning ? 'running' : 'stopped',
  };
}

function interfaceDocument(one: Interface, labelFor: LabelFor): ResourceDocument {
  return {
    ...resourceDocument(interfaceType, one, labelFor),
    ...(one.instance === '' ? {} : { instance: labelFor(one.instance) }),
  };
}

async function listNetworks(client: HostClient, scope: Cancellable) {
  return {
    lists: await listPrefixLists(client, scope),
    options: await listDhcpOptions(client, scope),
    vpcs: await listVpcs(client, scope),
    groups: await listSecurityGroups(client, scope),
    acls: await listNetworkAcls(client, scope),
    tables: await listRouteTables(client, scope),
    subnets: await listSubnets(client, scope),
    zones: await listPrivateZones(client, scope),
  };
}

function resourceDocument<Resource extends { readonly name: string; readonly displayName: string }>(
  type: MessageType<Resource>,
  resource: Resource,
  labelFor: LabelFor,
): ResourceDocument {
  const labeled = mapReferences<object>(type, resource, (_kind, name) => labelFor(name));
  return settable<object>(type, { ...labeled, displayName: labelOf(resource) });
}

function limitsDocument(limits: BlockLimits | undefined): ResourceDocument | undefined {
  const document = documentOf(blockLimitsType, limits ?? {}, { isBrief: true });
  return Object.keys(document).length === 0 ? undefined : document;
}

function settable<Value extends object>(
  type: MessageType<Value>,
  message: Value,
): ResourceDocument {
  const shown = { ...type, fields: type.fields.filter(isLabField) };
  return documentOf(shown, message, { isBrief: true });
}
