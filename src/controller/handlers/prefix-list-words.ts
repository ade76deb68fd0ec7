// SPDX-License-Identifier: Apache-2.0

// The words of the management API for prefix lists, and back.

import type { PrefixList } from '../../api/generated/argon/v1/prefix-lists.ts';
import { parseCidr } from '../../network/model/address.ts';
import { inField } from '../../network/model/refusal.ts';
import { describeBase, parseList, prefixListNames, type ResourceWords } from './network-words.ts';

export const prefixListWords: ResourceWords<'prefix-list', PrefixList> = {
  field: 'prefix_list',
  typeName: 'argon.v1.PrefixList',
  collection: prefixListNames,
  paths: { display_name: 'displayName', max_entries: 'maxEntries', entries: 'entries' },
  parse: ({ displayName, addressFamily, maxEntries, entries }) => ({
    displayName,
    family: addressFamily === 'ADDRESS_FAMILY_IPV6' ? 'ipv6' : 'ipv4',
    maxEntries,
    entries: parseList('entries', entries, ({ cidr, description }, field) => {
      return { cidr: inField(`${field}.cidr`, () => parseCidr(cidr)), description };
    }),
    version: 1, // Of a new one; a change raises it.
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(prefixListNames, record),
    addressFamily: record.family === 'ipv6' ? 'ADDRESS_FAMILY_IPV6' : 'ADDRESS_FAMILY_IPV4',
    maxEntries: record.maxEntries,
    entries: record.entries,
    version: BigInt(record.version),
    etag,
  }),
};
