// SPDX-License-Identifier: Apache-2.0

// Stands in for QEMU where a controller starts it: a machine whose guest is up at once, has drivers
// of its own for what is plugged, lets go of it when asked, and powers off when the button is
// pressed. It outlives who started it, as QEMU does. Of an interface it says that a driver is
// there, and has no rings.

import { Socket } from 'node:net';

import { AsyncQueue } from '../../../src/base/async-queue.ts';
import { LineDecoder } from '../../../src/base/line-decoder.ts';
import { inheritedFds } from '../../../src/qemu/command-line.ts';
import { FakeAgent } from '../../unit/guest/fake-agent.ts';
import { connectFrontend, type Frontend } from './frontend.ts';
import { connectNic } from './nic.ts';

interface Command {
  readonly execute: string;
  readonly id: number;
  readonly arguments?: {
    readonly id?: string;
    readonly chardev?: string;
    readonly netdev?: string;
    readonly backend?: { readonly data: { readonly addr: { readonly data: { path: string } } } };
  };
}

function channel(fd: number): Socket {
  const socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
  socket.on('error', () => {});
  return socket;
}

const qmp = channel(inheritedFds.qmp);
const serial = channel(inheritedFds.serial);
const agentPort = channel(inheritedFds.agent);
const agent = new FakeAgent(agentPort);
agent.reply = () => ({ return: {} });
const say = (message: object): void => {
  qmp.write(`${JSON.stringify(message)}\r\n`);
};
const happened = (event: string, data: object): void => {
  say({ event, data, timestamp: { seconds: 1, microseconds: 0 } });
};

const paths = new Map<string, string>();
const disks = new Map<string, Frontend>();
/** The socket of each netdev, then the connection of each device on one. */
const netdevs = new Map<string, string>();
const nics = new Map<string, Socket>();

async function plug(id: string, path: string): Promise<void> {
  disks.set(id, await connectFrontend(path));
}

async function plugNic(id: string, path: string): Promise<void> {
  nics.set(id, await connectNic(path));
}

// What is there from the start: -chardev socket,id=X-socket,path=P and -device …,id=X,…, with
// -netdev vhost-user,id=X-net,… where X is an interface.
for (const word of process.argv) {
  const path = /^socket,.*path=([^,]+)/.exec(word)?.[1];
  const id = /^socket,id=([^,]+)-socket/.exec(word)?.[1];
  if (path === undefined || id === undefined) continue;
  const isNic = process.argv.some((other) => other.startsWith(`vhost-user,id=${id}-net,`));
  await (isNic ? plugNic(id, path) : plug(id, path));
}

// With its last handle gone, the process ends.
async function end(reason: string): Promise<void> {
  for (const disk of disks.values()) await disk[Symbol.asyncDispose]();
  for (const nic of nics.values()) nic.destroy();
  happened('SHUTDOWN', { guest: reason.startsWith('guest'), reason });
  for (const socket of [qmp, serial, agentPort]) socket.end(() => socket.destroy());
}

async function run({ execute, arguments: args = {} }: Command): Promise<unknown> {
  const { id = '' } = args;
  switch (execute) {
    case 'query-status':
      return { status: 'running', running: true, singlestep: false };
    case 'chardev-add':
      paths.set(id, args.backend?.data.addr.data.path ?? '');
      return {};
    case 'query-chardev':
      return [...paths].map(([label, path]) => ({ label, filename: `unix:${path}` }));
    case 'netdev_add':
      netdevs.set(id, paths.get(args.chardev ?? '') ?? '');
      return {};
    case 'netdev_del':
      netdevs.delete(id);
      return {};
    case 'query-pci':
      return [{ bus: 0, devices: Array.from(nics.keys(), (nic) => ({ qdev_id: nic })) }];
    case 'device_add':
      if (args.netdev === undefined) await plug(id, paths.get(args.chardev ?? '') ?? '');
      else await plugNic(id, netdevs.get(args.netdev) ?? '');
      return {};
    case 'device_del': {
      await disks.get(id)?.[Symbol.asyncDispose]();
      disks.delete(id);
      nics.get(id)?.destroy();
      nics.delete(id);
      happened('DEVICE_DELETED', { device: id });
      return {};
    }
    case 'chardev-remove':
      paths.delete(id);
      return {};
    default:
      return {};
  }
}

const commands = new AsyncQueue<string>(64);
const lines = new LineDecoder(1_000_000);
qmp.on('data', (chunk: Buffer) => {
  for (const { text } of lines.push(chunk)) commands.push(text);
});
say({ QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } }, capabilities: [] } });
serial.write('[    0.000000] Linux version 6.1.0 (nobody)\r\nargon: guest ready\r\n');

const endings: Readonly<Record<string, string>> = {
  quit: 'host-qmp-quit',
  system_powerdown: 'guest-shutdown',
  system_reset: 'host-qmp-system-reset',
};

for await (const text of commands) {
  if (!text.startsWith('{')) {
    say({ error: { class: 'GenericError', desc: 'JSON parse error' } });
    continue;
  }
  const command = JSON.parse(text) as Command;
  try {
    say({ return: await run(command), id: command.id });
  } catch (thrown) {
    say({ error: { class: 'GenericError', desc: String(thrown) }, id: command.id });
  }
  const reason = endings[command.execute];
  if (reason === undefined) continue;
  await end(reason);
  break;
}
