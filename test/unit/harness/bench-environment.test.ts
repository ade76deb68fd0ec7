// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { describeEnvironment } from '../../../src/harness/bench-environment.ts';

const facts = { peers: [], placement: 'all on one', runs: 'one' };

describe('describeEnvironment', () => {
  it('says where and with what was measured', async () => {
    expect(await describeEnvironment(facts)).toEqual({
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      cpu: expect.stringMatching(/./),
      cpu_count: expect.any(Number),
      memory_bytes: expect.any(Number),
      kernel: expect.stringMatching(/^\d+\.\d+/),
      node: process.versions.node,
      openssl: process.versions.openssl,
      argon: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      commit: expect.stringMatching(/^(?:[\da-f]{12}(?:\+changes)?|unknown)$/),
      peers: {},
      accelerator: 'none: a front end, and no guest',
      placement: 'all on one',
      runs: 'one',
    });
  });

  it("has the first line of each peer's version", async () => {
    const { peers } = await describeEnvironment({ ...facts, peers: [process.execPath] });

    expect(peers).toEqual({ [process.execPath]: process.version });
  });

  it('fails where a peer is missing', async () => {
    await expect(
      describeEnvironment({ ...facts, peers: ['argon-no-such-peer'] }),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
  });
});
