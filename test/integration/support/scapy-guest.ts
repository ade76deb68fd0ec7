// SPDX-License-Identifier: Apache-2.0

// What Scapy makes of the frames of a card: run in a network namespace of its own, it prints as
// JSON what scapy_guest.py has heard over the link to one.sock of the folder.
//
//   unshare --net node scapy-guest.ts FOLDER

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { openServiceLink } from './service-link.ts';

const run = promisify(execFile);
const [folder = ''] = process.argv.slice(2);
const script = join(import.meta.dirname, 'scapy_guest.py');

await using link = await openServiceLink(folder);
for (const words of [
  `address add fd00:1:0:1::5/64 dev ${link.device} nodad`,
  `route add default via fe80:ec2::1 dev ${link.device}`,
]) {
  await run('ip', ['-6', ...words.split(' ')]);
}
const { stdout } = await run('/usr/bin/python3', [script, link.device]);
process.stdout.write(stdout);
