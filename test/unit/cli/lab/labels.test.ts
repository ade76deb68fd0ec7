// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { findLabel, must, refuseOther } from '../../../../src/cli/lab/labels.ts';

const all = [
  { name: 'vpcs/vpc-1', displayName: 'a' },
  { name: 'vpcs/vpc-2', displayName: 'vpc-1' },
  { name: 'vpcs/vpc-3', displayName: 'b' },
  { name: 'vpcs/vpc-4', displayName: 'b' },
];

describe('labels', () => {
  it.each([
    ['a', 'vpcs/vpc-1'],
    ['vpc-1', 'vpcs/vpc-1'],
    ['vpcs/vpc-2', 'vpcs/vpc-2'],
    ['c', undefined],
  ])('%s is %s: an id comes first', (label, name) => {
    expect(findLabel(all, label)?.name).toBe(name);
  });

  it('are of one, and of one that is there', () => {
    expect(() => findLabel(all, 'b')).toThrow('several that are called "b"');
    expect(() => must(undefined, 'vpc', 'c')).toThrow('there is no vpc "c"');
  });

  it('keep what cannot change', () => {
    expect(() => {
      refuseOther('vpc', undefined, 'a');
      refuseOther('vpc', 'a', 'a');
    }).not.toThrow();
    expect(() => {
      refuseOther('vpc', 'b', 'a');
    }).toThrow('vpc is a on the host');
  });
});
