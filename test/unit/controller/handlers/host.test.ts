// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { type HostControl, hostHandlers } from '../../../../src/controller/handlers/host.ts';
import { noLimits } from '../../../../src/controller/model.ts';
import { sampleLimits } from '../../card/samples.ts';
import { call } from './requests.ts';

function open() {
  const calls: string[] = [];
  let limits = noLimits;
  const host: HostControl = {
    version: '1.2.3',
    startTimeMs: 5_000,
    environment: 'test',
    parts: () => [
      {
        id: 'controller',
        kind: 'controller',
        state: 'running',
        pid: 1,
        restarts: 0,
        startTimeMs: 1,
      },
      {
        id: 'block-card',
        kind: 'block-card',
        state: 'backing-off',
        pid: 2,
        restarts: 4,
        startTimeMs: 1,
      },
    ],
    limits: () => limits,
    setLimits: async (given) => {
      limits = given;
    },
    shutDown: async ({ timeoutMs, isForced }) => {
      calls.push(`shutDown ${timeoutMs} ${String(isForced)}`);
    },
  };
  return { handlers: hostHandlers(host), calls };
}

describe('the service Host', () => {
  it('says which parts run', async () => {
    expect(await call(open().handlers, 'Host.GetHost', {})).toMatchObject({
      version: '1.2.3',
      parts: [
        { id: 'controller', kind: 'PART_KIND_CONTROLLER', state: 'PART_STATE_RUNNING' },
        { id: 'block-card', state: 'PART_STATE_BACKING_OFF', restarts: 4 },
      ],
      limits: {},
      environment: 'HOST_ENVIRONMENT_TEST',
    });
  });

  it('has an environment that nobody changes', async () => {
    await expect(
      call(open().handlers, 'Host.UpdateHost', {
        host: { environment: 'HOST_ENVIRONMENT_PRODUCTION' },
        updateMask: ['environment'],
      }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('changes the limits of the host', async () => {
    const { totalOperations } = sampleLimits();

    const host = await call(open().handlers, 'Host.UpdateHost', {
      host: { limits: { totalOperations } },
      updateMask: ['limits'],
    });

    expect(host.limits).toEqual({ totalOperations });
  });

  it('shuts down', async () => {
    const { handlers, calls } = open();

    await call(handlers, 'Host.ShutDown', { timeoutMs: 5, force: true });

    expect(calls).toEqual(['shutDown 5 true']);
  });
});
