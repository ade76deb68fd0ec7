// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { testpmd, testpmdArguments } from '../../../../src/harness/network/testpmd.ts';

// That it carries frames is shown in test/integration/bench-network.test.ts, where it is installed.
describe('testpmd', () => {
  it('has a port for each socket, and is on one CPU', () => {
    const words = testpmdArguments('mac', 3, ['/d/0', '/d/1']).join(' ');

    expect(words).toContain('--lcores 0@3,1@3');
    expect(words).toContain('--vdev net_vhost0,iface=/d/0 --vdev net_vhost1,iface=/d/1 -- ');
    expect(words).toContain('--forward-mode=mac');
  });

  it('passes offloads on where it is asked to', () => {
    const words = testpmdArguments('io', 0, ['/d/0'], 'offloads').join(' ');

    expect(words).toContain('--vdev net_vhost0,iface=/d/0,tso=1,legacy-ol-flags=1 -- ');
    expect(testpmd('io', 'offloads').name).toBe('testpmd, io, offloads');
  });

  it('has no groups, and no more than two ports', async () => {
    const scope = { cpu: 0, signal: new AbortController().signal };
    for (const setup of [
      { pipeline: 'groups', polling: 'always', interfaceCount: 2 },
      { pipeline: 'cable', polling: 'always', interfaceCount: 4 },
    ] as const) {
      await expect(testpmd('io').start({ setup, ...scope })).rejects.toMatchObject({
        code: 'unimplemented',
      });
    }
  });
});
