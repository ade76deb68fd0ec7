// SPDX-License-Identifier: Apache-2.0

// Goal: two guests of one lab file talk over their network interfaces, as far as their security
// group lets them, know the names of their VPC's zone, and go on when the card is killed and when
// an interface is plugged again. They are TCG guests wherever KVM is not usable: that QEMU lives
// through their traffic is a test too.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { CapturedFrames } from '../../src/cli/host/captured-frames.ts';
import { frameText } from '../../src/cli/host/frame-text.ts';
import { Argon } from './support/argon.ts';
import { eventually, setUpInterface } from './support/guest-network.ts';

const [addressOne, addressTwo] = ['10.0.1.10', '10.0.1.11'];

/** Two guests, each with an interface in the same subnet and the same group. */
function labOf(ingress: string): string {
  return `
prefix_lists: [{display_name: inside, max_entries: 5, entries: [{cidr: 10.0.1.0/24}]}]
dhcp_options:
  - {display_name: office, domain_name: corp.internal, domain_name_servers: [ArgonProvidedDNS]}
vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16], dhcp_options: office}]
private_zones:
  - display_name: corp
    domain_name: corp.internal
    vpcs: [lab]
    records:
      - {name: two.corp.internal, type: a, values: [${addressTwo}]}
      - {name: group.corp.internal, type: txt, values: [${ingress === '' ? 'shut' : 'open'}]}
security_groups: [{display_name: ping, vpc: lab, ingress: [${ingress}]}]
subnets: [{display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24}]
interfaces:
  - display_name: one-0
    subnet: front
    ipv4_addresses: [${addressOne}]
    security_groups: [ping]
    instance: one
  - display_name: two-0
    subnet: front
    ipv4_addresses: [${addressTwo}]
    security_groups: [ping]
    instance: two
instances:
  - {display_name: one, image: tiny, state: running, cpu_count: 2}
  - {display_name: two, image: tiny, state: running}
`;
}

const ping = '{protocol: icmp, icmp_type: -1, icmp_code: -1, prefix_list: inside}';

async function setUp(argon: Argon, instance: string, address: string): Promise<void> {
  const said = await setUpInterface(argon, instance, address);
  expect(said).toContain('search corp.internal');
  expect(said).toContain('nameserver 10.0.0.2');
}

async function lookUp(argon: Argon, type: string, name: string): Promise<string> {
  const { stdout } = await argon.run('exec', 'one', '--', `nslookup -type=${type} ${name}`);
  return stdout;
}

/** From a CPU of the guest, each of which has a pair of rings. */
async function doesPing(
  argon: Argon,
  instance: string,
  address: string,
  cpu: number,
): Promise<boolean> {
  const line = `taskset ${1 << cpu} ping -c 1 -W 2 ${address}`;
  return (await argon.run('exec', instance, '--', line)).exitCode === 0;
}

async function untilPing(argon: Argon, instance: string, address: string, cpu = 0): Promise<void> {
  await eventually(`an answer from ${address}`, async () =>
    (await doesPing(argon, instance, address, cpu)) ? true : undefined,
  );
}

/** What `one` sends and gets is captured as far as its headers go, whatever it carries. */
async function expectCapture(argon: Argon): Promise<void> {
  const secret = 'nobody-else-reads-this';
  const path = join(argon.stateDir, 'headers.pcapng');
  const capturing = argon.start(['capture', 'one-0', '--write', path]);
  await eventually('a capture', async () => {
    const found = await readFile(path).catch(() => undefined);
    return found === undefined || found.length === 0 ? undefined : true;
  });
  await untilPing(argon, 'one', addressTwo);
  // Its name is in the question, which nobody answers.
  await argon.run('exec', 'one', '--', `timeout 2 nslookup ${secret}.test ${addressTwo}`);
  capturing.child.kill('SIGINT');
  expect(await capturing.outcome).toMatchObject({ exitCode: 0 });

  const file = await readFile(path);
  const lines = new CapturedFrames().push(file).map(({ direction, lengthBytes, headers }) => {
    return `${direction} ${frameText(headers)} ${lengthBytes}`;
  });
  expect(lines).toContain(`out ${addressOne} > ${addressTwo} icmp type 8 code 0 98`);
  expect(lines).toContain(`in ${addressTwo} > ${addressOne} icmp type 0 code 0 98`);
  const asked = new RegExp(`^out ${addressOne}:\\d+ > ${addressTwo}:53 udp \\d+$`);
  expect(lines).toContainEqual(expect.stringMatching(asked));
  expect(file.includes(secret)).toBe(false);
}

describe('two guests of a lab file', () => {
  it('talk as their group lets them, whatever becomes of card and interface', async () => {
    await using argon = await Argon.create();
    const file = join(argon.stateDir, 'lab.yaml');
    await writeFile(file, labOf(ping));
    await argon.succeed('up', file, '--detach', '--environment', 'test');
    try {
      await setUp(argon, 'one', addressOne);
      await setUp(argon, 'two', addressTwo);
      await untilPing(argon, 'one', addressTwo);
      await untilPing(argon, 'two', addressOne);
      expect(await lookUp(argon, 'a', 'two.corp.internal')).toContain(addressTwo);
      expect(await lookUp(argon, 'a', 'three.corp.internal')).toContain('NXDOMAIN');
      expect(await lookUp(argon, 'txt', 'group.corp.internal')).toContain('open');
      const look = 'cd /sys/class/net/eth0 && cat mtu && ls queues';
      const seen = await argon.succeed('exec', 'one', '--', look);
      expect(seen.split(/\s+/)).toEqual(['9001', 'rx-0', 'rx-1', 'tx-0', 'tx-1']);

      await expectCapture(argon);

      // A card that is killed: the driver sees nothing but a pause.
      const before = await argon.pidOf('network-card');
      process.kill(before, 'SIGKILL');
      await eventually('another card', async () => {
        const pid = await argon.pidOf('network-card');
        return pid !== 0 && pid !== before ? true : undefined;
      });
      for (const cpu of [0, 1]) await untilPing(argon, 'one', addressTwo, cpu);

      // Rules that are taken away hold for new flows when the host has answered.
      await writeFile(file, labOf(''));
      await argon.succeed('config', 'apply', file);
      expect(await doesPing(argon, 'one', addressTwo, 0)).toBe(false);
      expect(await lookUp(argon, 'txt', 'group.corp.internal')).toContain('shut');
      await writeFile(file, labOf(ping));
      await argon.succeed('config', 'apply', file);
      await untilPing(argon, 'one', addressTwo);

      // Out of the running guest and in again: another device with the same address.
      await argon.succeed('interface', 'detach', 'two-0');
      const nics = await argon.succeed('exec', 'two', '--', 'ls /sys/class/net');
      expect(nics).not.toContain('eth');
      expect(await doesPing(argon, 'one', addressTwo, 0)).toBe(false);
      await argon.succeed('interface', 'attach', 'two-0', 'two');
      await setUp(argon, 'two', addressTwo);
      await untilPing(argon, 'one', addressTwo);
      await untilPing(argon, 'two', addressOne);
    } finally {
      await argon.succeed('down', '--force');
    }
  });
});
