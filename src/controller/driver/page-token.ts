// SPDX-License-Identifier: Apache-2.0

import { ArgonError } from '../../base/errors.ts';
import type { Page, PageRequest } from '../registry/sql.ts';

const defaultCount = 100;
const countMax = 1_000;

/** What a caller asks for: some of a list, from where the last page ended. */
export interface ListRequest {
  /** 0: as many as we like. */
  readonly pageSize: number;
  /** Empty on the first page. */
  readonly pageToken: string;
}

export interface ListAnswer<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * `list` names the list that the token has to be of.
 * @throws ArgonError invalid-argument for a token that this list never gave out.
 */
export function parsePage(list: string, { pageSize, pageToken }: ListRequest): PageRequest {
  const count = pageSize === 0 ? defaultCount : Math.min(pageSize, countMax);
  if (pageToken === '') return { afterOrdinal: 0, count };
  const text = Buffer.from(pageToken, 'base64url').toString('latin1');
  const ordinal = new RegExp(`^${list}:(\\d{1,15})$`).exec(text)?.[1];
  if (ordinal === undefined) {
    throw new ArgonError('invalid-argument', 'the page token is of no page of this list', {
      hint: 'give the next_page_token of the page before, and nothing else',
    });
  }
  return { afterOrdinal: Number(ordinal), count };
}

export function formatPage<Row, Item>(
  list: string,
  { items, nextOrdinal }: Page<Row>,
  describe: (row: Row) => Item,
): ListAnswer<Item> {
  const token = nextOrdinal === undefined ? '' : `${list}:${nextOrdinal}`;
  return {
    items: items.map(describe),
    nextPageToken: Buffer.from(token, 'latin1').toString('base64url'),
  };
}
