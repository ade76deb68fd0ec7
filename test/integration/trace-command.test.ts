// SPDX-License-Identifier: Apache-2.0

// `argon trace` on a host: two instances whose machines are none, with interfaces that a front end
// of ours drives, and the network card between them.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { runArgon } from './support/argon.ts';
import { type Ended, patienceMs } from './support/child.ts';
import { HostPlace } from './support/host-place.ts';

// Port 22 of `back` is closed to its subnet by an entry, and all but 22 and 443 by its group.
const lab = `
vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16]}]
network_acls:
  - display_name: edge
    vpc: lab
    ingress:
      - {number: 90, protocol: tcp, from_port: 22, to_port: 22, cidr: 10.0.1.0/24, action: deny}
      - {number: 100, protocol: all, cidr: 0.0.0.0/0, action: allow}
    egress: [{number: 100, protocol: all, cidr: 0.0.0.0/0, action: allow}]
security_groups:
  - {display_name: web, vpc: lab}
  - display_name: app
    vpc: lab
    ingress:
      - {protocol: tcp, from_port: 22, to_port: 22, cidr: 10.0.0.0/16}
      - {protocol: tcp, from_port: 443, to_port: 443, security_group: web}
subnets:
  - {display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24}
  - {display_name: back, vpc: lab, ipv4_cidr: 10.0.2.0/24, network_acl: edge}
instances:
  - {display_name: one, image: tiny, state: running}
  - {display_name: two, image: tiny, state: running}
interfaces:
  - {display_name: web-0, subnet: front, security_groups: [web], instance: one}
  - display_name: app-0
    subnet: back
    security_groups: [app]
    ipv4_addresses: [10.0.2.9]
    instance: two
  - {display_name: spare, subnet: front, security_groups: [web]}
`;

/** A host that is brought to the lab, and down when the test ends. */
class LabHost implements AsyncDisposable {
  readonly #place: HostPlace;

  constructor(place: HostPlace) {
    this.#place = place;
  }

  static async create(): Promise<LabHost> {
    const place = await HostPlace.create();
    const host = new LabHost(place);
    const path = join(place.stateDir, 'lab.yaml');
    await writeFile(path, lab);
    const up = await host.run('up', '--detach', path);
    expect(up).toMatchObject({ code: 0 });
    return host;
  }

  async run(...args: readonly string[]): Promise<Ended> {
    const { stateDir: state, env } = this.#place;
    return runArgon(args, { state, env });
  }

  /** What `argon trace` says of a packet to `app-0`. */
  async trace(...flags: readonly string[]): Promise<readonly string[]> {
    const ended = await this.run('trace', 'web-0', '--to', '10.0.2.9', ...flags);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return ended.stdout.trimEnd().split('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('down', '--force');
    await this.#place[Symbol.asyncDispose]();
  }
}

describe('argon trace', () => {
  it('names the rules that let a packet through, and those that do not', {
    timeout: patienceMs * 3,
  }, async () => {
    await using host = await LabHost.create();

    const allowed = await host.trace('--protocol', 'tcp', '--port', '443');
    const refused = await host.trace('--protocol', 'tcp', '--port', '80');
    const closed = await host.trace('--protocol', 'tcp', '--port', '22');
    const json = await host.trace('--protocol', 'udp', '--port', '53', '-o', 'json');
    const spare = await host.run('trace', 'spare', '--to', '10.0.2.9', '--protocol', 'icmp');

    expect(allowed).toEqual([
      expect.stringMatching(/^STAGE +INTERFACE +DIRECTION +VERDICT +DECIDED BY$/),
      expect.stringMatching(/^route +web-0 +out +allowed +10\.0\.0\.0\/16=local$/),
      expect.stringMatching(/^security-groups +web-0 +out +allowed +web: all@0\.0\.0\.0\/0$/),
      expect.stringMatching(/^network-acl +web-0 +out +allowed +no network ACL$/),
      expect.stringMatching(/^network-acl +app-0 +in +allowed +edge: 100 allow all@0\.0\.0\.0\/0$/),
      expect.stringMatching(/^security-groups +app-0 +in +allowed +app: tcp:443@web$/),
      '',
      'delivered to app-0',
    ]);
    expect(refused.slice(-3)).toEqual([
      expect.stringMatching(/^security-groups +app-0 +in +denied +no rule$/),
      '',
      'dropped at app-0: security-group-in',
    ]);
    expect(closed.slice(-3)).toEqual([
      expect.stringMatching(
        /^network-acl +app-0 +in +denied +edge: 90 deny tcp:22@10\.0\.1\.0\/24$/,
      ),
      '',
      'dropped at app-0: acl-in',
    ]);
    expect(JSON.parse(json.join('\n'))).toMatchObject({
      outcome: 'drop',
      drop_reason: 'security-group-in',
    });
    expect(spare).toMatchObject({ code: 3 });
    expect(spare.stderr).toContain('attach it to an instance that runs');
  });
});
