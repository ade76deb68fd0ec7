// SPDX-License-Identifier: Apache-2.0

// The link of a kernel to a card: DPDK's virtio-user is the driver, and passes frames to and from a
// TAP device of the network namespace that this runs in.

import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { startChild } from './child.ts';

const run = promisify(execFile);

export interface ServiceLink extends AsyncDisposable {
  /** What `ip` knows it by. */
  readonly device: string;
}

/** A device at one.sock of the folder, with 10.0.1.5 and the router of its subnet. */
export async function openServiceLink(folder: string): Promise<ServiceLink> {
  const testpmd = startChild(
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
  return {
    device: 'guest0',
    [Symbol.asyncDispose]: async () => {
      testpmd.process.stdin?.write('stop\nquit\n');
      await testpmd.waitForEnd();
      await testpmd[Symbol.asyncDispose]();
    },
  };
}
