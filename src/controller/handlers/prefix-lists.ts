// SPDX-License-Identifier: Apache-2.0

import type { NetworkDriver } from '../driver/networks.ts';
import type { HandlersOf } from './handler.ts';
import { prefixListWords } from './prefix-list-words.ts';
import { resourceMethods } from './resource-methods.ts';

/** The methods of the service PrefixLists. */
export function prefixListHandlers(
  driver: NetworkDriver<'prefix-list'>,
): HandlersOf<'PrefixLists'> {
  const lists = resourceMethods(driver, prefixListWords);
  return {
    'PrefixLists.CreatePrefixList': async ({ prefixList, ...options }, scope) =>
      lists.create(prefixList, options, scope),
    'PrefixLists.GetPrefixList': async (request) => lists.get(request),
    'PrefixLists.ListPrefixLists': async (request) => {
      const { items, nextPageToken } = lists.list(request);
      return { prefixLists: items, nextPageToken };
    },
    'PrefixLists.UpdatePrefixList': async ({ prefixList, ...options }, scope) =>
      lists.update(prefixList, options, scope),
    'PrefixLists.DeletePrefixList': async (request, scope) => lists.delete(request, scope),
  };
}
