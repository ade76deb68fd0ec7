// SPDX-License-Identifier: Apache-2.0

// Stands in for QEMU and its guest, on the descriptors that QEMU inherits: a machine that comes up
// at once, is connected to its disks, and whose shell knows these commands: `exit N`, `print TEXT`,
// `copy` (a page written to the first disk, flushed and read again), `panic` and `hang`.

import { Socket } from 'node:net';

import { AsyncQueue } from '../../../src/base/async-queue.ts';
import { LineDecoder } from '../../../src/base/line-decoder.ts';
import { inheritedFds } from '../../../src/qemu/command-line.ts';
import { base64, exited, FakeAgent, type FakeReply } from '../../unit/guest/fake-agent.ts';
import { connectFrontend, pattern } from './frontend.ts';

function channel(fd: number): Socket {
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => {}); // Whoever started this has gone; the kernel then ends it.
  return socket;
}

const qmp = channel(inheritedFds.qmp);
const serial = channel(inheritedFds.serial);
const agentPort = channel(inheritedFds.agent);
const say = (message: object): void => {
  qmp.write(`${JSON.stringify(message)}\r\n`);
};

/** What listeners leave to be done: a copy, or the end for a reason. */
const orders = new AsyncQueue<'copy' | 'guest-shutdown' | 'host-qmp-quit'>(16);

const socketPaths = process.argv.flatMap((word) => /^socket,.*path=([^,]+)/.exec(word)?.[1] ?? []);
const disks = await Promise.all(socketPaths.map(async (path) => connectFrontend(path)));

const lines = new LineDecoder(1_000_000);
qmp.on('data', (chunk: Buffer) => {
  for (const { text } of lines.push(chunk)) {
    const { execute, id } = JSON.parse(text) as { execute: string; id: number };
    say({ return: {}, id });
    if (execute === 'quit') orders.push('host-qmp-quit');
    if (execute === 'system_powerdown') orders.push('guest-shutdown');
  }
});
say({ QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } }, capabilities: [] } });

serial.on('data', (chunk: Buffer) => serial.write(chunk)); // As a terminal echoes.
serial.write('[    0.000000] Linux version 6.1.0 (nobody)\r\n[    0.1] Run /init as init\r\n');

let outcome: FakeReply = { return: { exited: false } };

async function copy(): Promise<void> {
  const [disk] = disks;
  const page = pattern(4096, 7);
  await disk?.write(0, page);
  await disk?.flush();
  const isSame = (await disk?.read(0, page.length))?.equals(page) === true;
  outcome = exited(isSame ? 0 : 1);
}

function runCommand(command: string): void {
  outcome = { return: { exited: false } };
  const [word = '', rest = ''] = command.split(/ (.*)/);
  if (word === 'exit') outcome = exited(Number(rest), { 'err-data': base64('as asked\n') });
  if (word === 'print') outcome = exited(0, { 'out-data': base64(rest) });
  if (word === 'copy') orders.push('copy');
  if (word === 'panic') serial.write('[    9.000000] Kernel panic - not syncing: as asked\r\n');
}

const agent = new FakeAgent(agentPort);
agent.reply = ({ execute, arguments: args }) => {
  if (execute === 'guest-exec') {
    runCommand(String((args['arg'] as readonly unknown[] | undefined)?.[1]));
    return { return: { pid: 7 } };
  }
  if (execute === 'guest-exec-status') return outcome;
  if (execute !== 'guest-shutdown') return { return: {} };
  orders.push('guest-shutdown');
  return 'silence';
};

for await (const order of orders) {
  if (order === 'copy') {
    await copy();
    continue;
  }
  say({
    event: 'SHUTDOWN',
    data: { guest: order === 'guest-shutdown', reason: order },
    timestamp: { seconds: 1, microseconds: 0 },
  });
  break;
}
// With its last handle gone, the process ends.
for (const disk of disks) await disk[Symbol.asyncDispose]();
for (const socket of [qmp, serial, agentPort]) socket.end(() => socket.destroy());
