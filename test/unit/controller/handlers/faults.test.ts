// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { FaultDriver } from '../../../../src/controller/driver/faults.ts';
import { Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import {
  describeFault,
  faultHandlers,
  parseFault,
} from '../../../../src/controller/handlers/faults.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import type { FaultState } from '../../../../src/native/addons.ts';
import { volumeId } from '../samples.ts';
import { call } from './requests.ts';

function open() {
  const present: FaultState[] = [];
  const operations = new Operations(new Registry(':memory:'), new ResourceQueues(), async () => {});
  const handlers = faultHandlers(
    new FaultDriver(operations, {
      addFault: async (_volume, rule) => {
        present.push({ id: 3, rule, matches: 0n, hits: 0n });
        return { id: 3, rule, matches: 0n, hits: 0n };
      },
      removeFault: async () => {
        present.splice(0);
      },
      faults: async () => [...present],
      releaseFaults: async () => {},
    }),
  );
  return { handlers, present };
}

const volume = `volumes/${volumeId(1)}`;
const delayed = {
  layer: 'FAULT_LAYER_DISK',
  operations: ['FAULT_OPERATION_READ', 'FAULT_OPERATION_FLUSH'],
  firstByte: 4_096n,
  chancePpm: 500,
  action: 'FAULT_ACTION_DELAY',
  delay: { shape: 'DELAY_SHAPE_UNIFORM', baseNs: 5n, spreadNs: 9n },
} as const;

describe('the service Faults', () => {
  it('says of a fault what it was told, and takes it back', async () => {
    const { handlers, present } = open();

    const made = await call(handlers, 'Faults.CreateFault', { volume, fault: delayed });
    expect(made).toMatchObject({ ...delayed, name: `${volume}/faults/3`, endByte: 0n });
    expect(present[0]?.rule).toMatchObject({
      layer: 'disk',
      operations: 5,
      endByte: 2n ** 64n - 1n,
      delay: { shape: 'uniform' },
    });
    const { faults } = await call(handlers, 'Faults.ListFaults', { volume });
    expect(faults).toEqual([made]);
    await call(handlers, 'Faults.ReleaseFaults', { volume });
    await call(handlers, 'Faults.DeleteFault', { name: made.name });

    expect(present).toEqual([]);
  });

  it('lets a fault without a chance always come', () => {
    const rule = parseFault({
      name: '',
      layer: 'FAULT_LAYER_UNSPECIFIED',
      operations: ['FAULT_OPERATION_WRITE'],
      firstByte: 0n,
      endByte: 8_192n,
      nth: 1n,
      every: 0n,
      times: 0n,
      chancePpm: 0,
      action: 'FAULT_ACTION_HANG',
      matches: 0n,
      hits: 0n,
    });

    expect(rule).toMatchObject({ layer: 'device', chancePpm: 1_000_000, action: 'hang' });
    const state = { id: 1, rule, matches: 2n, hits: 1n };
    expect(describeFault(volumeId(1), state)).toMatchObject({ endByte: 8_192n, hits: 1n });
  });

  it.each([
    ['a delay without a length', { delay: undefined }],
    ['a length that is no delay', { action: 'FAULT_ACTION_ERROR' }],
  ] as const)('refuses %s', async (_what, changes) => {
    const { handlers } = open();

    await expect(
      call(handlers, 'Faults.CreateFault', { volume, fault: { ...delayed, ...changes } }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});
