// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AsyncQueue } from '../../../src/base/async-queue.ts';

async function drain<Item>(queue: AsyncQueue<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

describe('AsyncQueue', () => {
  it('hands out what was pushed before, in order, then ends', async () => {
    const queue = new AsyncQueue<number>(10);
    queue.push(1);
    queue.push(2);
    queue.end();

    expect(await drain(queue)).toEqual([1, 2]);
  });

  it('wakes a reader that waits, for an item and for the end', async () => {
    const queue = new AsyncQueue<string>(10);
    const first = queue.next();
    queue.push('late');
    expect(await first).toEqual({ done: false, value: 'late' });

    const second = queue.next();
    queue.end();
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('hands out undefined as an item like any other', async () => {
    const queue = new AsyncQueue<undefined>(10);
    queue.push(undefined);

    expect(await queue.next()).toEqual({ done: false, value: undefined });
  });

  it('keeps the newest when the reader is slow, and counts the rest', async () => {
    const queue = new AsyncQueue<number>(3);
    for (let item = 1; item <= 5; item += 1) queue.push(item);
    queue.end();

    expect(queue.droppedCount).toBe(2);
    expect(await drain(queue)).toEqual([3, 4, 5]);
  });

  it('takes nothing after its end', async () => {
    const queue = new AsyncQueue<number>(3);
    queue.end();
    queue.push(1);

    expect(await drain(queue)).toEqual([]);
    expect(queue.droppedCount).toBe(0);
  });

  it('loses and swaps nothing however pushes and reads alternate', async () => {
    // Goal: the reader sees what was pushed. Method: any schedule of pushes and reads, and a list.
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (schedule) => {
        const queue = new AsyncQueue<number>(1000);
        const reads: Promise<IteratorResult<number, undefined>>[] = [];
        let pushed = 0;
        let isReading = false;
        for (const isPush of schedule) {
          if (isPush) queue.push((pushed += 1));
          // One reader: it asks again only after it was answered.
          else if (!isReading || reads.length <= pushed) {
            const read = queue.next();
            reads.push(read);
            isReading = true;
            if (reads.length <= pushed) await read;
            else break;
          }
        }
        queue.end();

        const seen = (await Promise.all(reads)).flatMap(({ done, value }) =>
          done === true ? [] : [value],
        );
        const rest = await drain(queue);

        const all = Array.from({ length: pushed }, (_, index) => index + 1);
        expect([...seen, ...rest]).toEqual(all);
      }),
    );
  });
});
