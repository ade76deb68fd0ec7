// SPDX-License-Identifier: Apache-2.0

// `argon instance …`: the guests of a running host.

import { type Command, Option } from 'commander';

import {
  type BootImage,
  bootImageType,
  type Instance,
  instanceStateType,
} from '../api/generated/argon/v1/instances.ts';
import { parseBytes } from '../base/byte-size.ts';
import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { type CommandContext, withHost } from './context.ts';
import { shortEnumValue, shortEnumValues } from './document/write.ts';
import { ensureBootImages } from './host/boot-images.ts';
import { createRequestId, type HostClient } from './host/host-client.ts';
import { changeLimits, limitText } from './host/limit-text.ts';
import { listInstances, resolveName } from './host/resources.ts';
import { instanceView, printChange, printResource, printResources } from './host/show.ts';
import { joinTenantConsole } from './host/tenant.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;
type Verb = (client: HostClient, context: CommandContext) => Promise<void>;

interface CreateFlags {
  readonly image?: string;
  readonly bootVolume?: string;
  readonly name?: string;
  readonly cpus?: string;
  readonly memory?: string;
  readonly limit?: string;
  readonly start?: true;
}

interface StopFlags {
  readonly timeout?: string;
  readonly force?: true;
}

const countMax = { min: 1, max: 2 ** 32 - 1 };

export function addInstanceCommand(program: Command, run: Run): void {
  const instance = program.command('instance').description('the guests of a running host');
  const onHost = async (verb: Verb): Promise<void> =>
    run(async (context) => withHost(context, async (client) => verb(client, context)));
  addCreate(instance, onHost);
  instance
    .command('list')
    .description('list instances')
    .action(async () =>
      onHost(async (client, context) => {
        await printResources(context, instanceView, await listInstances(client, context));
      }),
    );
  instance
    .command('get <instance>')
    .description('show all there is to know of an instance')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        await printResource(context, instanceView, await getInstance(client, text, context));
      }),
    );
  instance
    .command('update <instance>')
    .description('change its display name, or the limits that its volumes share')
    .option('--name <name>', 'the new display name')
    .option('--limit <spec>', 'as in iops=1000 or none; what is not named stays')
    .action(async (text: string, flags: Pick<CreateFlags, 'name' | 'limit'>) =>
      onHost(async (client, context) => updateInstanceAt(client, context, text, flags)),
    );
  addLifeCycle(instance, onHost);
  instance
    .command('console <instance>')
    .description('join its console; Ctrl-] leaves it')
    .action(async (text: string) => run(async (context) => joinTenantConsole(context, text)));
}

type OnHost = (verb: Verb) => Promise<void>;

function addCreate(instance: Command, onHost: OnHost): void {
  instance
    .command('create')
    .description('make an instance')
    .addOption(
      new Option('--image <image>', 'what boots (default: tiny, without a boot volume)').choices(
        shortEnumValues(bootImageType),
      ),
    )
    .option('--boot-volume <volume>', 'boot from a volume with a boot loader instead')
    .option('--name <name>', 'a display name: lower-case letters, digits and dashes')
    .option('--cpus <n>', 'virtual CPUs (default: 2)')
    .option('--memory <size>', 'as in 1GiB (default: 512MiB, from a disk 1GiB)')
    .option('--limit <spec>', 'what all its volumes share, as in iops=1000,bps=100MiB')
    .option('--start', 'start it')
    .action(async (flags: CreateFlags) =>
      onHost(async (client, context) => createInstance(client, context, flags)),
    );
}

function addLifeCycle(instance: Command, onHost: OnHost): void {
  instance
    .command('delete <instance>')
    .description('delete a stopped instance; its volumes stay')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'instance', text, context);
        const request = { name, requestId: createRequestId() };
        await client.call('Instances.DeleteInstance', request, context);
        const line = context.format === 'name' ? name : `deleted ${name}`;
        await context.print({ deleted: name }, `${line}\n`);
      }),
    );
  instance
    .command('start <instance>')
    .description('start it; returns when its CPUs run')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        const current = await getInstance(client, text, context);
        await ensureBootImages(context, [current.image]);
        await printState(context, await startInstance(client, current.name, context));
      }),
    );
  instance
    .command('stop <instance>')
    .description('press its power button; cut its power when it does not end in time')
    .option('--timeout <seconds>', 'how long it has to power off (default: 60)')
    .option('--force', 'cut its power at once')
    .action(async (text: string, flags: StopFlags) =>
      onHost(async (client, context) => stopInstance(client, context, text, flags)),
    );
  instance
    .command('reset <instance>')
    .description('press its reset button')
    .action(async (text: string) =>
      onHost(async (client, context) => {
        const name = await resolveName(client, 'instance', text, context);
        const request = { name, requestId: createRequestId() };
        const after = await client.call('Instances.ResetInstance', request, context);
        await printChange(context, instanceView, after, `${name} was reset`);
      }),
    );
}

