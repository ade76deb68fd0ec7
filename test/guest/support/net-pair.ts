// SPDX-License-Identifier: Apache-2.0

// Two guests and a card of `argon serve network` between them, whose VPC has a subnet for each case
// of a test: an interface of each guest, plugged with the properties that the case is about.

import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { type Cancellable, pollUntil } from '../../../src/base/deadline.ts';
import { createLogger } from '../../../src/base/log.ts';
import { silentProgress } from '../../../src/base/progress.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { findAccelerator, kernelSource } from '../../../src/controller/boot.ts';
import { NetGuest, type NetGuestInterface } from '../../../src/harness/network/net-guest.ts';
import { ensureTinyImage } from '../../../src/image/tiny.ts';
import { loadProfile, parsePciSlot } from '../../../src/qemu/profile.ts';
import { detectQemu } from '../../../src/qemu/version.ts';
import { Argon } from './argon.ts';

const sharedState = fileURLToPath(new URL('../../../.argon', import.meta.url));
// Guests without KVM on two busy cores take up to a minute each.
const patienceMs = 400_000;
// A CPU for each pair of rings.
const pairCount = 2;

const sides = ['left', 'right'] as const;
export type Side = (typeof sides)[number];

export interface NetEnd {
  readonly guest: NetGuest;
  /** What the guest calls the interface. */
  readonly nic: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface NetCase {
  readonly mtu: number;
  readonly properties: Readonly<Record<Side, NetGuestInterface['properties']>>;
}

export class NetPair implements AsyncDisposable {
  readonly #owned: AsyncDisposableStack;
  readonly #dir: string;
  readonly #guests: Readonly<Record<Side, NetGuest>>;

  /** Of what runs; `create` makes one. */
  constructor(owned: AsyncDisposableStack, dir: string, guests: Readonly<Record<Side, NetGuest>>) {
    this.#owned = owned;
    this.#dir = dir;
    this.#guests = guests;
  }

  /** Both guests answer, and the card listens for `caseCount` cases. */
  static async create(caseCount: number): Promise<NetPair> {
    await using stack = new AsyncDisposableStack();
    const dir = await mkdtemp(join(tmpdir(), 'argon-pair-'));
    stack.defer(async () => rm(dir, { recursive: true, force: true }));
    await mkdir(join(dir, 'tmp'));
    await writeFile(join(dir, 'lab.json'), labOf(caseCount));
    const argon = stack.use(new Argon(dir));
    const card = argon.start(['serve', 'network', '--lab', join(dir, 'lab.json')]);
    stack.defer(async () => {
      card.child.kill('SIGTERM');
      await card.outcome;
    });
    const scope = patience();
    let said = '';
    card.child.stdout?.on('data', (text: string) => {
      said += text;
    });
    await pollUntil(
      () => {
        if (card.child.exitCode !== null) throw new Error(`the card ended: ${card.stderr()}`);
        return said.split('ready ').length > caseCount * sides.length ? true : undefined;
      },
      'waiting for the card',
      { ...scope, intervalMs: 50 },
    );
    const [left, right] = await startGuests(dir, stack, scope);
    return new NetPair(stack.move(), dir, { left, right });
  }

  /** Both ends of a case, whose guests can reach each other; `index` is below the case count. */
  async plug(index: number, { mtu, properties }: NetCase): Promise<Readonly<Record<Side, NetEnd>>> {
    const [left, right] = await Promise.all(
      sides.map(async (side): Promise<NetEnd> => {
        const end = await this.#plugEnd(index, side, properties[side] ?? {});
        await configure(end, mtu);
        return end;
      }),
    );
    if (left === undefined || right === undefined) throw new RangeError('a case has two ends');
    return { left, right };
  }

