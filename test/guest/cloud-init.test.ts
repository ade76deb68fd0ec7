// SPDX-License-Identifier: Apache-2.0

// Goal: the stock cloud-init of Debian takes a guest of ours for one of EC2 and sets it up from the
// metadata service: address, hostname, key and user data. Where the service is disabled it finds no
// data source, and the guest boots all the same.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { pollUntil } from '../../src/base/deadline.ts';
import { Argon } from './support/argon.ts';

const address = '10.0.1.10';
// Of nobody: 32 zeros behind the type.
const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} laptop`;

const lab = `
vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16]}]
security_groups: [{display_name: closed, vpc: lab}]
subnets: [{display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24}]
interfaces:
  - display_name: web-0
    subnet: front
    ipv4_addresses: [${address}]
    security_groups: [closed]
    instance: web
instances:
  - display_name: web
    image: debian
    state: running
    public_keys: [{name: laptop, key: ${key}}]
    tags: [{key: role, value: web}]
    metadata_options: {instance_metadata_tags: enabled}
    user_data: |
      #cloud-config
      write_files: [{path: /var/lib/from-user-data, content: written}]
      runcmd: [[sh, -c, 'echo "$(hostname) ran" > /var/lib/ran']]
`;

// The image has no curl, and Python for cloud-init. A line for each answer.
const questions = `
import socket, urllib.error, urllib.request
base = 'http://169.254.169.254/latest/'
def ask(path, headers, method='GET'):
    request = urllib.request.Request(base + path, method=method, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=100).read().decode()
    except urllib.error.HTTPError as error:
        return str(error.code)
print(ask('meta-data/instance-id', {}))
token = ask('api/token', {'X-aws-ec2-metadata-token-ttl-seconds': '60'}, 'PUT')
good = {'X-aws-ec2-metadata-token': token}
for path in ('meta-data/instance-id', 'meta-data/tags/instance/role', 'meta-data/no-such-thing'):
    print(ask(path, good))
print(socket.gethostbyname('ip-10-0-1-10.ec2.internal'))
clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
clock.settimeout(100)
clock.sendto(bytes([0x23]) + bytes(47), ('169.254.169.123', 123))
answer = clock.recv(100)
print(len(answer), answer[0] & 7)
`;

interface CloudInitResult {
  readonly v1: { readonly datasource: string | null; readonly errors: readonly string[] };
}

/** What cloud-init says of a boot when it is done with it. */
async function untilDone(argon: Argon): Promise<CloudInitResult> {
  const signal = AbortSignal.timeout(1_500_000);
  const read = async (): Promise<CloudInitResult | undefined> => {
    const line = 'cat /run/cloud-init/result.json';
    const { exitCode, stdout } = await argon.run('exec', 'web', '--', line);
    return exitCode === 0 ? (JSON.parse(stdout) as CloudInitResult) : undefined;
  };
  return pollUntil(read, 'waiting for cloud-init', { signal, intervalMs: 1_000 });
}

it('sets up a Debian guest from its metadata', { timeout: 3_400_000 }, async () => {
  await using argon = await Argon.create();
  const file = join(argon.stateDir, 'lab.yaml');
  await writeFile(file, lab);
  const inGuest = async (script: string): Promise<string> =>
    argon.succeed('exec', 'web', '--', script);
  await argon.succeed('up', file, '--detach');
  try {
    const { v1: first } = await untilDone(argon);
    expect(first).toEqual({ datasource: 'DataSourceEc2Local', errors: [] });

    const { name } = JSON.parse(await argon.succeed('instance', 'get', 'web', '-o', 'json')) as {
      readonly name: string;
    };
    expect(await inGuest('hostname')).toBe('ip-10-0-1-10');
    expect(await inGuest('cat /var/lib/from-user-data')).toBe('written');
    expect(await inGuest('cat /var/lib/ran')).toBe('ip-10-0-1-10 ran');
    expect(await inGuest('cat ~debian/.ssh/authorized_keys')).toBe(key);
    expect(await inGuest('ls /etc/systemd/network')).toMatch(/^10-cloud-init-\w+\.network$/m);
    const addresses = await inGuest('ip -4 -brief address show scope global dynamic');
    expect(addresses).toContain(`${address}/24`);

    const answers = await inGuest(`python3 -c "${questions}"`);
    expect(answers.split('\n')).toEqual([
      '401', // IMDSv1
      name.replace('instances/', ''),
      'web',
      '404',
      address,
      '48 4', // A server's answer.
    ]);

    // Once more as on a first boot.
    await argon.succeed('instance', 'update', 'web', '--metadata', 'endpoint=disabled');
    await inGuest('cloud-init clean --logs');
    await argon.succeed('instance', 'stop', 'web', '--timeout', '300');
    await argon.succeed('instance', 'start', 'web');
    const { v1: second } = await untilDone(argon);
    expect(second.datasource).toMatch(/^DataSourceNone/);
  } finally {
    await argon.succeed('down', '--force');
  }
});
