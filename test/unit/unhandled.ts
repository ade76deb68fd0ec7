// SPDX-License-Identifier: Apache-2.0

/** The rejections that nobody handled while `work` ran and until the loop turned once more. */
export async function unhandledDuring(work: () => Promise<void>): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const before = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => seen.push(reason));
  try {
    await work();
    // Node looks for them when the microtasks are done, before the loop's next turn.
    const turned = Promise.withResolvers<void>();
    setImmediate(turned.resolve);
    await turned.promise;
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of before) process.on('unhandledRejection', listener);
  }
  return seen;
}
