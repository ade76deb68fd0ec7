// SPDX-License-Identifier: Apache-2.0

// Goal: a network namespace of the machine and a guest of a lab file reach each other by the uplink
// of the guest's VPC as far as rules let them, on a host that was started for it, and a controller
// that takes over leaves the device alone.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';

import { describe, expect, it } from 'vitest';

import { isInstalled } from '../integration/support/installed.ts';
import { NetworkNamespace } from '../integration/support/network-namespace.ts';
import { Argon } from './support/argon.ts';
import { eventually, setUpInterface } from './support/guest-network.ts';

const [guestAddress, hostAddress] = ['10.0.1.10', '198.51.100.2'];
const [guestIpv6, hostIpv6] = ['fd00:1:0:1::10', 'fd00:ffff::2'];
const programs = ['ip', 'nsenter', 'python3', 'unshare'];
const pingProgram = join(import.meta.dirname, 'support/ping.py');

/** The VPC of a guest, and another one, whose uplink was there first. */
function labOf(namespace: string): string {
  const uplink = (tap: string, ...cidrs: readonly string[]): string =>
    `{tap: ${tap}, namespace: ${namespace}, ${cidrs.join()}}`;
  return `
vpcs:
  - display_name: first
    ipv4_cidrs: [10.1.0.0/16]
    uplink: ${uplink('first0', 'ipv4_cidr: 198.51.100.4/30')}
  - display_name: lab
    ipv4_cidrs: [10.0.0.0/16]
    ipv6_cidrs: ['fd00:1::/56']
    uplink: ${uplink('outside0', 'ipv4_cidr: 198.51.100.0/30', "ipv6_cidr: 'fd00:ffff::/64'")}
security_groups:
  - display_name: web
    vpc: lab
    ingress:
      - {protocol: tcp, from_port: 80, to_port: 80, cidr: 198.51.100.0/30}
      - {protocol: icmp, icmp_type: 8, icmp_code: -1, cidr: 198.51.100.0/30}
      - {protocol: tcp, from_port: 80, to_port: 80, cidr: 'fd00:ffff::/64'}
      - {protocol: icmpv6, icmp_type: 128, icmp_code: -1, cidr: 'fd00:ffff::/64'}
route_tables:
  - display_name: out
    vpc: lab
    is_main: true
    routes:
      - {destination: 0.0.0.0/0, target: uplink}
      - {destination: '::/0', target: uplink}
subnets:
  - {display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24, ipv6_cidr: 'fd00:1:0:1::/64'}
interfaces:
  - display_name: web-0
    subnet: front
    ipv4_addresses: [${guestAddress}]
    ipv6_addresses: ['${guestIpv6}']
    security_groups: [web]
    instance: web
instances: [{display_name: web, image: tiny, state: running}]
`;
}

async function doesPing(outside: NetworkNamespace, address: string): Promise<boolean> {
  await using ping = outside.start('python3', pingProgram, address);
  return (await ping.waitForEnd()).code === 0;
}

/** What a web server says within two seconds; empty if it does not. */
async function fetchFrom(outside: NetworkNamespace, origin: string): Promise<string> {
  const script = `fetch('${origin}', { signal: AbortSignal.timeout(2000) })
    .then(async (answer) => console.log(await answer.text()), () => {})`;
  await using fetching = outside.start(process.execPath, '--eval', script);
  return (await fetching.waitForEnd()).stdout.trim();
}

describe('the uplink of a lab file', () => {
  it('joins a namespace and a guest as rules say, on a host that allows it', async (context) => {
    const missing = programs.filter((program) => !isInstalled(program));
    context.skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
    context.skip(geteuid?.() !== 0, 'network namespaces take root');
    await using argon = await Argon.create();
    await using outside = await NetworkNamespace.create();
    const file = join(argon.stateDir, 'lab.yaml');
    await writeFile(file, labOf(outside.path));

    // Off by default.
    const refused = await argon.run('up', file, '--detach');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('hint: argon down, then argon up --allow-uplink');
    expect(await outside.deviceNumber('outside0')).toBeUndefined();
    await argon.succeed('down');

    await argon.succeed('up', file, '--detach', '--allow-uplink');
    try {
      await setUpInterface(argon, 'web', guestAddress);
      const serve = `ip -6 addr add ${guestIpv6}/64 dev eth0 &&
        ip -6 route replace default via fe80:ec2::1 dev eth0 &&
        mkdir /www && echo hello >/www/index.html && cd /www && httpd && httpd -p 81`;
      await argon.succeed('exec', 'web', '--', serve);
      expect(await argon.succeed('network', 'vpc', 'get', 'lab')).not.toContain('conditions');

      // From outside: what the group lets in.
      for (const address of [guestAddress, guestIpv6]) {
        await eventually(`${address} to answer`, async () =>
          (await doesPing(outside, address)) ? true : undefined,
        );
      }
      for (const name of [guestAddress, `[${guestIpv6}]`]) {
        expect(await fetchFrom(outside, `http://${name}/`)).toBe('hello');
        expect(await fetchFrom(outside, `http://${name}:81/`)).toBe('');
      }

      // From the guest: whatever it begins.
      await using server = outside.start(
        process.execPath,
        '--eval',
        "require('node:http').createServer((_, answer) => answer.end('hello guest')).listen(9000)",
      );
      const ask = `ping -c 1 -W 2 ${hostAddress} >/dev/null &&
        ping -c 1 -W 2 ${hostIpv6} >/dev/null &&
        wget -q -O - http://${hostAddress}:9000 && wget -q -O - http://[${hostIpv6}]:9000`;
      const said = await eventually('an answer of the namespace', async () => {
        const { exitCode, stdout } = await argon.run('exec', 'web', '--', ask);
        return exitCode === 0 ? stdout : undefined;
      });
      expect(said).toContain('hello guesthello guest');
      await server.end('SIGTERM');

      // The number of the one before is free; under another controller the device stays what it is.
      const device = await outside.deviceNumber('outside0');
      await argon.succeed('network', 'vpc', 'update', 'first', '--uplink', 'none');
      expect(await outside.deviceNumber('first0')).toBeUndefined();
      process.kill(await argon.pidOf('controller'), 'SIGKILL');
      await argon.succeed('up', '--detach', '--allow-uplink');
      expect(await outside.deviceNumber('outside0')).toBe(device);
      expect(await fetchFrom(outside, `http://${guestAddress}/`)).toBe('hello');
    } finally {
      await argon.succeed('down', '--force');
    }
    expect(await outside.deviceNumber('outside0')).toBeUndefined();
  });
});