/** The image for a word of a command line: `tiny`. */
function parseImage(text: string | undefined): BootImage {
  const found = [...bootImageType.numbers.keys()].find(
    (value) => shortEnumValue(bootImageType, value) === text,
  );
  return found ?? bootImageType.zero;
}

async function createInstance(
  client: HostClient,
  context: CommandContext,
  flags: CreateFlags,
): Promise<void> {
  if (flags.image !== undefined && flags.bootVolume !== undefined) {
    throw new ArgonError('invalid-argument', '--image and --boot-volume exclude each other');
  }
  const bootVolume =
    flags.bootVolume === undefined
      ? ''
      : await resolveName(client, 'volume', flags.bootVolume, context);
  const image = parseImage(flags.image ?? (bootVolume === '' ? 'tiny' : undefined));
  const request = {
    instance: {
      image,
      bootVolume,
      displayName: flags.name ?? '',
      cpuCount: flags.cpus === undefined ? 0 : parseInteger(flags.cpus, '--cpus', countMax),
      memoryBytes: flags.memory === undefined ? 0n : BigInt(parseBytes(flags.memory)),
      ...(flags.limit === undefined ? {} : { limits: changeLimits(undefined, flags.limit) }),
    },
    requestId: createRequestId(),
  };
  const isBooting = flags.start === true || image !== bootImageType.zero;
  await ensureBootImages(context, isBooting ? [image] : []);
  const created = await client.call('Instances.CreateInstance', request, context);
  const instance =
    flags.start === true ? await startInstance(client, created.name, context) : created;
  await printState(context, instance);
}

/** Starts an instance and returns it as it is when its CPUs run. */
export async function startInstance(
  client: HostClient,
  name: string,
  scope: Cancellable,
): Promise<Instance> {
  return client.call('Instances.StartInstance', { name, requestId: createRequestId() }, scope);
}

async function stopInstance(
  client: HostClient,
  context: CommandContext,
  text: string,
  flags: StopFlags,
): Promise<void> {
  const range = { min: 1, max: 600 };
  const timeoutS =
    flags.timeout === undefined ? 0 : parseInteger(flags.timeout, '--timeout', range);
  const name = await resolveName(client, 'instance', text, context);
  const stopped = await client.call(
    'Instances.StopInstance',
    {
      name,
      timeoutMs: timeoutS * 1000,
      force: flags.force === true,
      requestId: createRequestId(),
    },
    context,
  );
  await printState(context, stopped);
}

/** Changes the display name or the limits of an instance. */
export async function updateInstanceAt(
  client: HostClient,
  context: CommandContext,
  text: string,
  flags: Pick<CreateFlags, 'name' | 'limit'>,
): Promise<void> {
  if (flags.name === undefined && flags.limit === undefined) {
    throw new ArgonError('invalid-argument', 'nothing to change', {
      hint: 'give --name or --limit',
    });
  }
  const current = await getInstance(client, text, context);
  const instance = await client.call(
    'Instances.UpdateInstance',
    {
      instance: {
        name: current.name,
        ...(flags.name === undefined ? {} : { displayName: flags.name }),
        // Limits are replaced as a whole, so nobody may have changed them meanwhile.
        ...(flags.limit === undefined
          ? {}
          : { limits: changeLimits(current.limits, flags.limit), etag: current.etag }),
      },
      updateMask: [
        ...(flags.name === undefined ? [] : ['display_name']),
        ...(flags.limit === undefined ? [] : ['limits']),
      ],
      requestId: createRequestId(),
    },
    context,
  );
  const facts = `is "${instance.displayName}", limits ${limitText(instance.limits)}`;
  await printChange(context, instanceView, instance, `${instance.name} ${facts}`);
}

async function getInstance(
  client: HostClient,
  text: string,
  scope: Cancellable,
): Promise<Instance> {
  const name = await resolveName(client, 'instance', text, scope);
  return client.call('Instances.GetInstance', { name }, scope);
}

async function printState(context: CommandContext, instance: Instance): Promise<void> {
  const state = shortEnumValue(instanceStateType, instance.state);
  const accelerator = instance.accelerator === '' ? '' : ` on ${instance.accelerator}`;
  await printChange(
    context,
    instanceView,
    instance,
    `${instance.name} is ${state}${state === 'running' ? accelerator : ''}`,
  );
}
