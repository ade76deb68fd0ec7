// SPDX-License-Identifier: Apache-2.0

// A controller whose steps a test can see: it takes commands as lines of JSON on stdin and answers
// each with one on stdout. `killAt` ends the process with SIGKILL at that step of the command, as
// nothing in the product can.

import { createInterface } from 'node:readline';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { deadlineSignal } from '../../../src/base/deadline.ts';
import { ArgonError, assertNever } from '../../../src/base/errors.ts';
import { parseInstanceId } from '../../../src/base/instance-id.ts';
import { createLogger } from '../../../src/base/log.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { parseVolumeId } from '../../../src/base/volume-id.ts';
import { type Controller, startController } from '../../../src/controller/controller.ts';
import { defaultAllowance, defaultMetadata, noLimits } from '../../../src/controller/model.ts';
import { Registry } from '../../../src/controller/registry/registry.ts';
import { loadHostAddon } from '../../../src/native/binding.ts';
import { parseCidr } from '../../../src/network/model/address.ts';

/** What a test asks for. */
export interface HostCommand {
  readonly do:
    | 'create-volume'
    | 'delete-volume'
    | 'grow-volume'
    | 'create-instance'
    | 'delete-instance'
    | 'start'
    | 'stop'
    | 'reset'
    | 'attach'
    | 'detach'
    | 'create-interface'
    | 'attach-interface'
    | 'detach-interface'
    | 'inspect'
    | 'shut-down';
  readonly volume?: string;
  readonly instance?: string;
  readonly interface?: string;
  readonly sizeBytes?: number;
  /** 1: the first step. 0: none. */
  readonly killAt?: number;
}

const stateDir = locateStateDir(process.env, '/');
let stepCount = 0;
let killAt = 0;

async function observe(): Promise<void> {
  stepCount += 1;
  if (stepCount === killAt) process.kill(process.pid, 'SIGKILL');
}

const once = { requestId: '', isValidateOnly: false };

async function perform(controller: Controller, command: HostCommand): Promise<unknown> {
  const scope = { signal: deadlineSignal(100_000) };
  const volume = (): ReturnType<typeof parseVolumeId> => parseVolumeId(command.volume);
  const instance = (): ReturnType<typeof parseInstanceId> => parseInstanceId(command.instance);
  const sizeBytes = parseBytes(command.sizeBytes ?? 2 ** 20);
  const gone = { ...once, etag: '', isMissingAllowed: false };
  const plain = { displayName: '', limits: noLimits };
  switch (command.do) {
    case 'create-volume': {
      const request = { ...once, ...plain, sizeBytes, cipher: 'aes-256-xts' } as const;
      return (await controller.volumes.create(request, scope)).volume.id;
    }
    case 'delete-volume':
      return controller.volumes.delete({ ...gone, id: volume() }, scope);
    case 'grow-volume': {
      const request = { ...once, id: volume(), changes: { sizeBytes }, etag: '' };
      return (await controller.volumes.update(request, scope)).volume.sizeBytes;
    }
    case 'create-instance': {
      const memoryBytes = parseBytes('64MiB');
      const shape = { image: 'tiny', bootVolume: undefined, cpuCount: 1, memoryBytes } as const;
      const told = { userData: new Uint8Array(), publicKeys: [], tags: [] };
      const request = {
        ...once,
        ...plain,
        ...shape,
        ...told,
        metadata: defaultMetadata,
        networkAllowance: defaultAllowance,
      };
      return (await controller.instances.create(request, scope)).instance.id;
    }
    case 'delete-instance':
      return controller.instances.delete({ ...gone, id: instance() }, scope);
    case 'start':
      return (await controller.instances.start({ ...once, id: instance() }, scope)).instance.state;
    case 'stop': {
      const request = { ...once, id: instance(), timeoutMs: 60_000, isForced: false };
      return (await controller.instances.stop(request, scope)).instance.state;
    }
    case 'reset':
      return (await controller.instances.reset({ ...once, id: instance() }, scope)).instance.state;
    case 'attach': {
      const request = { ...once, volume: volume(), instance: instance(), isReadOnly: false };
      return (await controller.attachments.attach(request, scope)).attachment?.phase;
    }
    case 'detach': {
      const request = { ...once, volume: volume(), isForced: false };
      return (await controller.attachments.detach(request, scope)).attachment?.phase ?? 'none';
    }
    case 'create-interface':
      return makeInterface(controller, scope);
    case 'attach-interface': {
      const request = { ...once, interface: command.interface ?? '', instance: instance() };
      return (await controller.interfaces.attach(request, scope)).attachment?.phase;
    }
    case 'detach-interface': {
      const request = { ...once, interface: command.interface ?? '', isForced: false };
      return (await controller.interfaces.detach(request, scope)).attachment?.phase ?? 'none';
    }
    case 'inspect':
      return inspect();
    case 'shut-down':
      await controller.shutDown({ timeoutMs: 60_000, isForced: false });
      await controller.endBackplane();
      return 'down';
  }
  return assertNever(command.do);
}

/** An interface in a VPC, a subnet and a group of its own. */
async function makeInterface(
  { networks }: Controller,
  scope: { readonly signal: AbortSignal },
): Promise<string> {
  const named = { displayName: '' };
  const ipv4Cidrs = [parseCidr('10.0.0.0/16')];
  const vpc = await networks.vpc.create(
    { ...once, draft: { ...named, ipv4Cidrs, ipv6Cidrs: [] } },
    scope,
  );
  const within = { ...named, vpc: vpc.record.id };
  const subnet = await networks.subnet.create(
    {
      ...once,
      draft: {
        ...within,
        ipv4Cidr: parseCidr('10.0.1.0/24'),
        ipv6Cidr: undefined,
        routeTable: undefined,
        networkAcl: undefined,
      },
    },
    scope,
  );
  const group = await networks['security-group'].create(
    { ...once, draft: { ...within, ingress: [], egress: [] } },
    scope,
  );
  const made = await networks.interface.create(
    {
      ...once,
      draft: {
        ...named,
        subnet: subnet.record.id,
        macAddress: '',
        ipv4Addresses: [],
        ipv6Addresses: [],
        securityGroups: [group.record.id],
        hasSourceDestCheck: true,
      },
    },
    scope,
  );
  return made.record.id;
}

/** What the registry says, read as anybody could. */
function inspect(): unknown {
  using registry = new Registry(`${stateDir}/host/registry.db`);
  return {
    volumes: registry.volumes().items.map(({ id, phase, sizeBytes }) => ({ id, phase, sizeBytes })),
    instances: registry.instances().items.map(({ id, state, machine }) => ({
      id,
      state,
      pid: machine?.pid,
    })),
    attachments: registry.devices(),
    parts: registry.parts().map(({ id, process: { pid } }) => ({ id, pid })),
  };
}

const say = (message: unknown): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

const log = createLogger('controller', 'info', `${stateDir}/controller.log`);
const controller = await startController({
  stateDir,
  native: loadHostAddon(),
  log,
  signal: deadlineSignal(100_000),
  step: observe,
});
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as HostCommand;
  stepCount = 0;
  killAt = command.killAt ?? 0;
  try {
    say({ value: (await perform(controller, command)) ?? null, steps: stepCount });
  } catch (thrown) {
    const { code, message } = ArgonError.from(thrown);
    say({ error: { code, message }, steps: stepCount });
  }
  killAt = 0;
}
await controller[Symbol.asyncDispose]();
