// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseInstanceId } from '../../../src/base/instance-id.ts';
import { checkIdentity, identityOf } from '../../../src/qemu/system-identity.ts';

const [one, two] = ['i-00000000000000001', 'i-00000000000000002'].map(parseInstanceId);

describe('identityOf()', () => {
  it('is what a guest of EC2 looks for, and the same for one instance always', () => {
    if (one === undefined || two === undefined) throw new Error('no ids');

    const identity = identityOf(one);

    expect(identity.uuid).toMatch(/^ec2[0-9a-f]{5}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-/);
    expect(identity.assetTag).toBe(one);
    expect(identityOf(one)).toEqual(identity);
    expect(identityOf(two).uuid).not.toBe(identity.uuid);
    checkIdentity(identity);
  });
});

describe('checkIdentity()', () => {
  const good = { uuid: 'ec20adf1-0000-4000-8000-0123456789ab', assetTag: 'i-1' };

  it.each([
    [{ ...good, uuid: 'EC20adf1-0000-4000-8000-0123456789ab' }],
    [{ ...good, uuid: 'ed20adf1-0000-4000-8000-0123456789ab' }],
    [{ ...good, uuid: `${good.uuid}0` }],
    [{ ...good, uuid: 'ec20adf100004000800000123456789ab' }],
    [{ ...good, assetTag: '' }],
    [{ ...good, assetTag: 'i-1,serial=2' }],
  ])('refuses %j', (identity) => {
    expect(() => {
      checkIdentity(identity);
    }).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
