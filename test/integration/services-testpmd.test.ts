// SPDX-License-Identifier: Apache-2.0

// The services of a card as a kernel's network stack has them, behind drivers that are not ours.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';

import { describe, expect, it, type TestContext } from 'vitest';

import { createLogger } from '../../src/base/log.ts';
import { startNetworkCard } from '../../src/card/network-card.ts';
import { loadNetworkAddon } from '../../src/native/binding.ts';
import { compilePolicy } from '../../src/network/compile.ts';
import { sampleRecord, sampleZone } from '../unit/network/samples.ts';
import { sampleServiceRecords } from '../unit/network/services/samples.ts';
import { startArgon } from './support/argon.ts';
import { startChild } from './support/child.ts';
import { isInstalled } from './support/installed.ts';
import { createTempDir } from './support/temp-dir.ts';

const programs = ['dpdk-testpmd', 'ip', 'unshare'];
const guest = join(import.meta.dirname, 'support/service-guest.ts');
const noLimit = { perSecond: 0n, burst: 0n };

/** What a guest at one.sock of the folder heard. */
async function hear(...args: readonly string[]): Promise<unknown> {
  const warnings = '--disable-warning=ExperimentalWarning';
  await using child = startChild('unshare', ['--net', process.execPath, warnings, guest, ...args]);
  const { code, stdout, stderr } = await child.waitForEnd();
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

function skipWithout(context: TestContext): void {
  const missing = programs.filter((program) => !isInstalled(program));
  context.skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
  context.skip(geteuid?.() !== 0, 'network namespaces take root');
}

describe('services of a card, asked by a kernel', () => {
  it('give metadata for a token, and names over UDP and TCP', async (context) => {
    skipWithout(context);
    await using dir = await createTempDir();
    const records = sampleServiceRecords();
    const long = sampleRecord({ name: 'long.corp', type: 'TXT', values: ['x'.repeat(2500)] });
    const zone = sampleZone(1, { records: [sampleRecord(), long] });
    const state = { ...records.state, 'private-zone': [zone] };
    const services = { ...records, state };
    const { served } = services;
    const places = Array.from({ length: 8 }, (_, index) => {
      const one = served.find((each) => each.index === index);
      return one && { interface: one.interfaceId, instance: 0 };
    });
    const instance = {
      bandwidthIn: noLimit,
      bandwidthOut: noLimit,
      packets: noLimit,
      trackedMax: 1000,
      identity: 1n,
      servicePacketsPerSecond: 1024,
    };
    const policy = compilePolicy({ state, generation: 1n, places, instances: [instance] });
    await using card = startNetworkCard(
      loadNetworkAddon(),
      { pollMode: 'off', cpus: [] },
      createLogger('test', 'silent'),
    );
    const socketPath = join(dir.path, 'one.sock');
    await card.addInterface({ name: 'one', index: 7, pairs: 1, socketPath, memoryPolicy: 'any' });
    await card.setNetwork({ policy, services });
    await card.services.openStreams();

    expect(await hear(dir.path, 'db.corp', 'long.corp')).toEqual({
      withoutToken: 401,
      instanceId: 'i-0123456789abcdef0',
      address: '10.0.1.5',
      userData: '#cloud-config\n',
      name: ['10.0.1.9'],
      longText: 2500,
    });
  });

  it('are there for a lab that `argon serve network` serves', async (context) => {
    skipWithout(context);
    await using dir = await createTempDir();
    const lab = join(dir.path, 'lab.json');
    const one = {
      display_name: 'one',
      subnet: 'front',
      security_groups: ['all'],
      mac_address: '02:00:00:00:00:01',
      ipv4_addresses: ['10.0.1.5'],
      socket: 'one.sock',
    };
    const networks = {
      vpcs: [{ display_name: 'lab', ipv4_cidrs: ['10.0.0.0/16'] }],
      security_groups: [{ display_name: 'all', vpc: 'lab' }],
      subnets: [{ display_name: 'front', vpc: 'lab', ipv4_cidr: '10.0.1.0/24' }],
    };
    await writeFile(lab, JSON.stringify({ ...networks, interfaces: [one] }));
    await using argon = startArgon(['serve', 'network', '--lab', lab], { state: dir.path });
    await argon.waitFor('stdout', /^ready .*\n/m);

    expect(await hear(dir.path, 'ip-10-0-1-5.ec2.internal')).toEqual({
      withoutToken: 401,
      instanceId: 'i-00000000000000000',
      address: '10.0.1.5',
      userData: '',
      name: ['10.0.1.5'],
    });

    expect(await argon.end('SIGTERM')).toMatchObject({ code: 0 });
  });
});
