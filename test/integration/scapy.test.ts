// SPDX-License-Identifier: Apache-2.0

// Scapy as a second opinion on frames: on those that test/native/packet/scapy_cases.cc reads, and
// on each kind that a card makes by itself.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { promisify } from 'node:util';

import { describe, expect, it, type TestContext } from 'vitest';

import { createLogger } from '../../src/base/log.ts';
import { startNetworkCard } from '../../src/card/network-card.ts';
import { loadNetworkAddon } from '../../src/native/binding.ts';
import { compilePolicy } from '../../src/network/compile.ts';
import { parseIpAddress } from '../../src/network/model/address.ts';
import { routerMac } from '../../src/network/model/subnet-addresses.ts';
import { networkId, sampleInterface } from '../unit/network/samples.ts';
import { sampleServiceRecords } from '../unit/network/services/samples.ts';
import { root, startChild } from './support/child.ts';
import { isInstalled } from './support/installed.ts';
import { createTempDir } from './support/temp-dir.ts';

const run = promisify(execFile);
// Debian's, which has Debian's Scapy.
const python = '/usr/bin/python3';
const scapy = '/usr/lib/python3/dist-packages/scapy';
const data = join(root, 'test/native/packet/data');

function skipWithoutScapy(context: TestContext): void {
  context.skip(!existsSync(scapy) || !existsSync(python), 'python3-scapy is not installed');
}

// Its router's MAC address is made of it, and neither interface's.
const subnetId = networkId('subnet', 9);

/** Two interfaces of a subnet; the first one's instance lets tokens go three hops. */
function twoInterfaces() {
  const one = sampleServiceRecords();
  const first = sampleInterface(1, {
    subnet: subnetId,
    ipv4Addresses: [parseIpAddress('10.0.1.5')],
    ipv6Addresses: [parseIpAddress('fd00:1:0:1::5')],
  });
  const second = sampleInterface(2, {
    subnet: subnetId,
    ipv4Addresses: [parseIpAddress('10.0.1.9')],
    ipv6Addresses: [parseIpAddress('fd00:1:0:1::9')],
  });
  const services = {
    ...one,
    state: {
      ...one.state,
      subnet: one.state.subnet.map((subnet) => ({ ...subnet, id: subnetId })),
      interface: [first, second],
    },
    instances: one.instances.map((facts) => {
      return { ...facts, options: { ...facts.options, tokenHopLimit: 3 } };
    }),
  };
  const noLimit = { perSecond: 0n, burst: 0n };
  const allowance = {
    bandwidthIn: noLimit,
    bandwidthOut: noLimit,
    packets: noLimit,
    trackedMax: 1000,
    identity: 1n,
    servicePacketsPerSecond: 1024,
  };
  const places = Array.from({ length: 8 }, (_, index) => {
    if (index === 7) return { interface: first.id, instance: 0 };
    return index === 0 ? { interface: second.id, instance: 0 } : undefined;
  });
  const { state } = services;
  const policy = compilePolicy({ state, generation: 1n, places, instances: [allowance] });
  return { services, policy };
}

describe('Scapy', () => {
  it('makes the frames that our parser is held against', async (context) => {
    skipWithoutScapy(context);

    const { stdout } = await run(python, [join(data, 'scapy_frames.py')], { maxBuffer: 1 << 24 });

    expect(stdout).toBe(await readFile(join(data, 'scapy_frames.txt'), 'utf8'));
  });

  it('finds nothing wrong with what a card makes by itself', async (context) => {
    skipWithoutScapy(context);
    const missing = ['dpdk-testpmd', 'ip', 'unshare'].filter((program) => !isInstalled(program));
    context.skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
    context.skip(geteuid?.() !== 0, 'network namespaces take root');
    await using dir = await createTempDir();
    await using card = startNetworkCard(
      loadNetworkAddon(),
      { pollMode: 'off', cpus: [] },
      createLogger('test', 'silent'),
    );
    const socketPath = join(dir.path, 'one.sock');
    await card.addInterface({ name: 'one', index: 7, pairs: 1, socketPath, memoryPolicy: 'any' });
    await card.setNetwork(twoInterfaces());
    await card.services.openStreams();

    const guest = join(root, 'test/integration/support/scapy-guest.ts');
    const words = ['--net', process.execPath, '--disable-warning=ExperimentalWarning', guest];
    await using child = startChild('unshare', [...words, dir.path]);
    const { code, stdout, stderr } = await child.waitForEnd();
    expect(stderr).toBe('');
    expect(code).toBe(0);

    const mac = Buffer.from(routerMac({ id: subnetId })).toString('hex');
    const router = mac.match(/../g)?.join(':');
    const neighbor = '02:00:00:00:00:02';
    const instance = 'i-0123456789abcdef0';
    const all: unknown = JSON.parse(stdout);
    expect(all).toEqual({
      'arp router': router,
      'arp neighbor': neighbor,
      'arp elsewhere': router,
      ping: [7, 9, '12345'],
      ra: [255, 1, 1, 1800, 9001, true],
      'na router': [1, 1, router],
      'na neighbor': [0, 1, neighbor],
      ping6: [7, '123'],
      dhcp: ['10.0.1.5', '255.255.255.0', '10.0.1.1', 3600, 9001, 'ec2.internal'],
      dhcpv6: [['fd00:1:0:1::5'], ['fd00:ec2::253']],
      'dns db.corp 4': [0, '10.0.1.9'],
      'dns nobody.corp 4': [3, null],
      'dns db.corp 6': [0, '10.0.1.9'],
      'dns nobody.corp 6': [3, null],
      'ntp 4': [4, 4],
      'ntp 6': [4, 4],
      // LL-4: the hop limit is that of a token alone.
      'metadata 4': [instance, [3], [64], []],
      'metadata 6': [instance, [3], [64], []],
      wrong: {},
      'damaged is found': true,
      judged: 18,
    });
  });
});
