// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage, decodeMessage, encodeMessage } from '../../../../src/api/codec.ts';
import {
  type GetHostRequest,
  getHostRequestType,
  type HostInfo,
  hostInfoType,
} from '../../../../src/api/generated/argon/v1/host.ts';
import { methods } from '../../../../src/api/generated/argon/v1/methods.ts';
import {
  type CallStep,
  type Implementation,
  runCall,
} from '../../../../src/controller/management/calls.ts';

const method = methods['Host.GetHost'];
const context = {
  method,
  peer: { kind: 'unix', uid: 0, pid: 1 },
  signal: new AbortController().signal,
} as const;
const request = encodeMessage(getHostRequestType, {}, { kind: 'request', verb: 'other' });

async function run(
  handler: Implementation<GetHostRequest, HostInfo>['handler'],
  steps: readonly CallStep[] = [],
  bytes = request,
): Promise<HostInfo> {
  const answer = await runCall({ method, handler, steps }, bytes, context);
  return decodeMessage(hostInfoType, answer, 'response');
}

const good = async (): Promise<HostInfo> => createMessage(hostInfoType, { version: 'one' });

describe('runCall()', () => {
  it('gives the answer of the handler', async () => {
    expect(await run(good)).toMatchObject({ version: 'one' });
  });

  it('refuses a bad request before anything runs', async () => {
    const never = async (): Promise<never> => {
      throw new Error('it ran');
    };

    await expect(run(never, [never], Uint8Array.of(8, 1))).rejects.toMatchObject({
      code: 'invalid-argument',
      violations: [{ field: '', description: 'has an unknown field 1' }],
    });
  });

  it('does not let a step answer in place of the handler', async () => {
    await expect(run(good, [async () => ({ version: 'two' })])).rejects.toMatchObject({
      code: 'internal',
      message: 'argon.v1.Host/GetHost was ended before its handler',
    });
  });

  it('lets steps see a failure, and keeps a bug from the caller', async () => {
    const seen: unknown[] = [];
    const bug = new RangeError('ours');
    const watch: CallStep = async (_call, next) => {
      try {
        return await next();
      } catch (thrown) {
        seen.push(thrown);
        throw thrown;
      }
    };

    await expect(
      run(async () => {
        throw bug;
      }, [watch]),
    ).rejects.toMatchObject({
      code: 'internal',
      message: 'argon.v1.Host/GetHost failed on this host',
      cause: bug,
    });
    expect(seen).toEqual([bug]);
  });
});
