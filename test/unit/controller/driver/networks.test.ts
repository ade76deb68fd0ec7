// SPDX-License-Identifier: Apache-2.0

import { beforeEach, describe, expect, it } from 'vitest';

import {
  createNetworkDrivers,
  type Draft,
  type NetworkContext,
  NetworkDriver,
  type NetworkDrivers,
} from '../../../../src/controller/driver/networks.ts';
import { Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { parseCidr } from '../../../../src/network/model/address.ts';
import type { NetworkRecord } from '../../../../src/network/model/records.ts';
import {
  sampleGroup,
  sampleInterface,
  sampleSubnet,
  sampleTable,
  sampleVpc,
} from '../../network/samples.ts';
import { scope } from './fake-host.ts';

const once = { requestId: '', isValidateOnly: false } as const;
const free = { ipv4Addresses: [], ipv6Addresses: [], macAddress: '' } as const;

type HostField = 'id' | 'createTimeMs' | 'revision';

function draftOf<Whole extends NetworkRecord>(record: Whole): Omit<Whole, HostField> {
  const { id: _id, createTimeMs: _createTimeMs, revision: _revision, ...draft } = record;
  return draft;
}

let drivers: NetworkDrivers;
let context: NetworkContext;
let vpc: string;
let changeCount: number;

beforeEach(async () => {
  const records = new Registry(':memory:');
  const operations = new Operations(records, new ResourceQueues(), async () => {});
  changeCount = 0;
  const onChange = async (): Promise<void> => {
    changeCount += 1;
  };
  context = { registry: records, operations, onChange, conditions: () => [] };
  drivers = createNetworkDrivers(context);
  const made = await drivers.vpc.create({ ...once, draft: draftOf(sampleVpc()) }, scope);
  vpc = made.record.id;
});

/** A subnet with a group, as interfaces need them. */
async function place(): Promise<{ readonly subnet: string; readonly securityGroups: string[] }> {
  const subnet = await drivers.subnet.create(
    { ...once, draft: draftOf(sampleSubnet(1, { vpc })) },
    scope,
  );
  const group = await drivers['security-group'].create(
    { ...once, draft: draftOf(sampleGroup(1, { vpc })) },
    scope,
  );
  return { subnet: subnet.record.id, securityGroups: [group.record.id] };
}

async function addInterface(displayName: string, changes: Partial<Draft<'interface'>>) {
  const draft = draftOf(sampleInterface(1, { displayName, ...free, ...changes }));
  return drivers.interface.create({ ...once, draft }, scope);
}

describe('NetworkDriver', () => {
  it('gives records an id, a time and an etag that changes with them', async () => {
    const { record, etag } = drivers.vpc.get(vpc);
    expect(record).toMatchObject({ displayName: 'vpc-1', revision: 1 });
    expect(record.id).toMatch(/^vpc-[0-9a-f]{17}$/);

    const changes = { displayName: 'main' };
    const changed = await drivers.vpc.update({ ...once, id: vpc, changes, etag }, scope);

    expect(changed.record).toEqual({ ...record, displayName: 'main', revision: 2 });
    expect(changed.etag).not.toBe(etag);
    await expect(
      drivers.vpc.update({ ...once, id: vpc, changes, etag }, scope),
    ).rejects.toMatchObject({ code: 'aborted' });
    await expect(
      drivers.vpc.delete({ ...once, id: vpc, etag, isMissingAllowed: false }, scope),
    ).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives no VPC an uplink on a host that was started without, and takes one away', async () => {
    const ipv4Cidr = parseCidr('198.51.100.0/30');
    const uplink = { tap: 'outside0', namespace: undefined, ipv4Cidr };
    const draft = draftOf(sampleVpc(2, { uplink }));
    const refused = {
      code: 'failed-precondition',
      hint: expect.stringContaining('--allow-uplink'),
    };

    await expect(drivers.vpc.create({ ...once, draft }, scope)).rejects.toMatchObject(refused);
    const request = { ...once, id: vpc, etag: '' };
    await expect(
      drivers.vpc.update({ ...request, changes: { uplink } }, scope),
    ).rejects.toMatchObject(refused);
    const permitted = new NetworkDriver('vpc', { ...context, allowsUplinks: true });
    const changed = await permitted.update({ ...request, changes: { uplink } }, scope);
    expect(changed.record.uplink).toEqual(uplink);
    const cleared = await drivers.vpc.update({ ...request, changes: { uplink: undefined } }, scope);
    expect(cleared.record.uplink).toBeUndefined();
  });

  it('makes one record of a request that is sent again', async () => {
    const draft = { ...draftOf(sampleVpc()), displayName: 'other' };
    const request = { ...once, requestId: 'request-1', draft };

    const [first, again] = [
      await drivers.vpc.create(request, scope),
      await drivers.vpc.create(request, scope),
    ];

    expect(again).toEqual(first);
    expect(drivers.vpc.list({ pageSize: 0, pageToken: '' }).items).toHaveLength(2);
  });

  it('changes nothing that is only asked about, and answers as if', async () => {
    const draft = { ...draftOf(sampleVpc()), displayName: 'other' };

    const { record } = await drivers.vpc.create({ ...once, isValidateOnly: true, draft }, scope);

    expect(record.displayName).toBe('other');
    expect(drivers.vpc.list({ pageSize: 0, pageToken: '' }).items).toHaveLength(1);
    await expect(
      drivers.vpc.create(
        { ...once, isValidateOnly: true, draft: { ...draft, ipv4Cidrs: [], ipv6Cidrs: [] } },
        scope,
      ),
    ).rejects.toMatchObject({ field: 'ipv4_cidrs' });
  });

  it('gives each interface addresses of its own', async () => {
    const home = await place();

    const made = await Promise.all(['a', 'b'].map(async (name) => addInterface(name, home)));

    expect(made.map(({ record }) => record.ipv4Addresses)).toEqual([['10.0.1.4'], ['10.0.1.5']]);
    expect(made.map(({ record }) => record.ipv6Addresses)).toEqual([
      ['fd00:1:0:1::4'],
      ['fd00:1:0:1::5'],
    ]);
    for (const { record } of made) {
      // Locally administered, and no group.
      expect(Number.parseInt(record.macAddress, 16) & 3).toBe(2);
    }
    expect(new Set(made.map(({ record }) => record.macAddress)).size).toBe(2);
  });

  it('gives an interface that is changed none that it did not ask for', async () => {
    const { record } = await addInterface('a', await place());
    const changes = { ipv6Addresses: [] };

    const changed = await drivers.interface.update(
      { ...once, id: record.id, changes, etag: '' },
      scope,
    );

    expect(changed.record.ipv6Addresses).toEqual([]);
    expect(changed.record.ipv4Addresses).toEqual(record.ipv4Addresses);
  });

  it('keeps what something refers to, and says what does', async () => {
    const home = await place();
    const { record } = await addInterface('a', home);
    const request = { ...once, etag: '', isMissingAllowed: false };

    await expect(drivers.subnet.delete({ ...request, id: home.subnet }, scope)).rejects.toThrow(
      `${home.subnet} is in use by ${record.id}`,
    );
    await drivers.interface.delete({ ...request, id: record.id }, scope);
    await drivers.subnet.delete({ ...request, id: home.subnet }, scope);

    expect(() => drivers.subnet.get(home.subnet)).toThrow('does not exist');
    await expect(
      drivers.subnet.delete({ ...request, id: home.subnet }, scope),
    ).rejects.toMatchObject({ code: 'not-found' });
    await drivers.subnet.delete({ ...request, id: home.subnet, isMissingAllowed: true }, scope);
  });

  it('makes a black hole of a route to an interface that is deleted (RT-6)', async () => {
    const { record } = await addInterface('a', await place());
    const target = { kind: 'interface', interface: record.id } as const;
    const routes = [{ destination: parseCidr('192.0.2.0/24'), target }];
    const draft = draftOf(sampleTable(1, { vpc, routes }));
    const table = await drivers['route-table'].create({ ...once, draft }, scope);

    await drivers.interface.delete(
      { ...once, id: record.id, etag: '', isMissingAllowed: false },
      scope,
    );

    const after = drivers['route-table'].get(table.record.id);
    expect(after.record.routes).toMatchObject([{ target: { kind: 'blackhole' } }]);
    expect(after.etag).not.toBe(table.etag);
  });
});
