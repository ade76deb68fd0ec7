// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  createMetadataTree,
  findNode,
  listingOf,
  metadataVersions,
} from '../../../../../src/network/services/metadata/tree.ts';
import { sampleInstance } from './samples.ts';

function read(path: string, changes = {}): string | undefined {
  const node = findNode(createMetadataTree(sampleInstance(changes)), path.split('/'));
  if (node === undefined) return undefined;
  return node.kind === 'folder' ? listingOf(node) : Buffer.from(node.bytes).toString();
}

const meta = (path: string, changes = {}): string | undefined =>
  read(`latest/meta-data/${path}`, changes);

const mac = 'network/interfaces/macs/02:00:00:00:00:05';

describe('createMetadataTree()', () => {
  it.each([
    ['ami-id', 'ami-0123456789abcdef0'],
    ['ami-launch-index', '0'],
    ['block-device-mapping', 'ami\nroot'],
    ['block-device-mapping/root', '/dev/vda'],
    ['hostname', 'ip-10-0-16-5.ec2.internal'],
    ['instance-id', 'i-0123456789abcdef0'],
    ['instance-type', 'm7i.large'],
    ['ipv6', '2001:db8:0:1::5'],
    ['local-hostname', 'ip-10-0-16-5.ec2.internal'],
    ['local-ipv4', '10.0.16.5'],
    ['mac', '02:00:00:00:00:05'],
    ['network', 'interfaces/'],
    ['network/interfaces/macs', '02:00:00:00:00:05/\n02:00:00:00:00:06/'],
    ['placement/availability-zone', 'us-east-1a'],
    ['placement/region', 'us-east-1'],
    ['public-keys', '0=work\n1=home'],
    ['public-keys/1', 'openssh-key'],
    ['public-keys/1/openssh-key', 'ssh-ed25519 BBBB home'],
    ['reservation-id', 'r-0123456789abcdef0'],
    ['security-groups', 'web\nssh'],
    ['services/partition', 'aws'],
    [`${mac}/device-number`, '0'],
    [`${mac}/interface-id`, 'eni-0123456789abcdef0'],
    [`${mac}/ipv6s`, '2001:db8:0:1::5'],
    [`${mac}/local-ipv4s`, '10.0.16.5\n10.0.16.9'],
    [`${mac}/owner-id`, '123456789012'],
    [`${mac}/security-group-ids`, 'sg-00000000000000001\nsg-00000000000000002'],
    [`${mac}/security-groups`, 'web\nssh'],
    [`${mac}/subnet-id`, 'subnet-0123456789abcdef0'],
    [`${mac}/subnet-ipv4-cidr-block`, '10.0.16.0/20'],
    [`${mac}/subnet-ipv6-cidr-blocks`, '2001:db8:0:1::/64'],
    [`${mac}/vpc-id`, 'vpc-0123456789abcdef0'],
    [`${mac}/vpc-ipv4-cidr-block`, '10.0.0.0/16'],
    [`${mac}/vpc-ipv4-cidr-blocks`, '10.0.0.0/16\n10.1.0.0/16'],
    [`${mac}/vpc-ipv6-cidr-blocks`, '2001:db8::/56'],
  ])('has %s', (path, value) => {
    expect(meta(path)).toBe(value);
  });

  it('has the same tree in every version, and lists the versions', () => {
    expect(listingOf(createMetadataTree(sampleInstance()) as never)).toBe(
      metadataVersions.join('\n'),
    );
    for (const version of metadataVersions) {
      expect(read(`${version}/meta-data/instance-id`)).toBe('i-0123456789abcdef0');
    }
    expect(read('2999-01-01/meta-data/instance-id')).toBeUndefined();
  });

  it('leaves out what an instance does not have', () => {
    const second = 'network/interfaces/macs/02:00:00:00:00:06';

    expect(meta(`${second}/local-ipv4s`)).toBeUndefined();
    expect(meta(`${second}/subnet-ipv4-cidr-block`)).toBeUndefined();
    expect(meta(`${second}/ipv6s`)).toBeDefined();
    expect(meta('public-keys', { publicKeys: [] })).toBeUndefined();
    expect(meta('')).toBeUndefined();
    expect(meta('tags')).toBeUndefined();
    expect(meta('iam')).toBeUndefined();
    expect(meta('constructor')).toBeUndefined();
    expect(meta('instance-id/more')).toBeUndefined();
  });

  it('shows tags when there are any', () => {
    const tags = { Name: 'web', __proto: 'x' };

    expect(meta('tags/instance', { tags })).toBe('Name\n__proto');
    expect(meta('tags/instance/Name', { tags })).toBe('web');
  });

  it('has user data as it was given, and lists it only then', () => {
    expect(read('latest')).toBe('dynamic/\nmeta-data/');
    expect(read('latest', { userData: Buffer.from('#!/bin/sh\n') })).toBe(
      'dynamic/\nmeta-data/\nuser-data',
    );
    expect(read('latest/user-data', { userData: Buffer.from('#!/bin/sh\n') })).toBe('#!/bin/sh\n');
    expect(read('latest/user-data')).toBeUndefined();
  });

  it('describes the instance in one document', () => {
    expect(read('latest/dynamic/instance-identity')).toBe('document');
    expect(JSON.parse(read('latest/dynamic/instance-identity/document') ?? '')).toMatchObject({
      accountId: '123456789012',
      architecture: 'x86_64',
      availabilityZone: 'us-east-1a',
      instanceId: 'i-0123456789abcdef0',
      pendingTime: '2026-01-02T03:04:05Z',
      privateIp: '10.0.16.5',
      region: 'us-east-1',
      version: '2017-09-30',
    });
  });
});
