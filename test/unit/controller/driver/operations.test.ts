// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { type Mutation, Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { sampleVolume, volumeId } from '../samples.ts';
import { scope } from './fake-host.ts';

function open() {
  const registry = new Registry(':memory:');
  const steps: string[] = [];
  const operations = new Operations(registry, new ResourceQueues(), async (step) => {
    steps.push(step);
  });
  return { registry, operations, steps };
}

/** Puts a volume into the registry. */
function putting(
  registry: Registry,
  changes: Partial<Mutation<number, string>> = {},
): Mutation<number, string> {
  return {
    method: 'test.put',
    requestId: 'request-1',
    request: { size: 1n, list: [1, 2] },
    isValidateOnly: false,
    resources: ['x'],
    decide: () => registry.volumes().items.length + 1,
    preview: (number) => `would make ${number}`,
    target: (number) => String(number),
    perform: async (number, commit) => {
      commit(() => {
        registry.putVolume(sampleVolume(number));
      });
      return `made ${number}`;
    },
    recall: (target) => `made ${target} before`,
    ...changes,
  };
}

describe('Operations', () => {
  it('does a request once, however often it is sent', async () => {
    const { registry, operations, steps } = open();

    expect(await operations.run(putting(registry), scope)).toBe('made 1');
    expect(await operations.run(putting(registry), scope)).toBe('made 1 before');
    const side = putting(registry, { request: { list: [1, 2], size: 1n } });
    expect(await operations.run(side, scope)).toBe('made 1 before');

    expect(registry.volumes().items).toHaveLength(1);
    expect(steps).toEqual(['test.put: begun', 'test.put: done']);
  });

  it('does one of two that are sent at once, and gives both the answer', async () => {
    const { registry, operations } = open();

    const answers = await Promise.all([
      operations.run(putting(registry), scope),
      operations.run(putting(registry), scope),
    ]);

    expect(answers).toEqual(['made 1', 'made 1 before']);
  });

  it.each([
    ['request', { request: { size: 2n, list: [1, 2] } }],
    ['method', { method: 'test.other' }],
  ] as const)('refuses an id that was of another %s', async (_what, changes) => {
    const { registry, operations } = open();
    await operations.run(putting(registry), scope);

    await expect(operations.run(putting(registry, changes), scope)).rejects.toMatchObject({
      code: 'already-exists',
    });
  });

  it('forgets a request that failed, or ended without a commit', async () => {
    const { registry, operations } = open();
    const failing = putting(registry, {
      perform: async () => {
        throw new Error('as the test wants');
      },
    });
    await expect(operations.run(failing, scope)).rejects.toThrow('as the test wants');
    const busy = putting(registry, { perform: async () => 'busy' });
    expect(await operations.run(busy, scope)).toBe('busy');

    expect(registry.operation('request-1')).toBeUndefined();
    expect(await operations.run(putting(registry), scope)).toBe('made 1');
  });

  it('decides and changes nothing where that is all that is asked', async () => {
    const { registry, operations, steps } = open();

    const asked = putting(registry, { isValidateOnly: true });

    expect(await operations.run(asked, scope)).toBe('would make 1');
    expect(registry.volumes().items).toEqual([]);
    expect(registry.operation('request-1')).toBeUndefined();
    expect(steps).toEqual([]);
  });

  it('writes the answer with the change, or neither', async () => {
    const { registry, operations } = open();
    const broken = putting(registry, {
      perform: async (_number, commit) => {
        commit(() => {
          registry.putVolume(sampleVolume(1));
          throw new Error('as the test wants');
        });
        return '';
      },
    });

    await expect(operations.run(broken, scope)).rejects.toThrow('as the test wants');

    expect(registry.volume(volumeId(1))).toBeUndefined();
    expect(registry.operation('request-1')).toBeUndefined();
  });

  it('keeps nothing of a request without an id', async () => {
    const { registry, operations } = open();
    const anonymous = putting(registry, { requestId: '' });

    expect(await operations.run(anonymous, scope)).toBe('made 1');
    expect(await operations.run(anonymous, scope)).toBe('made 2');
  });

  it('begins nothing once it is closed', async () => {
    const { registry, operations } = open();
    operations.close();

    await expect(operations.run(putting(registry), scope)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
