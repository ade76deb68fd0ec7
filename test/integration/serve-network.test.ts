// SPDX-License-Identifier: Apache-2.0

// `argon serve network` as its users have it, with our own front end at both ends of a cable.

import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
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
    const [flows, headers] = [join(dir.path, 'flows.txt'), join(dir.path, 'headers.pcapng')];
    const recorded = ['--flow-log', flows, '--capture', headers, '--environment', 'test'];
    await using argon = await serveLab(dir.path, policyLab, recorded);
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
    // What was begun is written when it ends: each way of each flow, at the interface's own end.
    const lines = (await readFile(flows, 'utf8')).split('\n');
    expect(lines[0]).toMatch(/^version account-id interface-id srcaddr/);
    const flow = (name: string, from: string, to: string, action: string) =>
      new RegExp(`^2 0{12} ${name} ${from} ${to} \\d+ \\d+ 17 \\d+ \\d+ \\d+ \\d+ ${action} OK$`);
    for (const expected of [
      flow('asking', '10.0.0.4', '10.0.0.5', 'ACCEPT'),
      flow('answering', '10.0.0.4', '10.0.0.5', 'ACCEPT'),
      flow('asking', '10.0.0.5', '10.0.0.4', 'REJECT'),
    ]) {
      expect(lines).toContainEqual(expect.stringMatching(expected));
    }
    const captured = await readFile(headers);
    expect(captured.readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(captured.includes('answering')).toBe(true);
    // One way of one load is 100 frames; what a capture loses on the way it has no room for.
    expect(captured.length).toBeGreaterThan(100 * 42);
    expect((await stat(headers)).mode & 0o777).toBe(0o600);
  });

  it('refuses a capture in production, and to record cables', async () => {
    await using dir = await createTempDir();
    const lab = join(dir.path, 'lab.yaml');
    const headers = join(dir.path, 'headers.pcapng');
    const capture = async (text: string, ...flags: string[]) => {
      await writeFile(lab, text);
      return runArgon(['serve', 'network', '--lab', lab, '--capture', headers, ...flags], {
        state: dir.path,
      });
    };

    const refused = await capture(policyLab);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('--environment test');
    const cables = await capture(cable, '--environment', 'test');
    expect(cables.code).toBe(2);
    expect(cables.stderr).toContain('only cables');
    expect(existsSync(headers)).toBe(false);
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
