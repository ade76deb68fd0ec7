// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { formatPage, parsePage } from '../../../../src/controller/driver/page-token.ts';

describe('a page token', () => {
  it('leads to the page after the one that it came with', () => {
    const page = { items: [1, 2], nextOrdinal: 7 };

    const { items, nextPageToken } = formatPage('volumes', page, String);

    expect(items).toEqual(['1', '2']);
    expect(parsePage('volumes', { pageSize: 5, pageToken: nextPageToken })).toEqual({
      afterOrdinal: 7,
      count: 5,
    });
  });

  it('is empty on the first page and on the last', () => {
    expect(parsePage('volumes', { pageSize: 0, pageToken: '' })).toEqual({
      afterOrdinal: 0,
      count: 100,
    });
    const last = { items: [], nextOrdinal: undefined };
    expect(formatPage('volumes', last, String).nextPageToken).toBe('');
  });

  it.each(['x', '====', Buffer.from('instances:7').toString('base64url'), '7'])(
    'is not %j',
    (pageToken) => {
      expect(() => parsePage('volumes', { pageSize: 1, pageToken })).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    },
  );

  it('bounds a page', () => {
    expect(parsePage('volumes', { pageSize: 5_000, pageToken: '' }).count).toBe(1_000);
  });
});
