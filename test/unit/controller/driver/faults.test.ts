// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { FaultDriver } from '../../../../src/controller/driver/faults.ts';
import { Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import type { FaultState } from '../../../../src/native/addons.ts';
import { sampleFault } from '../../card/samples.ts';
import { volumeId } from '../samples.ts';
import { scope } from './fake-host.ts';

function open(present: FaultState[] = []) {
  const operations = new Operations(new Registry(':memory:'), new ResourceQueues(), async () => {});
  const released: string[] = [];
  const faults = new FaultDriver(operations, {
    addFault: async (_volume, rule) => {
      const made = { id: present.length + 1, rule, matches: 0n, hits: 0n };
      present.push(made);
      return made;
    },
    removeFault: async (_volume, fault) => {
      present.splice(
        present.findIndex(({ id }) => id === fault),
        1,
      );
    },
    faults: async () => [...present],
    releaseFaults: async (volume) => {
      released.push(volume);
    },
  });
  return { faults, present, released };
}

const volume = volumeId(1);
const request = { requestId: '', isValidateOnly: false, volume, rule: sampleFault() };

describe('FaultDriver', () => {
  it('adds, lists, releases and deletes', async () => {
    const { faults, present, released } = open();

    const made = await faults.create(request, scope);
    expect(await faults.list(volume, scope)).toEqual([made]);
    await faults.release(volume, scope);
    await faults.delete({ ...request, fault: made.id }, scope);

    expect(present).toEqual([]);
    expect(released).toEqual([volume]);
    await expect(faults.delete({ ...request, fault: made.id }, scope)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('adds one for a request that comes twice', async () => {
    const { faults, present } = open();
    const twice = { ...request, requestId: 'request-1' };

    expect(await faults.create(twice, scope)).toEqual(await faults.create(twice, scope));

    expect(present).toHaveLength(1);
  });

  it('adds none where only the check is asked, or there are too many', async () => {
    const { faults, present } = open();
    await faults.create({ ...request, isValidateOnly: true }, scope);
    expect(present).toEqual([]);

    const many = Array.from({ length: 256 }, (_, index) => ({
      id: index + 1,
      rule: sampleFault(),
      matches: 0n,
      hits: 0n,
    }));
    await expect(open(many).faults.create(request, scope)).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
  });
});
