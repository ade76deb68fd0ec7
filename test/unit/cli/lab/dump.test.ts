// SPDX-License-Identifier: Apache-2.0

// Goal: a dump says all that a lab file can say. Any host that a lab made is dumped, an empty host
// is brought to the dump, and the two dumps are equal; the dump changes nothing where it was made.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { silentProgress } from '../../../../src/base/progress.ts';
import { applyLab, type Changes } from '../../../../src/cli/lab/apply.ts';
import { dumpLab } from '../../../../src/cli/lab/dump.ts';
import { readLab } from '../../../../src/cli/lab/lab.ts';
import { formatYaml } from '../../../../src/cli/output.ts';
import { FakeHostClient } from '../host/fake-host-client.ts';

const { signal } = new AbortController();

async function apply(host: FakeHostClient, text: string): Promise<Changes> {
  return applyLab(readLab(text, 'lab.yaml'), { client: host, progress: silentProgress, signal });
}

/** Optional fields of a resource. */
function some(model: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  return fc.record(model, { requiredKeys: [] });
}

const rate = fc.record({ per_second: fc.integer({ min: 1 }), burst: fc.nat() });
const limits = fc.record(
  { read_operations: rate, total_bytes: rate, write_bytes: rate },
  { requiredKeys: ['total_bytes'] },
);
const fault = fc.record({
  layer: fc.constantFrom('device', 'disk'),
  operations: fc.uniqueArray(fc.constantFrom('read', 'write', 'flush'), { minLength: 1 }),
  action: fc.constantFrom('error', 'hang', 'delay'),
  nth: fc.integer({ min: 1, max: 100 }),
});
// Two instances that all else may refer to.
const instance = some({
  cpu_count: fc.integer({ min: 1, max: 64 }),
  memory_bytes: fc.integer({ min: 1, max: 64 }).map((mebibytes) => mebibytes * 2 ** 20),
  state: fc.constantFrom('running', 'stopped'),
  limits,
});
const owner = fc.constantFrom('guest-0', 'guest-1');
const freeVolume = some({
  size_bytes: fc.integer({ min: 1, max: 1000 }).map((units) => units * 4096),
  cipher: fc.constantFrom('none', 'aes-256-xts'),
  limits,
});
const attachment = fc.record({ instance: owner, read_only: fc.boolean() });

// A VPC that all else may refer to, and parts of it that refer to each other.
const match = fc.constantFrom<object>(
  { protocol: 'all' },
  { protocol: 'tcp', from_port: 0, to_port: 65_535 },
  { protocol: 'udp', from_port: 53, to_port: 53 },
  { protocol: 'icmp', icmp_type: 0, icmp_code: 0 },
  { protocol: 'icmp', icmp_type: -1, icmp_code: -1 },
);
const peer = fc.constantFrom<object>(
  { cidr: '0.0.0.0/0' },
  { prefix_list: 'office' },
  { security_group: 'web' },
  { security_group: 'db', description: 'replicas' },
);
const rules = fc.uniqueArray(
  fc.tuple(match, peer).map(([what, other]) => ({ ...what, ...other })),
  { maxLength: 3, selector: (rule) => JSON.stringify(rule) },
);
const entries = fc
  .array(fc.tuple(match, fc.constantFrom('allow', 'deny')), { maxLength: 3 })
  .map((list) =>
    list.map(([what, action], index) => ({
      ...what,
      number: index + 1,
      action,
      cidr: '192.0.2.0/24',
    })),
  );
const group = fc.oneof(
  some({ ingress: rules }),
  fc.record({ ingress: rules, egress: rules }),
  fc.record({ ingress: rules, is_egress_closed: fc.constant(true) }),
);
const route = fc.constantFrom<object>(
  { destination: '0.0.0.0/0', target: 'uplink' },
  { destination: '10.0.1.0/24', target: 'interface', interface: 'nat' },
  { destination: '::/0', target: 'blackhole' },
  { prefix_list: 'office', target: 'blackhole' },
);
const options = fc.constantFrom<object>(
  { domain_name: 'corp.internal', domain_name_servers: ['ArgonProvidedDNS', '10.0.0.9'] },
  { ntp_servers: ['fd00::123'], netbios_name_servers: ['10.0.0.9'], netbios_node_type: 2 },
  { ipv6_preferred_lease_seconds: 3600 },
);
const record = fc.constantFrom<object>(
  { name: 'corp', type: 'mx', values: ['10 mail.corp', '20 b.corp'] },
  { name: 'db.corp', type: 'a', ttl_seconds: 1, values: ['10.0.1.5'] },
  { name: 'a.corp', type: 'txt', ttl_seconds: 0, values: ['of: any, "kind"'] },
);
const list = fc.constantFrom<object>(
  { max_entries: 2 },
  { max_entries: 9, entries: [{ cidr: '192.0.2.0/24', description: 'the office' }] },
);
const zone = some({ vpcs: fc.constantFrom([], ['lab']), records: fc.uniqueArray(record) });
const anyNetwork = fc
  .record({
    groups: fc.tuple(group, group),
    acl: some({ ingress: entries, egress: entries }),
    routes: fc.uniqueArray(route),
    is_main: fc.boolean(),
    options,
    list,
    vpc: some({ dhcp_options: fc.constant('office') }),
    zone,
    subnet: some({ route_table: fc.constant('out'), network_acl: fc.constant('edge') }),
    check: fc.constantFrom('enabled', 'disabled'),
  })
  .map(({ groups, acl, routes, is_main, subnet, check, ...rest }) => ({
    prefix_lists: [{ display_name: 'office', ...rest.list }],
    dhcp_options: [{ display_name: 'office', ...rest.options }],
    private_zones: [{ display_name: 'corp', domain_name: 'corp', ...rest.zone }],
    vpcs: [
      {
        display_name: 'lab',
        ipv4_cidrs: ['10.0.0.0/16'],
        ipv6_cidrs: ['fd00:1::/56'],
        ...rest.vpc,
      },
    ],
    security_groups: groups.map((one, index) => ({
      display_name: index === 0 ? 'web' : 'db',
      vpc: 'lab',
      ...one,
    })),
    network_acls: [{ display_name: 'edge', vpc: 'lab', ...acl }],
    route_tables: [{ display_name: 'out', vpc: 'lab', is_main, routes }],
    subnets: [{ display_name: 'front', vpc: 'lab', ipv4_cidr: '10.0.1.0/24', ...subnet }],
    interfaces: [
      { display_name: 'nat', subnet: 'front', security_groups: ['web'], source_dest_check: check },
    ],
  }));

