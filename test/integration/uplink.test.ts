// SPDX-License-Identifier: Apache-2.0

// The uplink of a VPC as its users have it: a TAP device in a network namespace, which is there as
// long as the card is, and by which guests are reached under the same rules as by others.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';

import { describe, expect, it, type TestContext } from 'vitest';

import { runArgon, startArgon } from './support/argon.ts';
import { type Child, eventually, startChild } from './support/child.ts';
import { isInstalled } from './support/installed.ts';
import { NetworkNamespace } from './support/network-namespace.ts';
import { createTempDir } from './support/temp-dir.ts';

const support = join(import.meta.dirname, 'support');
const nodeFlags = ['--disable-warning=ExperimentalWarning'];

function skipWithout(context: TestContext, ...programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program));
  context.skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
  context.skip(geteuid?.() !== 0, 'network namespaces take root');
}

async function hasDevice(place: NetworkNamespace): Promise<boolean> {
  return (await place.deviceNumber('outside0')) !== undefined;
}

async function writeLab(folder: string, uplink: object | undefined): Promise<string> {
  const cidr = '198.51.100.0/30';
  const lab = {
    vpcs: [{ display_name: 'lab', ipv4_cidrs: ['10.0.0.0/16'], ...(uplink && { uplink }) }],
    security_groups: [
      {
        display_name: 'web',
        vpc: 'lab',
        ingress: [{ protocol: 'tcp', from_port: 80, to_port: 80, cidr }],
      },
    ],
    route_tables: [
      {
        display_name: 'main',
        vpc: 'lab',
        is_main: true,
        routes: [{ destination: '0.0.0.0/0', target: 'uplink' }],
      },
    ],
    subnets: [{ display_name: 'front', vpc: 'lab', ipv4_cidr: '10.0.1.0/24' }],
    interfaces: [
      {
        display_name: 'one',
        subnet: 'front',
        security_groups: ['web'],
        mac_address: '02:00:00:00:00:01',
        ipv4_addresses: ['10.0.1.5'],
        socket: 'one.sock',
      },
    ],
  };
  const path = join(folder, 'lab.json');
  await writeFile(path, JSON.stringify(lab));
  return path;
}

async function serve(folder: string, lab: string, ...flags: readonly string[]): Promise<Child> {
  const argon = startArgon(['serve', 'network', '--lab', lab, ...flags], { state: folder });
  await argon.waitFor('stdout', /^ready .*\n/m);
  return argon;
}

describe('an uplink of `argon serve network`', () => {
  it.for(['SIGTERM', 'SIGKILL'] as const)(
    'is gone with the card, by %s',
    async (signal, context) => {
      skipWithout(context, 'ip', 'unshare', 'nsenter');
      await using dir = await createTempDir();
      await using outside = await NetworkNamespace.create();
      // Off by default, whatever routes say.
      {
        await using argon = await serve(dir.path, await writeLab(dir.path, undefined));
        expect(await hasDevice(outside)).toBe(false);
        await argon.end('SIGTERM');
      }

      const uplink = { tap: 'outside0', namespace: outside.path, ipv4_cidr: '198.51.100.0/30' };
      await using argon = await serve(dir.path, await writeLab(dir.path, uplink));
      expect(await hasDevice(outside)).toBe(true);
      await argon.end(signal);
      await eventually(async () => ((await hasDevice(outside)) ? undefined : true), 'the device');
    },
  );

  it('that is deleted is made again', async (context) => {
    skipWithout(context, 'ip', 'unshare', 'nsenter');
    await using dir = await createTempDir();
    await using outside = await NetworkNamespace.create();
    const uplink = { tap: 'outside0', namespace: outside.path, ipv4_cidr: '198.51.100.0/30' };
    await using argon = await serve(dir.path, await writeLab(dir.path, uplink));

    await using ip = outside.start('ip', 'link', 'delete', 'outside0');
    expect(await ip.waitForEnd()).toMatchObject({ code: 0 });

    await argon.waitFor('stderr', /the uplink is there/);
    expect(await hasDevice(outside)).toBe(true);
    expect(argon.stderr).toMatch(/the uplink outside0 of vpc-\w+ was deleted/);
    expect(await argon.end('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('is reached by guests, and reaches them where rules let it', async (context) => {
    skipWithout(context, 'dpdk-testpmd', 'ip', 'unshare', 'nsenter');
    await using dir = await createTempDir();
    await using outside = await NetworkNamespace.create();
    const uplink = { tap: 'outside0', namespace: outside.path, ipv4_cidr: '198.51.100.0/30' };
    const flows = join(dir.path, 'flows.txt');
    const lab = await writeLab(dir.path, uplink);
    await using argon = await serve(dir.path, lab, '--flow-log', flows);
    await using guest = startChild(
      'unshare',
      ['--net', process.execPath, ...nodeFlags, join(support, 'uplink-guest.ts'), dir.path],
      {},
      ['pipe', 'pipe', 'pipe'],
    );
    await guest.waitFor('stdout', /listening/);

    const program = join(support, 'uplink-host.ts');
    await using host = outside.start(process.execPath, ...nodeFlags, program);
    const { stdout, stderr } = await host.waitForEnd();

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ heard: 'hello', isWhole: true, isReached: false });
    guest.process.stdin?.end();
    expect(await guest.waitForEnd()).toMatchObject({ code: 0, stderr: '' });
    expect(await argon.end('SIGTERM')).toMatchObject({ code: 0 });
    const text = await readFile(flows, 'utf8');
    expect(text).toMatch(/ one 198\.51\.100\.2 10\.0\.1\.5 \d+ 80 6 .* ACCEPT OK/);
    expect(text).toMatch(/ one 198\.51\.100\.2 10\.0\.1\.5 \d+ 81 6 .* REJECT OK/);
    expect(text).toMatch(/ one 10\.0\.1\.5 198\.51\.100\.2 \d+ 9000 6 .* ACCEPT OK/);
  });

  it('that cannot be made says why, and what it takes', async (context) => {
    skipWithout(context);
    await using dir = await createTempDir();
    const namespace = join(dir.path, 'none');
    const uplink = { tap: 'outside0', namespace, ipv4_cidr: '198.51.100.0/30' };
    const lab = await writeLab(dir.path, uplink);

    const ended = await runArgon(['serve', 'network', '--lab', lab], { state: dir.path });

    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /the uplink outside0 of vpc-\w+ cannot be made: enter the network/,
    );
    expect(ended.stderr).toContain('hint: an uplink takes root');
  });
});
