// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createNetworkId } from '../../../../src/network/model/records.ts';

describe('createNetworkId()', () => {
  it('gives each record an id of its own, that says what it is', () => {
    expect(createNetworkId('network-acl')).toMatch(/^acl-[0-9a-f]{17}$/);
    expect(createNetworkId('vpc')).not.toBe(createNetworkId('vpc'));
  });
});
