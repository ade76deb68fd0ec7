// SPDX-License-Identifier: Apache-2.0

// `argon serve network` as its users have it, with our own front end at both ends of a cable.

import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { loadFrontendAddon } from '../../src/native/binding.ts';
import { runArgon, startArgon } from './support/argon.ts';
import type { Child } from './support/child.ts';
import { createTempDir } from './support/temp-dir.ts';

const cable = `interfaces:
  - name: left
    socket: left.sock
  - name: right
    socket: right.sock
`;

// Both may send; only one may be asked.
const policyLab = `vpcs: [{ display_name: lab, ipv4_cidrs: [10.0.0.0/16] }]
security_groups:
  - { display_name: askers, vpc: lab }
  - display_name: answerers
    vpc: lab
    ingress: [{ protocol: udp, from_port: 0, to_port: 65535, security_group: askers }]
subnets: [{ display_name: front, vpc: lab, ipv4_cidr: 10.0.0.0/24 }]
interfaces:
  - display_name: asking
    subnet: front
    security_groups: [askers]
    mac_address: 02:00:00:00:00:01
    ipv4_addresses: [10.0.0.4]
    socket: asking.sock
  - display_name: answering
    subnet: front
    security_groups: [answerers]
    mac_address: 02:00:00:00:00:02
    ipv4_addresses: [10.0.0.5]
    socket: answering.sock
`;
const ends = {
  asking: { mac: Uint8Array.of(2, 0, 0, 0, 0, 1), address: 0x0a000004 },
  answering: { mac: Uint8Array.of(2, 0, 0, 0, 0, 2), address: 0x0a000005 },
};

async function serveCable(dir: string, flags: readonly string[]): Promise<Child> {
  return serveLab(dir, cable, flags);
}

async function serveLab(dir: string, text: string, flags: readonly string[] = []): Promise<Child> {
  const lab = join(dir, 'lab.yaml');
  await writeFile(lab, text);
  const argon = startArgon(['serve', 'network', '--lab', lab, ...flags], { state: dir });
  await argon.waitFor('stdout', /^ready .*\nready .*\n/m);
  return argon;
}

describe('argon serve network', () => {
  it.each(['off', 'adaptive'])('carries frames from end to end, polling %s', async (poll) => {
    await using dir = await createTempDir();
    await using argon = await serveCable(dir.path, ['--poll', poll]);
    const [left, right] = [join(dir.path, 'left.sock'), join(dir.path, 'right.sock')];
    expect(argon.stdout).toBe(`ready ${left}\nready ${right}\n`);
    expect((await stat(left)).mode & 0o777).toBe(0o600);

    for (const pattern of ['forward', 'ping-pong'] as const) {
      const result = await loadFrontendAddon().runNetLoad({
        sourcePath: left,
        targetPath: right,
        pattern,
        frameBytes: 1514,
        depth: 64,
        durationNs: 50_000_000n,
        warmupNs: 0n,
        cpus: [],
      });
      expect(result.lostCount).toBe(0n);
      expect(result.frameCount).toBeGreaterThan(0n);
      expect(result.byteCount).toBe(result.frameCount * 1514n);
    }

    expect(await argon.end('SIGTERM')).toMatchObject({ code: 0 });
    expect(existsSync(left)).toBe(false);
  });

  it('lets through what security groups allow, and answers to that, and nothing else', async () => {
    await using dir = await createTempDir();
    await using argon = await serveLab(dir.path, policyLab);
    const [asking, answering] = [join(dir.path, 'asking.sock'), join(dir.path, 'answering.sock')];
    const load = async (sourcePath: string, targetPath: string, isAnswered: boolean) => {
      const isForth = sourcePath === asking;
      return loadFrontendAddon().runNetLoad({
        sourcePath,
        targetPath,
        pattern: 'flood',
        frameBytes: 200,
        depth: 8,
        durationNs: 10_000_000_000n,
        warmupNs: 0n,
        sentCountMax: 100n,
        cpus: [],
        traffic: {
          source: isForth ? ends.asking : ends.answering,
          target: isForth ? ends.answering : ends.asking,
          checksum: 'full',
          flowCount: 10,
          isAnswered,
        },
      });
    };

    const refused = await load(answering, asking, false);
    expect(refused.lostCount).toBe(refused.sentCount);
    const allowed = await load(asking, answering, true);
    expect(allowed.lostCount).toBe(0n);
    expect(allowed.sentCount).toBeGreaterThan(0n);

    expect(await argon.end('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('says where a lab file is wrong, and what is missing', async () => {
    await using dir = await createTempDir();
    const lab = join(dir.path, 'lab.yaml');
    await writeFile(lab, 'interfaces: [{ name: left }]\n');

    const wrong = await runArgon(['serve', 'network', '--lab', lab], { state: dir.path });
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain(`${lab}:1:14: an interface has no socket`);

    const missing = await runArgon(['serve', 'network', '--lab', join(dir.path, 'no')], {
      state: dir.path,
    });
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain('cannot be read (ENOENT)');
  });
});
