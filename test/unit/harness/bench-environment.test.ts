// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { describeEnvironment } from '../../../src/harness/bench-environment.ts';

const cpuOf = { frontEnd: 1, backend: 0 };

describe('describeEnvironment', () => {
  it('says where and with what was measured', async () => {
    expect(await describeEnvironment(cpuOf, undefined)).toEqual({
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      cpu: expect.stringMatching(/./),
      cpu_count: expect.any(Number),
      memory_bytes: expect.any(Number),
      kernel: expect.stringMatching(/^\d+\.\d+/),
      node: process.versions.node,
      openssl: process.versions.openssl,
      argon: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      peer: undefined,
      front_end_cpu: 1,
      backend_cpu: 0,
    });
  });

  it("has the first line of the peer's version", async () => {
    const { peer } = await describeEnvironment(cpuOf, process.execPath);

    expect(peer).toBe(process.version);
  });

  it('fails where the peer is missing', async () => {
    await expect(describeEnvironment(cpuOf, 'argon-no-such-peer')).rejects.toMatchObject({
      code: 'failed-precondition',
    });
  });
});
