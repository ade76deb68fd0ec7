// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ovsFlows } from '../../../../src/harness/network/ovs-flows.ts';

const linesOf = (text: string): readonly string[] => text.trimEnd().split('\n');

describe('ovsFlows', () => {
  it('is a cable both ways', () => {
    expect(linesOf(ovsFlows('cable'))).toEqual([
      'table=0,priority=100,in_port=1,actions=output:2',
      'table=0,priority=100,in_port=2,actions=output:1',
    ]);
  });

  it('lets in what says truly who it is, and tracks it in the zone of each end', () => {
    const lines = linesOf(ovsFlows('groups'));

    const first = lines.filter((line) => line.startsWith('table=0,'));
    expect(first).toEqual([
      'table=0,priority=100,in_port=1,ip,dl_src=02:00:00:00:00:01,nw_src=10.0.0.4,' +
        'actions=ct(table=1,zone=1)',
      'table=0,priority=100,in_port=2,ip,dl_src=02:00:00:00:00:02,nw_src=10.0.0.5,' +
        'actions=ct(table=1,zone=2)',
    ]);
    const commits = lines.filter((line) => line.includes('ct(commit,'));
    expect(commits).toHaveLength(4);
    expect(commits.every((line) => line.includes('+trk+new,udp'))).toBe(true);
  });
});
