// SPDX-License-Identifier: Apache-2.0

// A network card before a front end and drivers that are not ours: DPDK's virtio-user at both ends
// of a cable, whose testpmd has frames go round and round. Needs no guest and no huge pages.

import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { startArgon } from './support/argon.ts';
import { type Child, eventually, startChild } from './support/child.ts';
import { isInstalled } from './support/installed.ts';
import { createTempDir } from './support/temp-dir.ts';

const ends = ['left', 'right'];
// A burst is 32 of them, so that each ring goes around many times.
const frameCountMin = 20_000;

async function serveCable(dir: string, pairs: number): Promise<Child> {
  const lab = join(dir, 'cable.json');
  const interfaces = ends.map((name) => ({ name, socket: `${name}.sock`, pairs }));
  await writeFile(lab, JSON.stringify({ interfaces }));
  const argon = startArgon(['serve', 'network', '--lab', lab], { state: dir });
  await argon.waitFor('stdout', /^ready .*\nready .*\n/m);
  return argon;
}

function startTestpmd(dir: string, pairs: number, device: string): Child {
  return startChild(
    'stdbuf',
    [
      '-oL',
      'dpdk-testpmd',
      '--lcores=0@0,1@0',
      '--no-huge',
      '-m128',
      '--no-pci',
      // It cannot share its configuration without huge pages, and has nobody to share it with.
      '--no-shconf',
      '--no-telemetry',
      `--file-prefix=${basename(dir)}`,
      ...ends.map(
        (name, index) =>
          `--vdev=net_virtio_user${index},path=${join(dir, name)}.sock,queues=${pairs},` +
          `mac=02:00:00:00:00:0${index}${device}`,
      ),
      '--',
      '--interactive',
      '--forward-mode=io',
      '--total-num-mbufs=8192',
      `--rxq=${pairs}`,
      `--txq=${pairs}`,
    ],
    { env: { RUNTIME_DIRECTORY: dir, XDG_RUNTIME_DIR: dir } },
    ['pipe', 'pipe', 'pipe'],
  );
}

interface PortCounters {
  readonly received: number;
  readonly failed: number;
}

// What it says of a port, the last time that it did.
function countersOf(output: string, port: number): PortCounters {
  const block = output.split(`NIC statistics for port ${port} `).at(-1) ?? '';
  const numberOf = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(block)?.[1] ?? 0);
  return {
    received: numberOf('RX-packets'),
    failed: numberOf('RX-errors') + numberOf('TX-errors') + numberOf('RX-nombuf'),
  };
}

describe('a cable between two drivers of DPDK', () => {
  it.for<readonly [string, number, string]>([
    ['split rings', 1, ''],
    ['packed rings', 1, ',packed_vq=1'],
    ['buffers that are not merged', 1, ',mrg_rxbuf=0'],
    ['rings of 1024 entries', 1, ',queue_size=1024'],
    ['two pairs of rings', 2, ''],
  ])('carries frames both ways: %s', async ([, pairs, device], context) => {
    context.skip(!isInstalled('dpdk-testpmd'), 'dpdk-testpmd is not installed (./setup bench)');
    await using dir = await createTempDir();
    await using argon = await serveCable(dir.path, pairs);
    await using testpmd = startTestpmd(dir.path, pairs, device);
    const say = (command: string): unknown => testpmd.process.stdin?.write(`${command}\n`);

    await testpmd.waitFor('stdout', /testpmd>/);
    say('start tx_first');
    let asked = 0;
    const counters = await eventually(() => {
      if (testpmd.stdout.length !== asked) say('show port stats all');
      asked = testpmd.stdout.length;
      const seen = [0, 1].map((port) => countersOf(testpmd.stdout, port));
      return seen.every(({ received }) => received >= frameCountMin) ? seen : undefined;
    }, 'frames of both ends');
    say('stop');
    say('quit');

    expect(await testpmd.waitForEnd()).toMatchObject({ code: 0 });
    expect(counters.map(({ failed }) => failed)).toEqual([0, 0]);
    const ended = await argon.end('SIGTERM');
    expect(ended.code).toBe(0);
    expect(ended.stderr).not.toContain('a frame was dropped');
    expect(ended.stderr).not.toContain('ring stopped');
  });
});
