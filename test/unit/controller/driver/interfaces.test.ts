// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { InterfaceDriver } from '../../../../src/controller/driver/interfaces.ts';
import { Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { scope } from './fake-host.ts';

function open(): InterfaceDriver {
  const registry = new Registry(':memory:');
  return new InterfaceDriver(
    registry,
    new Operations(registry, new ResourceQueues(), async () => {}),
  );
}

const request = { requestId: '', isValidateOnly: false, displayName: '', macAddress: '' };

describe('InterfaceDriver', () => {
  it('gives an address of its own to each that asks for none', async () => {
    const interfaces = open();

    const made = await Promise.all([1, 2].map(async () => interfaces.create(request, scope)));

    expect(new Set(made.map(({ macAddress }) => macAddress)).size).toBe(2);
    for (const { id, macAddress } of made) {
      expect(id).toMatch(/^eni-[0-9a-f]{17}$/);
      // Locally administered, and no group.
      expect(Number.parseInt(macAddress, 16) & 3).toBe(2);
    }
    expect(interfaces.list({ pageSize: 0, pageToken: '' }).items).toEqual(made);
  });

  it.each([{ displayName: 'web' }, { macAddress: '02:00:00:00:00:01' }])(
    'refuses %j twice',
    async (changes) => {
      const interfaces = open();
      await interfaces.create({ ...request, ...changes }, scope);

      await expect(interfaces.create({ ...request, ...changes }, scope)).rejects.toMatchObject({
        code: 'already-exists',
      });
    },
  );

  it('deletes one, and again only where that is allowed', async () => {
    const interfaces = open();
    const { id } = await interfaces.create(request, scope);
    const gone = { ...request, id, isMissingAllowed: false };

    await interfaces.delete(gone, scope);

    expect(() => interfaces.get(id)).toThrow('does not exist');
    await expect(interfaces.delete(gone, scope)).rejects.toMatchObject({ code: 'not-found' });
    await interfaces.delete({ ...gone, isMissingAllowed: true }, scope);
  });
});
