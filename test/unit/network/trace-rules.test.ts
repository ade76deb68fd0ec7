// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { groupRuleId } from '../../../src/network/policy-records.ts';
import { findAcl, findEntry, findGroupRule } from '../../../src/network/trace-rules.ts';
import {
  networkId,
  sampleAcl,
  sampleEntry,
  sampleGroup,
  sampleInterface,
  sampleRule,
  sampleState,
  sampleSubnet,
} from './samples.ts';

const ssh = sampleRule();
const web = sampleRule({ fromPort: 443, toPort: 443 });
const groups = [sampleGroup(1, { ingress: [] }), sampleGroup(2, { ingress: [ssh, web] })];
const state = sampleState({ 'security-group': groups });

describe('findGroupRule()', () => {
  it('finds the rule that the compiler gave the number to', () => {
    expect(findGroupRule(state, 'in', groupRuleId(1, 1))).toEqual({ group: groups[1], rule: web });
    expect(findGroupRule(state, 'out', groupRuleId(0, 0))).toEqual({
      group: groups[0],
      rule: groups[0]?.egress[0],
    });
  });

  it.each([0, 1, 0xffff, 0x1_0000, groupRuleId(0, 0), groupRuleId(1, 2), 0xffff_ffff])(
    'finds nothing with %i',
    (id) => {
      expect(findGroupRule(state, 'in', id)).toBeUndefined();
    },
  );
});

describe('findAcl() and findEntry()', () => {
  it("find the entry of the interface's subnet", () => {
    const entry = sampleEntry({ number: 200, action: 'deny' });
    const acl = sampleAcl(1, { ingress: [sampleEntry(), entry] });
    const all = sampleState({ 'network-acl': [acl] });

    const found = findAcl(all, networkId('eni', 1));

    expect(found).toEqual(acl);
    expect(findEntry(acl, 'in', 200)).toEqual(entry);
    expect(findEntry(acl, 'out', 200)).toBeUndefined();
    expect(findEntry(acl, 'in', 0)).toBeUndefined();
  });

  it('find none where the subnet has none, or there is no such interface', () => {
    const open = sampleState({ subnet: [sampleSubnet()], interface: [sampleInterface()] });

    expect(findAcl(open, networkId('eni', 1))).toBeUndefined();
    expect(findAcl(state, networkId('eni', 9))).toBeUndefined();
  });
});
