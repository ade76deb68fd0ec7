// SPDX-License-Identifier: Apache-2.0

// Our own network back end under measurement: `argon serve network` with a lab file that is written
// for it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { NetBackend, NetBackendKind, NetBackendOptions, NetSetup } from './backend.ts';
import { netEndText, subnetCidr, vpcCidr } from './ends.ts';
import { startProgram } from './program.ts';

const commandLine = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export const argonNetwork: NetBackendKind = { name: 'argon', start };

/** The lab file, in JSON. Sockets are `0.sock`, `1.sock` and so on beside it. */
export function labText(setup: NetSetup): string {
  const { pipeline, interfaceCount, protocols = 'udp', firstEnd = 0 } = setup;
  const numbers = Array.from({ length: interfaceCount }, (_, index) => index);
  if (pipeline === 'cable') {
    return JSON.stringify({
      interfaces: numbers.map((index) => ({ name: `end-${index}`, socket: `${index}.sock` })),
    });
  }
  // Of the VPC alone: flows that may come from and go to everywhere are not tracked.
  const ports = protocols === 'udp' ? { from_port: 0, to_port: 65_535 } : {};
  const rule = { protocol: protocols, ...ports, cidr: vpcCidr };
  return JSON.stringify({
    vpcs: [{ display_name: 'bench', ipv4_cidrs: [vpcCidr] }],
    security_groups: [{ display_name: 'bench', vpc: 'bench', ingress: [rule], egress: [rule] }],
    subnets: [{ display_name: 'bench', vpc: 'bench', ipv4_cidr: subnetCidr }],
    interfaces: numbers.map((index) => {
      const { mac, address } = netEndText(firstEnd + index);
      return {
        display_name: `end-${index}`,
        subnet: 'bench',
        security_groups: ['bench'],
        mac_address: mac,
        ipv4_addresses: [address],
        socket: `${index}.sock`,
      };
    }),
  });
}

async function start({ setup, cpu, signal }: NetBackendOptions): Promise<NetBackend> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'argon-net-'));
  stack.defer(async () => rm(dir, { recursive: true, force: true }));
  const lab = join(dir, 'lab.json');
  await writeFile(lab, labText(setup));
  const socketPaths = Array.from({ length: setup.interfaceCount }, (_, index) =>
    join(dir, `${index}.sock`),
  );
  const ready = `ready ${socketPaths.at(-1) ?? ''}\n`;
  const program = stack.use(
    await startProgram({
      name: 'argon serve network',
      file: process.execPath,
      args: [
        '--disable-warning=ExperimentalWarning',
        commandLine,
        'serve',
        'network',
        '--lab',
        lab,
        '--poll',
        setup.polling,
        '--cpu',
        String(cpu),
      ],
      hint: 'see what it says',
      isReady: (output) => output.includes(ready),
      signal,
    }),
  );
  program.pause();
  const owned = stack.move();
  return {
    name: 'argon',
    pid: program.pid,
    version: 'this one',
    socketPaths,
    resume: () => program.resume(),
    pause: () => program.pause(),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
