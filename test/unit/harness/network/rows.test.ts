// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { netIdleRows, netPeers, netRows } from '../../../../src/harness/network/rows.ts';

const names = [...netRows, ...netIdleRows].map(({ name }) => name);

describe('the rows of the network benchmark', () => {
  it('have names of their own', () => {
    expect(new Set(names).size).toBe(names.length);
  });

  it('have every size with every number of flows between security groups', () => {
    for (const bytes of [64, 1500, 9000]) {
      for (const flows of [1, 1000, 100_000]) {
        const row = netRows.find(({ name }) => name === `groups-${bytes}-${flows}`);
        expect(row).toMatchObject({
          pipeline: 'groups',
          load: { pattern: 'forward', frameBytes: bytes, flowCount: flows },
        });
      }
    }
  });

  it('have goals that something in them can be judged by', () => {
    const unknown: string[] = [];
    for (const [index, { name, goals, peers }] of netRows.entries()) {
      for (const goal of goals) {
        if (goal.kind !== 'ratio' && goal.kind !== 'share') continue;
        const known = goal.kind === 'ratio' ? peers : names.slice(0, index);
        unknown.push(...(known.some((one) => one === goal.of) ? [] : [name]));
      }
    }
    expect(unknown).toEqual([]);
  });

  it('ask of testpmd nothing but a cable', () => {
    expect(netPeers).toEqual(['testpmd', 'ovs', 'qemu']);
    const asked = netRows.filter(({ peers }) => peers.includes('testpmd'));
    expect(new Set(asked.map(({ pipeline }) => pipeline))).toEqual(new Set(['cable']));
  });
});
