// SPDX-License-Identifier: Apache-2.0

// `argon serve network`: interfaces for any front ends, without controller or guest.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { parseChoice } from '../base/parse.ts';
import { type NetworkCard, startNetworkCard } from '../card/network-card.ts';
import { tryToOpenStreams } from '../card/network-services.ts';
import { recordCapture, recordFlows } from '../card/recording.ts';
import { loadHostAddon, loadNetworkAddon } from '../native/binding.ts';
import type { HostEnvironment } from '../native/network-watch.ts';
import { guardProcess } from '../native/process-guard.ts';
import { compilePolicy, type PolicyInput } from '../network/compile.ts';
import { recordsOfPolicy } from '../network/services/records-of-policy.ts';
import { devicesOf } from '../network/uplink.ts';
import type { CommandContext } from './context.ts';
import { parseCpuList } from './cpu-list.ts';
import { type NetworkLab, readNetworkLab } from './network-lab.ts';
import { writeAll } from './output.ts';

interface ServeNetworkFlags {
  readonly lab: string;
  readonly poll: string;
  readonly cpu?: string;
  readonly flowLog?: string;
  readonly flowInterval: string;
  readonly capture?: string;
  readonly environment: string;
}

export function addServeNetwork(
  serve: Command,
  run: (work: (context: CommandContext) => Promise<void>) => Promise<void>,
): void {
  serve
    .command('network')
    .description('serve network interfaces at vhost-user sockets until it is interrupted')
    .requiredOption('--lab <file>', 'the interfaces')
    .option('--poll <mode>', 'off, adaptive or always', 'adaptive')
    .option('--cpu <list>', 'CPUs for the data thread, as in 0,2-3')
    .option('--flow-log <file>', 'write flow logs of all interfaces, version 2')
    .option('--flow-interval <seconds>', 'what a flow log adds up: 60 or 600', '60')
    .option('--capture <file>', 'write headers of all frames, as pcapng; in a test environment')
    .option('--environment <name>', 'what the host is for: production or test', 'production')
    .addHelpText(
      'after',
      `
Prints "ready PATH" on stdout for each interface, in the order of the file, when front ends can
connect to all of them. The first and the second interface are the ends of a cable, the third and
the fourth of another, and so on. Paths are taken from the folder that the lab file is in:

  interfaces:
    - name: left
      socket: left.sock
    - name: right
      socket: right.sock
      pairs: 4              # of rings that a front end may use; 1 if nothing is said

With vpcs, subnets, security_groups, network_acls or route_tables, as docs/labs.md has them, packets
go where those let them. Interfaces are as there too, each with the mac_address that its guest has,
a socket and pairs; those of one instance share its connections:

  vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16]}]
  security_groups:
    - {display_name: all, vpc: lab, ingress: [{protocol: all, security_group: all}]}
  subnets: [{display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24}]
  interfaces:
    - display_name: left
      subnet: front
      security_groups: [all]
      mac_address: 02:00:00:00:00:01
      ipv4_addresses: [10.0.1.10]
      socket: left.sock

With an uplink a VPC is reached by a TAP device, of this machine or of a network namespace of it,
and where a route leads there reaches it; it takes root, and goes with this command:

  vpcs:
    - display_name: lab
      ipv4_cidrs: [10.0.0.0/16]
      uplink: {tap: lab0, ipv4_cidr: 198.51.100.0/30, namespace: outside}
  route_tables:
    - display_name: out
      vpc: lab
      is_main: true
      routes: [{destination: 0.0.0.0/0, target: uplink}]

Guests of such a file have DHCP, the VPC's names and the time; and, if argon is root's, instance
metadata and DNS over TCP. Their interfaces can be recorded: flows, and on a test host the headers
of frames, without a byte of what is in them.

Examples:
  argon serve network --lab cable.yaml
  argon serve network --lab lab.yaml --flow-log flows.txt
  argon serve network --lab lab.yaml --capture headers.pcapng --environment test
`,
    )
    .action(async (flags: ServeNetworkFlags) =>
      run(async (context) => serveNetwork(context, flags)),
    );
}

