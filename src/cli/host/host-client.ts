// SPDX-License-Identifier: Apache-2.0

// How commands talk to a running host.

import { randomBytes } from 'node:crypto';

import type { ManagementClient, MethodName } from '../../api/client.ts';
import type { MethodTypes } from '../../api/generated/argon/v1/methods.ts';

export type { MethodName } from '../../api/client.ts';
export type ResponseOf<Name extends MethodName> = MethodTypes[Name]['response'];

/** A running host: the client of src/api, or in tests one that has resources of its own. */
export type HostClient = ManagementClient;

/** With it a request that is sent again changes nothing more. */
export function createRequestId(): string {
  return randomBytes(12).toString('hex');
}

/** What lists come in: pages, the last without a token. */
interface Page {
  readonly nextPageToken: string;
}

/** All items of a list, page by page. */
export async function collectPages<Answer extends Page, Item>(
  ask: (pageToken: string) => Promise<Answer>,
  itemsOf: (answer: Answer) => readonly Item[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let pageToken = '';
  do {
    const answer = await ask(pageToken);
    items.push(...itemsOf(answer));
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  return items;
}
