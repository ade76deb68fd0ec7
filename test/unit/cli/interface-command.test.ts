// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addInterfaceCommand } from '../../../src/cli/interface-command.ts';
import { addVpc } from '../controller/handlers/network-scene.ts';
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
    const { subnet, group } = await addVpc(host.networks);

    const place = ['--subnet', subnet, '--security-group', group];
    await run(host, 'create', '--name', 'net', '--mac', '02:00:5e:00:00:01', ...place);
    const { interfaces } = await host.call('Interfaces.ListInterfaces', {});
    const [made] = interfaces;
    const name = made?.name ?? '';
    const listed = await run(host, 'list');
    const shown = await run(host, 'get', 'net');
    const update = ['--ipv6-address', 'none', '--source-dest-check', 'disabled'];
    const updated = await run(host, 'update', 'net', ...update);
    const changed = await host.call('Interfaces.GetInterface', { name });
    const attached = await run(host, 'attach', 'net', 'web');
    const detached = await run(host, 'detach', name, '--force');
    const deleted = await run(host, 'delete', 'net');

    expect(listed).toMatch(/eni-[0-9a-f]{17} +net +02:00:5e:00:00:01/);
    expect(made).toMatchObject({ subnet, securityGroups: [group] });
    expect(updated).toBe(`${name} is changed\n`);
    expect(changed).toMatchObject({
      ipv6Addresses: [],
      sourceDestCheck: 'SOURCE_DEST_CHECK_DISABLED',
    });
    expect(shown).toContain('mac_address: 02:00:5e:00:00:01');
    expect(attached).toBe(`${name} is attached to ${instance}\n`);
    expect(detached).toBe(`${name} is detached\n`);
    expect(deleted).toBe(`deleted ${name}\n`);
    expect(await run(host, 'list')).not.toContain('eni-');
  });

  it('refuses what is no address before it is sent', async () => {
    const host = new FakeHostClient();
    const nowhere = ['--subnet', 'none', '--security-group', 'none'];

    await expect(run(host, 'create', '--mac', 'aa', ...nowhere)).rejects.toThrow('--mac "aa"');
    expect(host.calls).toEqual([]);
  });
});
