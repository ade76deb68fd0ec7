// SPDX-License-Identifier: Apache-2.0

// The tree of an instance's metadata as EC2 names its parts, as far as Argon has them. What is not
// here is a 404, which readers of the real service have to expect: most parts are optional there.

import type { InstanceMetadata, MetadataInterface } from './instance.ts';

/** A folder by the names in it, in the order in which they are listed. */
export type Folder = ReadonlyMap<string, TreeNode>;

export type TreeNode =
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'folder';
      readonly folder: Folder;
      /** What a listing says instead of the names. */
      readonly listing?: string;
    };

/**
 * The versions that can be asked for; all have the same tree. cloud-init asks for 2021-03-23,
 * 2018-09-24 and 2016-09-02 in this order, and for 2009-04-04.
 */
export const metadataVersions: readonly string[] = [
  '1.0',
  '2009-04-04',
  '2016-09-02',
  '2018-09-24',
  '2021-03-23',
  '2021-07-15',
  '2022-09-24',
  '2024-04-11',
  'latest',
];

/** All that can be read of an instance; the versions are its first level. */
export function createMetadataTree(instance: InstanceMetadata): TreeNode {
  const version = folder({
    dynamic: folder({ 'instance-identity': folder({ document: text(identityOf(instance)) }) }),
    'meta-data': metaDataOf(instance),
    ...(instance.userData !== undefined && {
      'user-data': { kind: 'bytes', bytes: instance.userData },
    }),
  });
  const byVersion = new Map(metadataVersions.map((name) => [name, version]));
  return { kind: 'folder', folder: byVersion, listing: metadataVersions.join('\n') };
}

function metaDataOf(instance: InstanceMetadata): TreeNode {
  const [primary] = instance.interfaces;
  const macs = Object.fromEntries(
    instance.interfaces.map((each): [string, TreeNode] => [each.mac, interfaceOf(instance, each)]),
  );
  return folder({
    'ami-id': text(instance.imageId),
    'ami-launch-index': text(String(instance.launchIndex)),
    'ami-manifest-path': text('(unknown)'),
    'block-device-mapping': texts(instance.blockDevices),
    hostname: text(primary.localHostName),
    'instance-action': text('none'),
    'instance-id': text(instance.instanceId),
    'instance-life-cycle': text('on-demand'),
    'instance-type': text(instance.instanceType),
    ...present('ipv6', primary.ipv6s.slice(0, 1)),
    'local-hostname': text(primary.localHostName),
    ...present('local-ipv4', primary.ipv4s.slice(0, 1)),
    mac: text(primary.mac),
    network: folder({ interfaces: folder({ macs: folder(macs) }) }),
    placement: texts({
      'availability-zone': instance.availabilityZone,
      region: instance.region,
    }),
    profile: text('default-hvm'),
    ...(instance.publicKeys.length > 0 && { 'public-keys': publicKeysOf(instance) }),
    'reservation-id': text(instance.reservationId),
    'security-groups': text(primary.securityGroups.map(({ name }) => name).join('\n')),
    services: texts({ domain: 'amazonaws.com', partition: 'aws' }),
    ...(Object.keys(instance.tags).length > 0 && {
      tags: folder({ instance: texts(instance.tags) }),
    }),
  });
}

function interfaceOf(instance: InstanceMetadata, each: MetadataInterface): TreeNode {
  return folder({
    'device-number': text(String(each.deviceNumber)),
    'interface-id': text(each.interfaceId),
    ...present('ipv6s', each.ipv6s),
    'local-hostname': text(each.localHostName),
    ...present('local-ipv4s', each.ipv4s),
    mac: text(each.mac),
    'owner-id': text(instance.accountId),
    'security-group-ids': text(each.securityGroups.map(({ id }) => id).join('\n')),
    'security-groups': text(each.securityGroups.map(({ name }) => name).join('\n')),
    'subnet-id': text(each.subnetId),
    ...present('subnet-ipv4-cidr-block', each.subnetIpv4Cidrs),
    ...present('subnet-ipv6-cidr-blocks', each.subnetIpv6Cidrs),
    'vpc-id': text(each.vpcId),
    ...present('vpc-ipv4-cidr-block', each.vpcIpv4Cidrs.slice(0, 1)),
    ...present('vpc-ipv4-cidr-blocks', each.vpcIpv4Cidrs),
    ...present('vpc-ipv6-cidr-blocks', each.vpcIpv6Cidrs),
  });
}

/** The one folder whose listing has names that are no paths: `0=name`, and the key is below `0`. */
function publicKeysOf({ publicKeys }: InstanceMetadata): TreeNode {
  const byIndex = publicKeys.map(({ key }, index): [string, TreeNode] => [
    String(index),
    folder({ 'openssh-key': text(key) }),
  ]);
  const listing = publicKeys.map(({ name }, index) => `${index}=${name}`).join('\n');
  return { kind: 'folder', folder: new Map(byIndex), listing };
}

/** The identity document, without the signatures that AWS has for it: there is nobody to sign. */
function identityOf(instance: InstanceMetadata): string {
  const [primary] = instance.interfaces;
  const document = {
    accountId: instance.accountId,
    architecture: instance.architecture,
    availabilityZone: instance.availabilityZone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: instance.imageId,
    instanceId: instance.instanceId,
    instanceType: instance.instanceType,
    kernelId: null,
    pendingTime: `${new Date(instance.launchTimeMs).toISOString().slice(0, 19)}Z`,
    privateIp: primary.ipv4s[0] ?? null,
    ramdiskId: null,
    region: instance.region,
    version: '2017-09-30',
  };
  return JSON.stringify(document, undefined, 2);
}

/** A list that is there only if it has something in it. */
function present(name: string, values: readonly string[]): Record<string, TreeNode> {
  return values.length === 0 ? {} : { [name]: text(values.join('\n')) };
}

function texts(values: Readonly<Record<string, string>>): TreeNode {
  return folder(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)])),
  );
}

function folder(nodes: Readonly<Record<string, TreeNode>>): TreeNode {
  return { kind: 'folder', folder: new Map(Object.entries(nodes)) };
}

function text(value: string): TreeNode {
  return { kind: 'text', bytes: Buffer.from(value) };
}

/** What a folder answers: a name a line, with a slash behind the names of folders. */
export function listingOf({ folder: nodes, listing }: TreeNode & { kind: 'folder' }): string {
  if (listing !== undefined) return listing;
  return [...nodes].map(([name, node]) => (node.kind === 'folder' ? `${name}/` : name)).join('\n');
}

/** The node at a path of names, or undefined. */
export function findNode(root: TreeNode, names: readonly string[]): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const name of names) {
    if (node?.kind !== 'folder') return undefined;
    node = node.folder.get(name);
  }
  return node;
}
