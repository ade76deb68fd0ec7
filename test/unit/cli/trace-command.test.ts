// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addTraceCommand } from '../../../src/cli/trace-command.ts';
import { sampleTrace } from '../card/samples.ts';
import { addVpc } from '../controller/handlers/network-scene.ts';
import { sampleGroup, sampleState } from '../network/samples.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

/** A host with an interface `web-0` of the group `web`, whose card drops what it is asked about. */
async function hostWithInterface() {
  const host = new FakeHostClient();
  const { vpc, subnet } = await addVpc(host.networks);
  const { name: group } = await host.call('Networks.CreateSecurityGroup', {
    securityGroup: { vpc, displayName: 'web' },
  });
  const { name } = await host.call('Interfaces.CreateInterface', {
    interface: { displayName: 'web-0', subnet, securityGroups: [group] },
  });
  const id = group.slice('securityGroups/'.length);
  host.traced = {
    trace: sampleTrace({ at: 3 }),
    state: sampleState({ 'security-group': [sampleGroup(1, { id })] }),
    interfaces: new Map([[3, name.slice('interfaces/'.length)]]),
  };
  return { host, name };
}

async function run(
  host: FakeHostClient,
  words: readonly string[],
  format: 'table' | 'json' | 'name' = 'table',
): Promise<FakeContext> {
  const context = new FakeContext(untouched, { host, format });
  await runCommand(addTraceCommand, ['trace', ...words], context);
  return context;
}

const web = ['--to', '10.0.1.11', '--protocol', 'tcp', '--port', '443'];

describe('argon trace', () => {
  it('says what decides, in the words of whoever made it', async () => {
    const { host, name } = await hostWithInterface();

    const table = await run(host, ['web-0', ...web]);
    const json = await run(host, [name, ...web], 'json');
    const end = await run(host, [name, ...web], 'name');

    expect(table.stdout).toMatch(/^STAGE +INTERFACE +DIRECTION +VERDICT +DECIDED BY\n/);
    expect(table.stdout).toMatch(/security-groups +web-0 +out +allowed +web: all@0\.0\.0\.0\/0\n/);
    expect(table.stdout).toMatch(/\n\ndropped at web-0: acl-in\n$/);
    expect(json.printed[0]?.value).toMatchObject({
      outcome: 'drop',
      drop_reason: 'acl-in',
      interface: name,
    });
    expect(end.stdout).toBe(`${name}\n`);
  });

  it.each([
    [web, { source: '', protocol: 'tcp', destinationPort: 443, sourcePort: 49_152 }],
    [[...web, '--source-port', '7', '--from', '10.0.1.9'], { source: '10.0.1.9', sourcePort: 7 }],
    [['--to', '10.0.1.11', '--protocol', 'icmp'], { destinationPort: 0, sourcePort: 0 }],
    [['--to', '10.0.1.11', '--protocol', '47'], { protocol: '47', sourcePort: 0 }],
    [['--to', '10.0.1.1', '--protocol', '17', '--port', '53'], { sourcePort: 49_152 }],
  ])('asks with %j', async (words, request) => {
    const { host, name } = await hostWithInterface();

    await run(host, [name, ...words]);

    const asked = host.calls.find((one) => one.name === 'Interfaces.TraceFlow');
    expect(asked?.request).toMatchObject({ name, ...request });
  });

  it.each([
    [['--to', '10.0.1.11', '--protocol', 'tcp'], '--port is missing'],
    [['--to', '10.0.1.11', '--protocol', 'tpc'], '--protocol "tpc" is none'],
    [['--to', '10.0.1.11', '--protocol', '256'], '--protocol "256" is none'],
    [[...web, '--source-port', '65536'], '--source-port'],
    [['--to', 'web-1', '--protocol', 'icmp'], 'destination'],
  ])('refuses %j', async (words, text) => {
    const { host, name } = await hostWithInterface();

    await expect(run(host, [name, ...words])).rejects.toThrow(text);
  });

  it('passes on that no card serves the interface', async () => {
    const { host, name } = await hostWithInterface();
    host.traced = undefined;

    await expect(run(host, [name, ...web])).rejects.toMatchObject({ code: 'failed-precondition' });
  });
});
