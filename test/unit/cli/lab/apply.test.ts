// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../../src/base/progress.ts';
import { applyLab, type Changes } from '../../../../src/cli/lab/apply.ts';
import { readLab } from '../../../../src/cli/lab/lab.ts';
import { FakeHostClient } from '../host/fake-host-client.ts';

async function apply(host: FakeHostClient, text: string): Promise<Changes> {
  const { signal } = new AbortController();
  const lab = readLab(text, 'lab.yaml');
  return applyLab(lab, { client: host, progress: silentProgress, signal });
}

const whole = `
host: {limits: {total_bytes: {per_second: 1000000}}}
vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16]}]
security_groups: [{display_name: all, vpc: lab}]
subnets: [{display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24}]
volumes:
  - {display_name: root, size_bytes: 2GiB}
  - {display_name: data, size_bytes: 256MiB, attachment: {instance: web, read_only: true}}
instances:
  - {display_name: web, boot_volume: root, state: running}
  - {display_name: small, image: tiny}
interfaces:
  - {display_name: net, subnet: front, security_groups: [all], instance: web}
faults:
  - {volume: data, layer: disk, operations: [read], action: error, nth: 3}
`;

describe('applyLab()', () => {
  it('makes what is missing, in an order in which it can be', async () => {
    const host = new FakeHostClient();

    const changes = await apply(host, whole);

    expect(changes).toEqual([
      'host: limits set',
      'vpc lab: created',
      'security-group all: created',
      'subnet front: created',
      'interface net: created',
      'volume root: created',
      'volume data: created',
      'instance web: created',
      'instance small: created',
      'volume data: attached to web',
      'interface net: attached to web',
      'instance web: started',
      'fault of data: set',
    ]);
    const [root, data] = host.volumes.values();
    const [web, small] = host.instances.values();
    expect(root).toMatchObject({ cipher: 'VOLUME_CIPHER_AES_256_XTS' });
    expect(data?.attachment).toMatchObject({ instance: web?.name, readOnly: true });
    expect(web).toMatchObject({ bootVolume: root?.name, image: 'BOOT_IMAGE_UNSPECIFIED' });
    expect(small).toMatchObject({ image: 'BOOT_IMAGE_TINY', state: 'INSTANCE_STATE_STOPPED' });
    expect([...host.faults.values()]).toMatchObject([{ nth: 3n, layer: 'FAULT_LAYER_DISK' }]);
    expect(host.limits).toMatchObject({ totalBytes: { perSecond: 1000000n } });
  });

  it('changes nothing the second time', async () => {
    const host = new FakeHostClient();
    await apply(host, whole);
    const before = host.changes.length;

    expect(await apply(host, whole)).toEqual([]);
    expect(host.changes).toHaveLength(before);
  });

  it('knows what is there by what it says, however it is written', async () => {
    const host = new FakeHostClient();
    await apply(host, whole);
    const [web] = host.instances.values();
    if (web !== undefined) host.instances.set(web.name, { ...web, cpuCount: 2, memoryBytes: 5n });

    const fault = 'layer: disk, operations: [read], action: error, nth: 3, chance_ppm: 1000000';
    const again = await apply(
      host,
      `
instances: [{display_name: web, cpu_count: 0, memory_bytes: 0}]
host: {limits: {total_bytes: {per_second: 1000000, burst: 0}, read_bytes: {}}}
faults: [{volume: data, ${fault}, end_byte: 18446744073709551615}]
`,
    );

    expect(again).toEqual([]);
  });

  it('changes what can be changed, and that alone', async () => {
    const host = new FakeHostClient();
    await apply(host, whole);

    const changes = await apply(
      host,
      `
volumes: [{display_name: data, size_bytes: 512MiB, limits: {read_bytes: {per_second: 9}}}]
instances: [{display_name: web, state: stopped, limits: {total_operations: {per_second: 5}}}]
`,
    );

    expect(changes).toEqual([
      'volume data: changed',
      'instance web: changed',
      'instance web: stopped',
    ]);
    const data = [...host.volumes.values()].find(({ displayName }) => displayName === 'data');
    expect(data).toMatchObject({ sizeBytes: 2n ** 29n, limits: { readBytes: { perSecond: 9n } } });
    expect(data?.attachment).toBeDefined();
  });

  it.each([
    ['volumes: [{display_name: data, cipher: none}]', 'lab.yaml:1:11: cipher is'],
    ['instances: [{display_name: web, cpu_count: 3}]', 'cpu_count is 0 on the host'],
    ['instances: [{display_name: web, boot_volume: data}]', 'boot_volume is volumes/'],
    ['instances: [{display_name: web, image: debian}]', 'image is'],
    ['volumes: [{display_name: data, attachment: {instance: small}}]', 'instance is instances/'],
    ['volumes: [{display_name: data, attachment: {instance: web}}]', 'read_only is true'],
    ['volumes: [{display_name: root, attachment: {instance: wb}}]', 'there is no instance "wb"'],
    ['faults: [{volume: dat, operations: [read], action: error}]', 'there is no volume "dat"'],
    ['interfaces: [{display_name: net, instance: small}]', 'instance is instances/'],
  ])('refuses %s of what is there, with the place', async (text, message) => {
    const host = new FakeHostClient();
    await apply(host, whole);
    const before = host.changes.length;

    await expect(apply(host, text)).rejects.toThrow(message);
    expect(host.changes).toHaveLength(before);
  });

  it('refuses to guess between two of one display name', async () => {
    const host = new FakeHostClient();
    host.addVolume({ displayName: 'data' });
    host.addVolume({ displayName: 'data' });

    await expect(apply(host, 'volumes: [{display_name: data}]')).rejects.toThrow(
      'several that are called "data"',
    );
  });
});
