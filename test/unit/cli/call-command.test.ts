// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addCallCommand, callNames } from '../../../src/cli/call-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

async function call(host: FakeHostClient, ...args: readonly string[]): Promise<unknown> {
  const context = new FakeContext(untouched, { host });
  await runCommand(addCallCommand, ['call', ...args], context);
  return JSON.parse(context.stdout) as unknown;
}

describe('argon call', () => {
  it.each(['Volumes/GetVolume', 'Volumes.GetVolume', 'argon.v1.Volumes/GetVolume'])(
    'calls %s and prints its answer',
    async (method) => {
      const host = new FakeHostClient();
      const { name } = host.addVolume({ displayName: 'data' });

      expect(await call(host, method, JSON.stringify({ name }))).toMatchObject({
        name,
        display_name: 'data',
        state: 'available',
      });
    },
  );

  it('takes an empty request for none', async () => {
    expect(await call(new FakeHostClient(), 'Host/GetHost')).toMatchObject({ version: '1' });
  });

  it.each([
    [['Volumes/GetVolum', '{}'], 'there is no method "Volumes/GetVolum"', 'Volumes/GetVolume'],
    [['Volumes/GetVolume', '{"nme": 1}'], 'the request:1:2:', 'did you mean "name"?'],
    [['Volumes/GetVolume', '{"name": "x"}'], 'name', ''],
    [['Volumes/GetVolume', '{'], 'the request:1:', ''],
  ])('refuses %j', async (args, message, hint) => {
    const host = new FakeHostClient();

    await expect(call(host, ...args)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as unknown,
      ...(hint === '' ? {} : { hint: expect.stringContaining(hint) as unknown }),
    });
    expect(host.calls).toEqual([]);
  });
});

describe('callNames()', () => {
  it('has every method of every service', () => {
    expect(callNames()).toEqual(
      expect.arrayContaining(['Host/ShutDown', 'Volumes/AttachVolume', 'Faults/CreateFault']),
    );
  });
});
