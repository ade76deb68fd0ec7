// SPDX-License-Identifier: Apache-2.0

// `argon trace`: what would become of a packet of a guest, and what decides.

import type { Command } from 'commander';

import {
  type TraceFlowResponse,
  traceFlowResponseType,
} from '../api/generated/argon/v1/interfaces.ts';
import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { protocolNumbers } from '../network/model/rule-checks.ts';
import { type CommandContext, withHost } from './context.ts';
import { documentOf } from './document/write.ts';
import type { HostClient } from './host/host-client.ts';
import { labelOf, listResources, resolveName } from './host/resources.ts';
import { type LabelOf, traceText } from './host/trace-text.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface TraceFlags {
  readonly to: string;
  readonly from?: string;
  readonly protocol: string;
  readonly port?: string;
  readonly sourcePort?: string;
}

const ports = { min: 0, max: 65_535 };
// The first that systems choose of themselves (RFC 6335, 6).
const usualSourcePort = 49_152;
const protocolMax = 255;

export function addTraceCommand(program: Command, run: Run): void {
  program
    .command('trace <interface>')
    .description('say what would become of a packet of a guest, and what decides; sends nothing')
    .requiredOption('--to <address>', 'where it goes')
    .option('--from <address>', "where it says it comes from; else the interface's first address")
    .requiredOption('--protocol <protocol>', 'tcp, udp, icmp, icmpv6 or a number')
    .option('--port <n>', 'of tcp and udp: where it goes')
    .option('--source-port <n>', `of tcp and udp; ${usualSourcePort} where nothing is said`)
    .addHelpText(
      'after',
      `
Of tcp it is the first packet of a connection, of icmp a request to echo. Example:
  argon trace web-0 --to 10.0.1.5 --protocol tcp --port 443
`,
    )
    .action(async (text: string, flags: TraceFlags) =>
      run(async (context) =>
        withHost(context, async (client) => trace(context, client, text, flags)),
      ),
    );
}

async function trace(
  context: CommandContext,
  client: HostClient,
  text: string,
  flags: TraceFlags,
): Promise<void> {
  const asked = parsePorts(flags);
  const name = await resolveName(client, 'interface', text, context);
  const { to: destination, from: source = '', protocol } = flags;
  const request = { name, source, destination, protocol, ...asked };
  const answer = await client.call('Interfaces.TraceFlow', request, context);
  const { format } = context;
  const isForPeople = format === 'table';
  const shown = isForPeople ? traceText(answer, await labels(client, context)) : namesOf(answer);
  await context.print(documentOf(traceFlowResponseType, answer), shown);
}

function parsePorts({ protocol, port, sourcePort }: TraceFlags): {
  readonly destinationPort: number;
  readonly sourcePort: number;
} {
  const number = protocolNumberOf(protocol);
  const hasPorts = ['tcp', 'udp'].some((name) => protocolNumbers.get(name) === number);
  if (hasPorts && port === undefined) {
    throw new ArgonError('invalid-argument', '--port is missing', {
      hint: `say where it goes, as in --protocol ${protocol} --port 443`,
    });
  }
  const ownPort = hasPorts ? usualSourcePort : 0;
  return {
    destinationPort: port === undefined ? 0 : parseInteger(port, '--port', ports),
    sourcePort:
      sourcePort === undefined ? ownPort : parseInteger(sourcePort, '--source-port', ports),
  };
}

function protocolNumberOf(text: string): number {
  const number = protocolNumbers.get(text) ?? (/^\d{1,3}$/.test(text) ? Number(text) : undefined);
  if (number !== undefined && number <= protocolMax) return number;
  const names = [...protocolNumbers.keys()].join(', ');
  throw new ArgonError('invalid-argument', `--protocol "${text}" is none`, {
    hint: `give one of ${names}, or a number up to ${protocolMax}`,
  });
}

// What users call what a trace is about.
async function labels(client: HostClient, context: CommandContext): Promise<LabelOf> {
  const kinds = ['interface', 'vpc', 'security-group', 'network-acl', 'prefix-list'] as const;
  const all = await Promise.all(kinds.map(async (kind) => listResources(client, kind, context)));
  const known = new Map(all.flat().map((one) => [one.name, labelOf(one)]));
  return (name) => known.get(name) ?? name;
}

function namesOf({ interface: name }: TraceFlowResponse): string {
  return name === '' ? '' : `${name}\n`;
}
