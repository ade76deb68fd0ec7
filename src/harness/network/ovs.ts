// SPDX-License-Identifier: Apache-2.0

// A peer: Open vSwitch with DPDK, whose switching thread polls two vhost-user ports. A database, a
// switch and their sockets of its own in a folder of its own; one of the system is not touched.

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Cancellable, deadlineSignal, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { run } from '../../base/subprocess.ts';
import type { NetBackend, NetBackendKind, NetBackendOptions, NetOffers } from './backend.ts';
import { ovsFlows } from './ovs-flows.ts';
import { type Program, startProgram } from './program.ts';
import { benchHint } from './testpmd.ts';

const switchProgram = '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk';
const schema = '/usr/share/openvswitch/vswitch.ovsschema';
// Names of ports are those of their sockets too.
const ports = ['end0', 'end1'] as const;
// Larger than every frame.
const mtuBytes = 9001;
const startTimeoutMs = 60_000;

export const ovs: NetBackendKind = {
  name: 'ovs',
  start: async (options) => start('frames', options),
};

/** It passes on checksums and segments that are left to the device. */
export const ovsWithOffloads: NetBackendKind = {
  name: 'ovs, offloads',
  start: async (options) => start('offloads', options),
};

async function start(
  offers: NetOffers,
  { setup, cpu, signal }: NetBackendOptions,
): Promise<NetBackend> {
  if (setup.interfaceCount !== 2) {
    throw new ArgonError('unimplemented', 'Open vSwitch is set up with two ports');
  }
  if (!existsSync(switchProgram)) {
    throw new ArgonError('failed-precondition', 'Open vSwitch with DPDK is not installed', {
      hint: benchHint,
    });
  }
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'argon-ovs-'));
  stack.defer(async () => rm(dir, { recursive: true, force: true }));
  const scope = { signal: deadlineSignal(startTimeoutMs, signal) };
  const program = await startSwitch(dir, ovsConfig(cpu, offers), stack, scope);
  const flows = join(dir, 'flows');
  await writeFile(flows, ovsFlows(setup.pipeline));
  const words = ['-O', 'OpenFlow14', 'replace-flows', `unix:${dir}/bench.mgmt`, flows];
  await run('ovs-ofctl', words, scope);
  const version = await run(switchProgram, ['--version'], scope);
  program.pause();
  const offered = offers === 'offloads' ? ['offloads'] : [];
  const owned = stack.move();
  return {
    name: [ovs.name, ...(setup.pipeline === 'cable' ? [] : ['conntrack']), ...offered].join(', '),
    pid: program.pid,
    version: version.trim().split('\n').join(', '),
    socketPaths: ports.map((port) => join(dir, port)),
    resume: () => program.resume(),
    pause: () => program.pause(),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function startSwitch(
  dir: string,
  { cpu, settings }: OvsConfig,
  stack: AsyncDisposableStack,
  scope: Cancellable,
): Promise<Program> {
  const database = `unix:${dir}/db.sock`;
  const env = {
    OVS_RUNDIR: dir,
    OVS_DBDIR: dir,
    OVS_LOGDIR: dir,
    OVS_SYSCONFDIR: dir,
    RUNTIME_DIRECTORY: dir, // DPDK's.
  };
  const quiet = ['-vsyslog:off', '-vfile:off'];
  await run('ovsdb-tool', ['create', join(dir, 'conf.db'), schema], scope);
  stack.use(
    await startProgram({
      name: 'ovsdb-server',
      file: 'ovsdb-server',
      args: [join(dir, 'conf.db'), `--remote=p${database}`, `--unixctl=${dir}/db.ctl`, ...quiet],
      env,
      hint: benchHint,
      isReady: () => existsSync(join(dir, 'db.sock')),
      ...scope,
    }),
  );
  const configure = async (...words: readonly string[]): Promise<void> => {
    await run('ovs-vsctl', [`--db=${database}`, '--no-wait', ...words], scope);
  };
  await configure('init');
  await configure('set', 'Open_vSwitch', '.', ...settings);
  await configure(...'add-br bench -- set bridge bench datapath_type=netdev'.split(' '));
  await configure('set', 'bridge', 'bench', 'fail_mode=secure');
  for (const [index, port] of ports.entries()) {
    const words = `add-port bench ${port} -- set Interface ${port} type=dpdkvhostuser`;
    const numbers = [`ofport_request=${index + 1}`, `mtu_request=${mtuBytes}`];
    await configure(...words.split(' '), ...numbers);
  }
  const program = stack.use(
    await startProgram({
      name: 'ovs-vswitchd',
      file: switchProgram,
      network: 'own', // It has devices of fixed names.
      args: [database, `--unixctl=${dir}/switch.ctl`, '-vconsole:warn', ...quiet],
      env,
      cpu,
      hint: benchHint,
      isReady: () => ['bench.mgmt', ...ports].every((file) => existsSync(join(dir, file))),
      ...scope,
    }),
  );
  await pollUntil(
    async () => {
      const words = ['get', 'Interface', 'end1', 'ofport'];
      const said = await run('ovs-vsctl', [`--db=${database}`, ...words], scope);
      return said === '2\n' ? true : undefined;
    },
    'waiting for the ports of Open vSwitch',
    { ...scope, intervalMs: 50 },
  );
  return program;
}

/** The CPU of the switching thread, and what its database is told. */
export interface OvsConfig {
  readonly cpu: number;
  readonly settings: readonly string[];
}

/** DPDK without huge pages, and the switching thread on one CPU. */
export function ovsConfig(cpu: number, offers: NetOffers = 'frames'): OvsConfig {
  const mask = `0x${(2 ** cpu).toString(16)}`;
  // --legacy-mem keeps it from asking for --in-memory, which does not go without huge pages.
  const dpdk = '--no-huge --legacy-mem --no-pci --no-shconf --no-telemetry -m 1024';
  const settings = [
    'other_config:dpdk-init=true',
    `other_config:dpdk-extra="${dpdk}"`,
    `other_config:dpdk-lcore-mask=${mask}`,
    `other_config:pmd-cpu-mask=${mask}`,
    ...(offers === 'offloads' ? ['other_config:userspace-tso-enable=true'] : []),
  ];
  return { cpu, settings };
}
