// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addInterfaceCommand } from '../../../src/cli/interface-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

async function run(host: FakeHostClient, ...args: readonly string[]): Promise<string> {
  const context = new FakeContext(untouched, { host });
  await runCommand(addInterfaceCommand, ['interface', ...args], context);
  return context.stdout;
}

describe('argon interface', () => {
  it('takes an interface from its making to its end', async () => {
    const host = new FakeHostClient();
    const { name: instance } = host.addInstance({ displayName: 'web' });

    await run(host, 'create', '--name', 'net', '--mac', '02:00:5e:00:00:01');
    const [made] = host.interfaces.values();
    const name = made?.name ?? '';
    const listed = await run(host, 'list');
    const shown = await run(host, 'get', 'net');
    const attached = await run(host, 'attach', 'net', 'web');
    const detached = await run(host, 'detach', name, '--force');
    const deleted = await run(host, 'delete', 'net');

    expect(listed).toMatch(/eni-[0-9a-f]{17} +net +02:00:5e:00:00:01/);
    expect(shown).toContain('mac_address: 02:00:5e:00:00:01');
    expect(attached).toBe(`${name} is attached to ${instance}\n`);
    expect(detached).toBe(`${name} is detached\n`);
    expect(deleted).toBe(`deleted ${name}\n`);
    expect(host.interfaces.size).toBe(0);
  });

  it('refuses what is no address before it is sent', async () => {
    const host = new FakeHostClient();

    await expect(run(host, 'create', '--mac', 'aa')).rejects.toThrow('--mac "aa"');
    expect(host.calls).toEqual([]);
  });
});
