// SPDX-License-Identifier: Apache-2.0

import { setImmediate } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { scope } from './fake-host.ts';

/** Work that ends when the test says so. */
function work(log: string[], name: string) {
  const gate = Promise.withResolvers<void>();
  return {
    end: gate.resolve,
    run: async () => {
      log.push(`${name} begins`);
      await gate.promise;
      log.push(`${name} ends`);
    },
  };
}

describe('ResourceQueues', () => {
  it('lets one at a time work on a resource, in the order of asking', async () => {
    const queues = new ResourceQueues();
    const log: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => work(log, name));

    const all = [
      queues.run(['x'], scope, a?.run ?? (async () => {})),
      queues.run(['x', 'y'], scope, b?.run ?? (async () => {})),
      queues.run(['y'], scope, c?.run ?? (async () => {})),
    ];
    c?.end();
    b?.end();
    a?.end();
    await Promise.all(all);

    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    await Promise.resolve();
    expect(queues.busyCount).toBe(0);
  });

  it('lets those work side by side that share nothing', async () => {
    const queues = new ResourceQueues();
    const log: string[] = [];
    const a = work(log, 'a');
    const running = queues.run(['x'], scope, a.run);

    await queues.run(['y'], scope, async () => {
      log.push('b');
    });
    a.end();
    await running;

    expect(log).toEqual(['a begins', 'b', 'a ends']);
  });

  it('gives two that ask for the same in another order no circle to wait in', async () => {
    const queues = new ResourceQueues();
    let count = 0;

    await Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        queues.run(index % 2 === 0 ? ['x', 'y'] : ['y', 'x', 'y'], scope, async () => {
          count += 1;
        }),
      ),
    );

    expect(count).toBe(100);
  });

  it('goes on after work that failed, and keeps the order after one that gave up', async () => {
    const queues = new ResourceQueues();
    const log: string[] = [];
    const a = work(log, 'a');
    const first = queues.run(['x'], scope, a.run);
    const gone = queues.run(['x'], { signal: AbortSignal.abort() }, async () => {
      log.push('never');
    });
    const last = queues.run(['x'], scope, async () => {
      log.push('last');
      throw new Error('as the test wants');
    });

    await expect(gone).rejects.toMatchObject({ code: 'cancelled' });
    a.end();
    await first;
    await expect(last).rejects.toThrow('as the test wants');

    expect(log).toEqual(['a begins', 'a ends', 'last']);
    await queues.run(['x'], scope, async () => {});
  });

  it('refuses more than may wait', async () => {
    const queues = new ResourceQueues(2);
    const a = work([], 'a');
    const running = queues.run(['x'], scope, a.run);
    await setImmediate(); // It no longer waits.
    const waiting = [1, 2].map(async () => queues.run(['x'], scope, async () => {}));

    await expect(queues.run(['z'], scope, async () => {})).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
    a.end();
    await Promise.all([running, ...waiting]);
  });
});
