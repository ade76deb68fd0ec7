// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addFlowLogCommand } from '../../../src/cli/flow-log-command.ts';
import type { OutputFormat } from '../../../src/cli/output.ts';
import { addVpc } from '../controller/handlers/network-scene.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

async function run(
  host: FakeHostClient,
  args: readonly string[],
  format: OutputFormat = 'table',
): Promise<FakeContext> {
  const context = new FakeContext(untouched, { host, format });
  await runCommand(addFlowLogCommand, ['flow-log', ...args], context);
  return context;
}

describe('argon flow-log', () => {
  it('makes, shows and deletes flow logs', async () => {
    const host = new FakeHostClient();
    const { subnet } = await addVpc(host.networks);

    const options = ['--traffic-type', 'reject', '--interval', '60'];
    const fields = ['--fields', 'interface-id, tcp-flags'];
    await run(host, ['create', '--name', 'denied', '--resource', 'vpc:lab', ...options]);
    await run(host, ['create', '--resource', subnet, ...fields]);
    const all = await run(host, ['list']);
    const one = await run(host, ['get', 'denied'], 'json');
    await run(host, ['delete', 'denied']);
    const rest = await run(host, ['list'], 'json');

    expect(all.stdout).toMatch(/^FLOW LOG +NAME +RESOURCE +TRAFFIC +FILE +RECORDS +LOST\n/);
    expect(all.stdout).toMatch(/ denied +vpc-\w+ +reject +host\/flow-logs\/fl-\w+\.log +0 +0\n/);
    expect(one.printed[0]?.value).toMatchObject({
      traffic_type: 'reject',
      max_aggregation_seconds: 60,
    });
    expect(rest.printed[0]?.value).toMatchObject([
      { resource: subnet, fields: ['interface-id', 'tcp-flags'] },
    ]);
  });

  it.each([
    ['lab', '--resource "lab" is none'],
    ['vpc:other', 'there is no vpc "other"'],
  ])('refuses the resource %s', async (resource, message) => {
    const host = new FakeHostClient();
    await addVpc(host.networks);

    await expect(run(host, ['create', '--resource', resource])).rejects.toThrow(message);
  });
});