async function serveNetwork(context: CommandContext, flags: ServeNetworkFlags): Promise<void> {
  const pollMode = parseChoice(flags.poll, '--poll', ['off', 'adaptive', 'always']);
  const cpus = flags.cpu === undefined ? [] : parseCpuList(flags.cpu);
  const plan = recordingPlan(flags);
  const lab = await openNetworkLab(resolve(flags.lab));
  const { interfaces, policy } = lab;

  guardProcess(loadHostAddon());
  const logger = createLogger('serve', 'info');
  await using card = startNetworkCard(loadNetworkAddon(), { pollMode, cpus }, logger);
  if (policy !== undefined) await serveNetworks(card, policy, logger);
  await using recordings = new AsyncDisposableStack();
  recordings.use(await record(card, lab, plan, logger));
  for (const [index, { name, socketPath, pairs }] of interfaces.entries()) {
    await card.addInterface({ name, index, pairs, socketPath, memoryPolicy: 'any' });
  }
  const ready = interfaces.map(({ socketPath }) => `ready ${socketPath}\n`).join('');
  await writeAll(process.stdout, ready);
  if (!context.signal.aborted) await once(context.signal, 'abort');
}

interface RecordingPlan {
  readonly flows: { readonly path: string; readonly intervalSeconds: 60 | 600 } | undefined;
  readonly capture: { readonly path: string; readonly environment: HostEnvironment } | undefined;
}

function recordingPlan({
  flowLog,
  flowInterval,
  capture,
  environment: name,
}: ServeNetworkFlags): RecordingPlan {
  const interval = parseChoice(flowInterval, '--flow-interval', ['60', '600']);
  const intervalSeconds = interval === '60' ? 60 : 600;
  const environment = parseChoice(name, '--environment', ['production', 'test']);
  return {
    flows: flowLog === undefined ? undefined : { path: resolve(flowLog), intervalSeconds },
    capture: capture === undefined ? undefined : { path: resolve(capture), environment },
  };
}

async function record(
  card: NetworkCard,
  { interfaces, policy }: NetworkLab,
  { flows, capture }: RecordingPlan,
  logger: Logger,
): Promise<AsyncDisposable> {
  await using begun = new AsyncDisposableStack();
  if (flows === undefined && capture === undefined) return begun.move();
  if (policy === undefined) {
    throw new ArgonError(
      'invalid-argument',
      'networks are recorded, and this lab has only cables',
      {
        hint: 'argon serve network --help shows a lab file with a VPC',
      },
    );
  }
  const recorded = interfaces.map(({ name }, index) => {
    return { id: policy.places[index]?.interface ?? '', name };
  });
  if (flows !== undefined) begun.use(await recordFlows(card, recorded, flows, logger));
  if (capture !== undefined) begun.use(await recordCapture(card, recorded, capture, logger));
  return begun.move();
}

/** Puts the policy in force, with the services that guests have under it. */
async function serveNetworks(
  card: NetworkCard,
  policy: PolicyInput,
  logger: Logger,
): Promise<void> {
  const services = recordsOfPolicy(policy);
  const uplinks = devicesOf(policy.state.vpc, policy.uplinks ?? []);
  const network = { policy: compilePolicy(policy), services, uplinks };
  const [problem] = await card.setNetwork(network);
  if (problem !== undefined) throw problem;
  await tryToOpenStreams(card.services, logger);
}

async function openNetworkLab(path: string): Promise<NetworkLab> {
  try {
    return readNetworkLab(await readFile(path, 'utf8'), path);
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno === undefined) throw thrown;
    throw new ArgonError(codeOfErrno(errno), `${path} cannot be read (${errno})`, {
      cause: thrown,
      hint: 'give the path of a lab file; argon serve network --help shows one',
    });
  }
}
