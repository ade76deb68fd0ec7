// SPDX-License-Identifier: Apache-2.0

// What a guest does with the services of its card, by the stack of this machine's kernel: run in a
// network namespace of its own, it connects DPDK's virtio-user to a TAP device and prints what it
// heard as JSON.
//
//   unshare --net node service-guest.ts FOLDER NAME [LONG]
//
// FOLDER has one.sock; NAME has an address, and LONG texts that fit no datagram.

import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { eventually, startChild } from './child.ts';

const run = promisify(execFile);
const [folder = '', name = '', longName] = process.argv.slice(2);
const metadata = 'http://169.254.169.254/latest';

await using testpmd = startChild(
  'stdbuf',
  [
    '-oL',
    'dpdk-testpmd',
    '--lcores=0@0,1@0',
    '--no-huge',
    '-m128',
    '--no-pci',
    '--no-shconf',
    '--no-telemetry',
    `--file-prefix=${basename(folder)}`,
    `--vdev=net_virtio_user0,path=${join(folder, 'one.sock')},mac=02:00:00:00:00:01`,
    '--vdev=net_tap0,iface=guest0,mac=fixed',
    '--',
    '--interactive',
    '--forward-mode=io',
    '--total-num-mbufs=8192',
  ],
  { env: { RUNTIME_DIRECTORY: folder, XDG_RUNTIME_DIR: folder } },
  ['pipe', 'pipe', 'pipe'],
);
await testpmd.waitFor('stdout', /testpmd>/);
testpmd.process.stdin?.write('start\n');
await testpmd.waitFor('stdout', /packet forwarding/);
for (const words of [
  'link set guest0 down',
  'link set guest0 address 02:00:00:00:00:01',
  'link set guest0 up mtu 1500',
  'address add 10.0.1.5/24 dev guest0',
  'route add default via 10.0.1.1',
]) {
  await run('ip', words.split(' '));
}

/** What is answered; asks again where nothing comes, as the link may take a moment. */
async function ask(path: string, token: string | undefined): Promise<readonly [number, string]> {
  const isToken = path === '/api/token';
  const headers = {
    ...(isToken && { 'x-aws-ec2-metadata-token-ttl-seconds': '60' }),
    ...(token !== undefined && { 'x-aws-ec2-metadata-token': token }),
  };
  return eventually(async () => {
    try {
      const answer = await fetch(`${metadata}${path}`, {
        method: isToken ? 'PUT' : 'GET',
        headers,
        signal: AbortSignal.timeout(20_000),
      });
      return [answer.status, await answer.text()] as const;
    } catch {
      return undefined;
    }
  }, path);
}

const resolver = new Resolver({ timeout: 20_000, tries: 3 });
resolver.setServers(['10.0.0.2']);
const [, token] = await ask('/api/token', undefined);
const heard = {
  withoutToken: (await ask('/meta-data/', undefined))[0],
  instanceId: (await ask('/meta-data/instance-id', token))[1],
  address: (await ask('/meta-data/local-ipv4', token))[1],
  userData: (await ask('/user-data', token))[1],
  name: await resolver.resolve4(name),
  ...(longName !== undefined && {
    longText: (await resolver.resolveTxt(longName)).flat().join('').length,
  }),
};
process.stdout.write(`${JSON.stringify(heard)}\n`);
testpmd.process.stdin?.write('stop\nquit\n');
await testpmd.waitForEnd();