  async #plugEnd(
    index: number,
    side: Side,
    properties: NonNullable<NetGuestInterface['properties']>,
  ): Promise<NetEnd> {
    const guest = this.#guests[side];
    const nic = await guest.plug(
      {
        id: `nic${index}`,
        slot: parsePciSlot(index, await loadProfile()),
        macAddress: macOf(index, side),
        link: {
          kind: 'vhost-user',
          socketPath: join(this.#dir, `${side}-${index}.sock`),
          pairCount: properties['mq'] === false ? 1 : pairCount,
        },
        properties,
      },
      patience(),
    );
    return { guest, nic, ...addressesOf(index, side) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Runs a shell command in the guest of an end; anything but exit code 0 is a failed test. */
export async function runAt({ guest }: NetEnd, command: string): Promise<string> {
  return await guest.run(command, patience());
}

function patience(): Cancellable {
  return { signal: AbortSignal.timeout(patienceMs) };
}

async function startGuests(
  dir: string,
  stack: AsyncDisposableStack,
  scope: Cancellable,
): Promise<readonly [NetGuest, NetGuest]> {
  const cacheDir = join(sharedState, 'images');
  await mkdir(cacheDir, { recursive: true });
  const image = await ensureTinyImage({ cacheDir, progress: silentProgress, ...scope });
  await symlink(cacheDir, join(dir, 'images'));
  // The probe for KVM is a test of its own; this one starts from its answer, if it is there.
  const memory = 'accelerator.json';
  await cp(join(sharedState, memory), join(dir, memory), { force: true }).catch(() => {});
  const log = createLogger('test', 'silent');
  const qemu = await detectQemu(scope);
  const profile = await loadProfile();
  const stateDir = locateStateDir({ ARGON_STATE: dir }, '/');
  const { accelerator } = await findAccelerator({ stateDir, qemu, profile, log, ...scope });
  const start = async (name: Side): Promise<NetGuest> => {
    const consoleLog = join(dir, `${name}.log`);
    const machine = { cpuCount: pairCount, memoryBytes: parseBytes('512MiB') };
    const boot = kernelSource(image);
    return stack.use(
      await NetGuest.start({
        name,
        qemu,
        profile,
        accelerator,
        boot,
        ...machine,
        consoleLog,
        log,
        ...scope,
      }),
    );
  };
  // One after the other: on two busy cores both would only boot half as fast.
  return [await start('left'), await start('right')];
}

async function configure(end: NetEnd, mtu: number): Promise<void> {
  const { nic, ipv4, ipv6 } = end;
  await runAt(
    end,
    `echo 0 >/proc/sys/net/ipv6/conf/${nic}/accept_dad &&
      ip link set ${nic} mtu ${mtu} && ip link set ${nic} up &&
      ip addr add ${ipv4}/24 dev ${nic} && ip -6 addr add ${ipv6}/64 dev ${nic}`,
  );
}

function macOf(index: number, side: Side): string {
  return `02:00:00:00:${side === 'left' ? '01' : '02'}:${index.toString(16).padStart(2, '0')}`;
}

function addressesOf(index: number, side: Side): Pick<NetEnd, 'ipv4' | 'ipv6'> {
  const host = side === 'left' ? 10 : 11;
  const subnet = index.toString(16).padStart(2, '0');
  return { ipv4: `10.0.${index}.${host}`, ipv6: `2001:db8:0:1${subnet}::${host}` };
}

// A security group that lets its own members in, so that every connection is tracked.
function labOf(caseCount: number): string {
  const indexes = Array.from({ length: caseCount }, (_, index) => index);
  return JSON.stringify({
    vpcs: [
      { display_name: 'lab', ipv4_cidrs: ['10.0.0.0/16'], ipv6_cidrs: ['2001:db8:0:100::/56'] },
    ],
    security_groups: [
      { display_name: 'all', vpc: 'lab', ingress: [{ protocol: 'all', security_group: 'all' }] },
    ],
    subnets: indexes.map((index) => ({
      display_name: `case-${index}`,
      vpc: 'lab',
      ipv4_cidr: `10.0.${index}.0/24`,
      ipv6_cidr: `2001:db8:0:1${index.toString(16).padStart(2, '0')}::/64`,
    })),
    interfaces: indexes.flatMap((index) =>
      sides.map((side) => {
        const { ipv4, ipv6 } = addressesOf(index, side);
        return {
          display_name: `${side}-${index}`,
          subnet: `case-${index}`,
          security_groups: ['all'],
          mac_address: macOf(index, side),
          ipv4_addresses: [ipv4],
          ipv6_addresses: [ipv6],
          socket: `${side}-${index}.sock`,
          pairs: pairCount,
        };
      }),
    ),
  });
}