const anyLab = fc
  .record(
    {
      instances: fc.tuple(instance, instance),
      attached: fc.array(fc.record({ volume: freeVolume, attachment, faults: fc.array(fault) }), {
        maxLength: 3,
      }),
      free: fc.array(freeVolume, { maxLength: 2 }),
      interfaces: fc.array(some({ instance: owner }), { maxLength: 2 }),
      network: anyNetwork,
      limits,
    },
    { requiredKeys: ['instances', 'attached', 'free', 'network', 'interfaces'] },
  )
  .map((lab) => ({
    ...(lab.limits === undefined ? {} : { host: { limits: lab.limits } }),
    volumes: [
      ...lab.attached.map((one) => ({ ...one.volume, attachment: one.attachment })),
      ...lab.free,
    ].map((volume, index) => ({ display_name: `disk-${index}`, ...volume })),
    instances: lab.instances.map((one, index) => ({ display_name: `guest-${index}`, ...one })),
    ...lab.network,
    interfaces: [
      ...lab.network.interfaces,
      ...lab.interfaces.map((one, index) => ({
        display_name: `net-${index}`,
        mac_address: `02:00:00:00:00:0${index}`,
        subnet: 'front',
        security_groups: ['web'],
        ...one,
      })),
    ],
    faults: lab.attached.flatMap(({ faults }, index) =>
      faults.map((rule) => ({ volume: `disk-${index}`, ...rule })),
    ),
  }));

describe('dumpLab()', () => {
  it('gives a lab file that makes the same host again', async () => {
    await fc.assert(
      fc.asyncProperty(anyLab, async (lab) => {
        const [first, second] = [new FakeHostClient(), new FakeHostClient()];
        await apply(first, await formatYaml(lab));

        const dump = await formatYaml(await dumpLab(first, { signal }));
        const unchanged = await apply(first, dump);
        await apply(second, dump);

        expect(unchanged).toEqual([]);
        expect(await formatYaml(await dumpLab(second, { signal }))).toBe(dump);
        expect(second.volumes.size).toBe(lab.volumes.length);
        expect(second.faults.size).toBe(first.faults.size);
      }),
      { numRuns: 60 },
    );
  });

  it('names what has no display name by its id, and references too', async () => {
    const host = new FakeHostClient();
    const { name } = host.addVolume({ sizeBytes: 8192n });
    const id = name.slice('volumes/'.length);
    host.addInstance({ displayName: 'web', bootVolume: name });

    const dump = await dumpLab(host, { signal });

    expect(dump).toEqual({
      volumes: [{ display_name: id, size_bytes: 8192, cipher: 'aes-256-xts' }],
      instances: [{ display_name: 'web', boot_volume: id, state: 'stopped' }],
    });
    expect(await apply(host, await formatYaml(dump))).toEqual([]);
  });

  it('leaves out the boot volume that an image brings', async () => {
    const host = new FakeHostClient();
    const { name } = host.addVolume();
    const made = host.addInstance({ displayName: 'deb', image: 'BOOT_IMAGE_DEBIAN' });
    host.instances.set(made.name, { ...made, bootVolume: name });

    expect(await dumpLab(host, { signal })).toEqual({
      instances: [{ display_name: 'deb', image: 'debian', state: 'stopped' }],
    });
  });

  it('asks for no faults of a volume that nothing serves now', async () => {
    const host = new FakeHostClient();
    await apply(
      host,
      `
volumes:
  - {display_name: data, size_bytes: 4096, attachment: {instance: web}}
  - {display_name: root, size_bytes: 4096, attachment: {instance: web}}
instances: [{display_name: web}]
`,
    );
    const [, root] = host.volumes.values();
    const [web] = host.instances.values();
    if (web === undefined || root === undefined) throw new Error('there is nothing');
    const image = 'BOOT_IMAGE_UNSPECIFIED' as const;
    host.instances.set(web.name, { ...web, image, bootVolume: root.name });
    const call = host.call.bind(host);
    host.call = async (name, request) => {
      if (name === 'Faults.ListFaults') throw new ArgonError('failed-precondition', 'not served');
      return call(name, request);
    };

    const dump = await dumpLab(host, { signal });

    expect(dump['volumes']).toMatchObject([
      { display_name: 'data', attachment: { instance: 'web' } },
      expect.not.objectContaining({ attachment: expect.anything() as unknown }),
    ]);
  });

  it('has nothing to say of an empty host', async () => {
    expect(await dumpLab(new FakeHostClient(), { signal })).toEqual({});
  });
});
