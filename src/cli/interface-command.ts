// SPDX-License-Identifier: Apache-2.0

// `argon interface …`: network interfaces of a running host.

import type { Command } from 'commander';

import { type CommandContext, withHost } from './context.ts';
import { createRequestId, type HostClient } from './host/host-client.ts';
import { interfacePart } from './host/network-parts.ts';
import { resolveName } from './host/resources.ts';
import { interfaceView, printChange } from './host/show.ts';
import { addPart } from './network-command.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;
type Verb = (client: HostClient, context: CommandContext) => Promise<void>;

export function addInterfaceCommand(program: Command, run: Run): void {
  const onHost = async (verb: Verb): Promise<void> =>
    run(async (context) => withHost(context, async (client) => verb(client, context)));
  const parent = addPart(program, interfacePart, onHost);
  parent
    .command('attach <interface> <instance>')
    .description('plug it into an instance')
    .action(async (text: string, instanceText: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'interface', text, context);
        const instance = await resolveName(client, 'instance', instanceText, context);
        const request = { name, instance, requestId: createRequestId() };
        const after = await client.call('Interfaces.AttachInterface', request, context);
        await printChange(context, interfaceView, after, `${name} is attached to ${instance}`);
      }),
    );
  parent
    .command('detach <interface>')
    .description('take it out of its instance')
    .option('--force', 'take it also from a guest that does not let go')
    .action(async (text: string, flags: { readonly force?: true }) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'interface', text, context);
        const request = { name, force: flags.force === true, requestId: createRequestId() };
        const after = await client.call('Interfaces.DetachInterface', request, context);
        await printChange(context, interfaceView, after, `${name} is detached`);
      }),
    );
}
