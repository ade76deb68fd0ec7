// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { collectPages, createRequestId } from '../../../../src/cli/host/host-client.ts';

describe('collectPages()', () => {
  it('asks with each token until there is none', async () => {
    const pages = new Map([
      ['', { items: [1], nextPageToken: 'a' }],
      ['a', { items: [], nextPageToken: 'b' }],
      ['b', { items: [2, 3], nextPageToken: '' }],
    ]);

    const items = await collectPages(
      async (token) => pages.get(token) ?? { items: [], nextPageToken: '' },
      (page) => page.items,
    );

    expect(items).toEqual([1, 2, 3]);
  });
});

describe('createRequestId()', () => {
  it('is what the API takes, and never the same', () => {
    const ids = Array.from({ length: 100 }, createRequestId);

    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z_-]{8,64}$/);
  });
});
