// SPDX-License-Identifier: Apache-2.0

// `argon flow-log …`: flow logs of a running host.

import type { Command } from 'commander';

import { type CommandContext, withHost } from './context.ts';
import { flowLogPart } from './host/network-parts.ts';
import { addPart } from './network-command.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

export function addFlowLogCommand(program: Command, run: Run): void {
  const parent = addPart(program, flowLogPart, async (verb) =>
    run(async (context) => withHost(context, async (client) => verb(client, context))),
  );
  parent.addHelpText(
    'after',
    `
Records go to a file below the state folder of the host, which "get" names; of a flow log there are
at most 64 MiB, the older ones with a number behind the name. Deleted flow logs leave their files.

Examples:
  argon flow-log create --resource vpc:lab
  argon flow-log create --resource interface:web-0 --traffic-type reject --interval 60
  argon flow-log create --resource subnet:front --fields interface-id,pkt-srcaddr,tcp-flags,action
`,
  );
}
