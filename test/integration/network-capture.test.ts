// SPDX-License-Identifier: Apache-2.0

// Captures of a host: by a card behind the backplane with traffic of our own front end, and by the
// command line on hosts whose machines are none.

import { closeSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { deadlineSignal } from '../../src/base/deadline.ts';
import type { CaptureReading } from '../../src/card/bus/captures.ts';
import { type RunningSlotCard, startSlotNetworkCard } from '../../src/card/bus/card-process.ts';
import { CapturedFrames } from '../../src/cli/host/captured-frames.ts';
import { frameText } from '../../src/cli/host/frame-text.ts';
import { startOrAdoptBackplane } from '../../src/controller/backplane/client.ts';
import { loadFrontendAddon } from '../../src/native/binding.ts';
import type { HostEnvironment } from '../../src/native/network-watch.ts';
import { encodeCardNetwork } from '../../src/network/card-network.ts';
import { compilePolicy } from '../../src/network/compile.ts';
import { parseCidr } from '../../src/network/model/address.ts';
import { recordsOfPolicy } from '../../src/network/services/records-of-policy.ts';
import {
  networkId,
  sampleGroup,
  sampleInterface,
  sampleRule,
  sampleState,
} from '../unit/network/samples.ts';
import { runArgon } from './support/argon.ts';
import { type Ended, eventually, patienceMs } from './support/child.ts';
import { HostPlace } from './support/host-place.ts';
import { createTempDir } from './support/temp-dir.ts';

const scope = { signal: deadlineSignal(patienceMs * 3) };
const ids = [networkId('eni', 1), networkId('eni', 2)];
const ends = [
  { mac: Uint8Array.of(2, 0, 0, 0, 0, 1), address: 0x0a00010a },
  { mac: Uint8Array.of(2, 0, 0, 0, 0, 2), address: 0x0a00010b },
] as const;
const frameBytes = 200;
// Ethernet, IPv4 and UDP.
const headerBytes = 42;

/** Two interfaces of a subnet that let all of it in. */
function network(): Uint8Array {
  const peer = { kind: 'cidr', cidr: parseCidr('10.0.0.0/16') } as const;
  const all = sampleRule({ protocol: 'all', fromPort: 0, toPort: 0, peer });
  const noLimit = { perSecond: 0n, burst: 0n };
  const rates = { bandwidthIn: noLimit, bandwidthOut: noLimit, packets: noLimit };
  const input = {
    state: sampleState({
      'security-group': [sampleGroup(1, { ingress: [all], egress: [all] })],
      interface: ends.map((_, at) => sampleInterface(at + 1)),
    }),
    generation: 1n,
    places: ids.map((id, instance) => ({ interface: id, instance })),
    instances: ids.map((_, at) => {
      return { ...rates, identity: BigInt(at + 1), trackedMax: 1_000, servicePacketsPerSecond: 0 };
    }),
  };
  const services = recordsOfPolicy(input);
  return encodeCardNetwork({ policy: compilePolicy(input), services });
}

/** A card in two slots of a backplane, and its end. */
class SlotScene implements AsyncDisposable {
  readonly card: RunningSlotCard;
  readonly sockets: readonly string[];
  readonly #stack: AsyncDisposableStack;

  constructor(card: RunningSlotCard, sockets: readonly string[], stack: AsyncDisposableStack) {
    this.card = card;
    this.sockets = sockets;
    this.#stack = stack;
  }

  static async open(environment: HostEnvironment): Promise<SlotScene> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await createTempDir());
    const log = pino({ level: 'silent' });
    const { backplane, pid } = await startOrAdoptBackplane({ runtimeDir: dir.path, log, ...scope });
    stack.defer(() => {
      process.kill(pid, 'SIGTERM');
    });
    stack.use(backplane);
    const options = { pollMode: 'off', cpus: [], environment } as const;
    const logFile = join(dir.path, 'card.log');
    const card = await startSlotNetworkCard({ card: options, logFile, ...scope });
    stack.defer(async () => {
      card.bus.end();
      await card.exited;
    });
    await backplane.attachCard('card', card.slotChannelFd, scope);
    closeSync(card.slotChannelFd);
    await card.bus.setPolicy(network(), scope);
    const sockets = ids.map((_, slot) => join(dir.path, `${slot}.sock`));
    for (const [slot, socketPath] of sockets.entries()) {
      await backplane.openSlot({ slot, socketPath, mapBytes: 0n }, scope);
      await backplane.assign(slot, 'card', scope);
      const served = { interface: ids[slot] ?? '', index: slot, pairs: 1, slot };
      await card.bus.addInterface(served, scope);
    }
    return new SlotScene(card, sockets, stack.move());
  }

  async startCapture(index: number, changes: object = {}): Promise<CaptureReading> {
    const bounds = { framesMax: 1_000, bytesMax: 1_000_000, secondsMax: 600 };
    const what = { capture: networkId('cap', index), interface: ids[index] ?? '', index };
    return this.card.bus.startCapture({ ...what, ...bounds, ...changes }, scope);
  }

  /** Frames from the first interface to the second. */
  async load(count: bigint): Promise<void> {
    const [sourcePath = '', targetPath = ''] = this.sockets;
    const { lostCount } = await loadFrontendAddon().runNetLoad({
      sourcePath,
      targetPath,
      pattern: 'flood',
      frameBytes,
      depth: 8,
      durationNs: 10_000_000_000n,
      warmupNs: 0n,
      sentCountMax: count,
      cpus: [],
      traffic: {
        source: ends[0],
        target: ends[1],
        checksum: 'full',
        flowCount: 1,
        isAnswered: false,
      },
    });
    expect(lostCount).toBe(0n);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

describe('a capture of a card', () => {
  it('has the headers of one interface and no byte of what they carry', {
    timeout: patienceMs,
  }, async () => {
    await using scene = await SlotScene.open('test');
    const capture = networkId('cap', 1);
    expect(await scene.startCapture(1, { framesMax: 20 })).toMatchObject({ frames: 0 });
    await expect(scene.startCapture(0)).rejects.toMatchObject({ code: 'resource-exhausted' });

    await scene.load(50n);
    const reading = await eventually(async () => {
      const read = await scene.card.bus.readCapture(capture, 0, scope);
      return read.end === undefined ? undefined : read;
    }, 'the end of the capture');

    expect(reading).toMatchObject({ end: 'frames', frames: 20, sizeBytes: reading.data.length });
    const frames = new CapturedFrames().push(reading.data);
    expect(frames).toHaveLength(20);
    for (const { direction, lengthBytes, headers } of frames) {
      expect(direction).toBe('in');
      expect(lengthBytes).toBe(frameBytes);
      expect(headers.byteLength).toBe(headerBytes);
      expect(frameText(headers)).toMatch(/^10\.0\.1\.10:\d+ > 10\.0\.1\.11:\d+ udp$/);
    }

    // The other end sees them leave; its capture ends with it.
    await scene.startCapture(0);
    await scene.load(5n);
    await scene.card.bus.removeInterface(0, scope);
    const last = await scene.card.bus.readCapture(networkId('cap', 0), 0, scope);
    expect(last).toMatchObject({ end: 'interface-gone', frames: 5 });
    expect(new CapturedFrames().push(last.data).map(({ direction }) => direction)).toEqual(
      Array.from({ length: 5 }, () => 'out'),
    );
  });

  it('is none on a card that was started for production', { timeout: patienceMs }, async () => {
    await using scene = await SlotScene.open('production');

    await expect(scene.startCapture(1)).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(scene.card.bus.readCapture(networkId('cap', 1), 0, scope)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

const lab = `
vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16]}]
security_groups: [{display_name: web, vpc: lab}]
subnets: [{display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24}]
instances: [{display_name: one, image: tiny, state: running}]
interfaces:
  - {display_name: web-0, subnet: front, security_groups: [web], instance: one}
  - {display_name: spare, subnet: front, security_groups: [web]}
`;

class LabHost implements AsyncDisposable {
  readonly place: HostPlace;

  constructor(place: HostPlace) {
    this.place = place;
  }

  static async create(environment: HostEnvironment): Promise<LabHost> {
    const host = new LabHost(await HostPlace.create());
    const path = join(host.place.stateDir, 'lab.yaml');
    await writeFile(path, lab);
    const up = await host.run('up', '--detach', '--environment', environment, path);
    expect(up).toMatchObject({ code: 0 });
    expect(up.stdout).toContain(`the host is up for ${environment}`);
    return host;
  }

  async run(...args: readonly string[]): Promise<Ended> {
    const { stateDir: state, env } = this.place;
    return runArgon(args, { state, env });
  }

  async log(): Promise<string> {
    return readFile(join(this.place.stateDir, 'host', 'controller.log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('down', '--force');
    await this.place[Symbol.asyncDispose]();
  }
}

describe('argon capture', () => {
  it('captures on a host for tests, and says when the card has gone', {
    timeout: patienceMs * 3,
  }, async () => {
    await using host = await LabHost.create('test');
    const path = join(host.place.stateDir, 'headers.pcapng');

    const short = await host.run('capture', 'web-0', '--seconds', '1', '--write', path);
    const spare = await host.run('capture', 'spare', '--seconds', '1');
    const capturing = host.run('capture', 'web-0', '--write', path);
    await eventually(async () => {
      const begun = (await host.log()).split('a capture of headers begins').length - 1;
      return begun === 2 ? true : undefined;
    }, 'a capture');
    const beside = await host.run('capture', 'web-0');
    process.kill(await networkCard(host), 'SIGKILL');
    const broken = await capturing;
    const other = await host.run('up', '--detach', '--environment', 'production');

    expect(short).toMatchObject({ code: 0, stderr: '' });
    expect(short.stdout).toBe(`${path}: 0 frames; ended by time\n`);
    expect((await readFile(path)).readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(spare.stderr).toContain('attach it to an instance that runs');
    expect(beside.stderr).toContain('another capture is under way on this host');
    expect(broken.stdout).toContain('ended by card-gone');
    expect(broken.code).not.toBe(0);
    expect(broken.stderr).toContain('the capture ended with its network card');
    expect(other.code).not.toBe(0);
    expect(other.stderr).toContain('the host of this state folder is for test');
    expect(await host.log()).toContain('"environment":"test"');
  });

  it('captures nothing in production, and the refusal is logged', {
    timeout: patienceMs * 2,
  }, async () => {
    await using host = await LabHost.create('production');
    const path = join(host.place.stateDir, 'headers.pcapng');

    const refused = await host.run('capture', 'web-0', '--write', path);

    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('the host is for production');
    expect(refused.stderr).toContain('hint: a host that is first started with argon up');
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const line = (await host.log()).split('\n').find((text) => text.includes('StartCapture')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      method: 'argon.v1.Captures/StartCapture',
      code: 'failed-precondition',
      msg: 'refused a call',
    });
  });
});

async function networkCard(host: LabHost): Promise<number> {
  const { stdout } = await host.run('ls', '-o', 'json');
  const { host: found } = JSON.parse(stdout) as {
    readonly host: { readonly parts: readonly { readonly id: string; readonly pid: number }[] };
  };
  return found.parts.find(({ id }) => id === 'network-card')?.pid ?? 0;
}
