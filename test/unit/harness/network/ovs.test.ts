// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ovs, ovsConfig } from '../../../../src/harness/network/ovs.ts';

// That it carries frames is shown in test/integration/bench-network.test.ts, where it is installed.
describe('ovs', () => {
  it('switches on one CPU', () => {
    expect(ovsConfig(0).settings).toContain('other_config:pmd-cpu-mask=0x1');
    expect(ovsConfig(33).settings).toContain('other_config:pmd-cpu-mask=0x200000000');
  });

  it('passes offloads on where it is asked to', () => {
    const setting = 'other_config:userspace-tso-enable=true';
    expect(ovsConfig(0, 'offloads').settings).toContain(setting);
    expect(ovsConfig(0).settings).not.toContain(setting);
  });

  it('has two ports and no more', async () => {
    const setup = { pipeline: 'groups', polling: 'always', interfaceCount: 3 } as const;

    await expect(
      ovs.start({ setup, cpu: 0, signal: new AbortController().signal }),
    ).rejects.toMatchObject({ code: 'unimplemented' });
  });
});
