// SPDX-License-Identifier: Apache-2.0

// `argon ls`: all of a host at a glance.

import type { Command } from 'commander';

import { hostInfoType } from '../api/generated/argon/v1/host.ts';
import { type CommandContext, withHost } from './context.ts';
import { documentOf } from './document/write.ts';
import { listInstances, listInterfaces, listVolumes } from './host/resources.ts';
import { hostColumns, instanceView, interfaceView, partColumns, volumeView } from './host/show.ts';
import { formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

export function addLsCommand(program: Command, run: Run): void {
  program
    .command('ls')
    .description('show the running host with its parts, instances, volumes and interfaces')
    .action(async () => run(showAll));
}

async function showAll(context: CommandContext): Promise<void> {
  await withHost(context, async (client) => {
    const host = await client.call('Host.GetHost', {}, context);
    const instances = await listInstances(client, context);
    const volumes = await listVolumes(client, context);
    const interfaces = await listInterfaces(client, context);
    const value = {
      host: documentOf(hostInfoType, host),
      instances: instances.map((one) => documentOf(instanceView.type, one)),
      volumes: volumes.map((one) => documentOf(volumeView.type, one)),
      interfaces: interfaces.map((one) => documentOf(interfaceView.type, one)),
    };
    const names = [...instances, ...volumes, ...interfaces].map(({ name }) => `${name}\n`);
    const tables = [
      formatTable(hostColumns, [host]),
      formatTable(partColumns, host.parts),
      ...(instances.length === 0 ? [] : [formatTable(instanceView.columns, instances)]),
      ...(volumes.length === 0 ? [] : [formatTable(volumeView.columns, volumes)]),
      ...(interfaces.length === 0 ? [] : [formatTable(interfaceView.columns, interfaces)]),
    ];
    await context.print(value, context.format === 'name' ? names.join('') : tables.join('\n'));
  });
}
