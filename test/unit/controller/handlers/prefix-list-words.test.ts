// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import {
  type PrefixList,
  prefixListType,
} from '../../../../src/api/generated/argon/v1/prefix-lists.ts';
import { prefixListWords } from '../../../../src/controller/handlers/prefix-list-words.ts';
import { parseCidr } from '../../../../src/network/model/address.ts';
import { sampleList } from '../../network/samples.ts';

const view = { attachment: undefined, conditions: [], etag: '0123456789abcdef' };

describe('the words of a prefix list', () => {
  it('say and take both families', () => {
    const entries = [{ cidr: parseCidr('2001:db8::/32'), description: 'docs' }];
    for (const record of [sampleList(), sampleList(2, { family: 'ipv6', entries })]) {
      const described = prefixListWords.describe({ record, ...view });
      const said = createMessage<PrefixList>(prefixListType, described);
      expect(record).toMatchObject(prefixListWords.parse(said, 'update'));
    }
  });

  it('name an entry that is none', () => {
    const wrong = createMessage<PrefixList>(prefixListType, { entries: [{ cidr: '10.0.0.1/8' }] });

    expect(() => prefixListWords.parse(wrong, 'create')).toThrow('entries[0].cidr cannot be');
  });
});
