// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr } from '../../../../src/network/model/address.ts';
import { checkOnce, checkQuota, inField, refuse } from '../../../../src/network/model/refusal.ts';

describe('a refusal', () => {
  it('names the field', () => {
    expect(refuse('vpc', 'does not exist')).toMatchObject({
      code: 'invalid-argument',
      field: 'vpc',
      message: 'vpc does not exist',
    });
  });

  it('names the limit of a quota, from one more on', () => {
    checkQuota('routes', 50, 50, 'routes');

    expect(() => {
      checkQuota('routes', 51, 50, 'routes');
    }).toThrow(
      expect.objectContaining({
        code: 'resource-exhausted',
        field: 'routes',
        details: { limit: 50, count: 51 },
      }),
    );
  });

  it('names an item that is there twice', () => {
    expect(() => {
      checkOnce('vpcs', ['a', 'b', 'a']);
    }).toThrow('vpcs[2] is a once more');
    expect(() => {
      checkOnce('vpcs', ['a', 'b']);
    }).not.toThrow();
  });

  it('keeps the hint of what was wrong with a value', () => {
    expect(() => inField('cidr', () => parseCidr('10.0.0.1/8'))).toThrow(
      expect.objectContaining({ field: 'cidr', hint: 'write 10.0.0.0/8' }),
    );
  });
});
