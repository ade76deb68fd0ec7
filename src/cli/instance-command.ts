// SPDX-License-Identifier: Apache-2.0

// `argon instance …`: the guests of a running host.

import type { Command } from 'commander';

import { resourceFlags } from '../api/generated/argon/v1/flags.ts';
import { type Instance, instanceStateType } from '../api/generated/argon/v1/instances.ts';
import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { type CommandContext, withHost } from './context.ts';
import { shortEnumValue } from './document/write.ts';
import { changeNetworkAllowance } from './host/allowance-text.ts';
import { ensureBootImages } from './host/boot-images.ts';
import { createRequestId, type HostClient } from './host/host-client.ts';
import { limitText } from './host/limit-text.ts';
import { metadataReaders } from './host/metadata-text.ts';
import {
  addFieldFlags,
  type FlagValues,
  parseChanges,
  parseFieldFlags,
} from './host/parse-flags.ts';
import { listInstances, resolveName } from './host/resources.ts';
import { instanceView, printChange, printResource, printResources } from './host/show.ts';
import { joinTenantConsole } from './host/tenant.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;
type Verb = (client: HostClient, context: CommandContext) => Promise<void>;

interface StopFlags {
  readonly timeout?: string;
  readonly force?: true;
}

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
  addFieldFlags(
    instance
      .command('update <instance>')
      .description('change its display name, limits, tags, metadata options or allowance'),
    resourceFlags.Instance,
    {
      verb: 'update',
      notes: {
        limits: 'what is not named stays',
        metadata_options: 'what is not named stays',
        network_allowance: 'what is not named stays',
        tags: 'all that it shall have, or none',
      },
    },
  ).action(async (text: string, flags: FlagValues) =>
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
  addFieldFlags(
    instance.command('create').description('make an instance'),
    resourceFlags.Instance,
    { verb: 'create', notes: { image: 'tiny where nothing is said' } },
  )
    .option('--start', 'start it')
    .action(async (flags: FlagValues) =>
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

async function createInstance(
  client: HostClient,
  context: CommandContext,
  flags: FlagValues,
): Promise<void> {
  if (flags['image'] !== undefined && flags['bootVolume'] !== undefined) {
    throw new ArgonError('invalid-argument', '--image and --boot-volume exclude each other');
  }
  const readers = {
    boot_volume: async (text: string) => resolveName(client, 'volume', text, context),
    ...metadataReaders(),
    network_allowance: async (text: string) => changeNetworkAllowance(undefined, text),
  };
  const { fields } = await parseFieldFlags(resourceFlags.Instance, flags, {
    verb: 'create',
    readers,
  });
  const isFromVolume = fields.bootVolume !== undefined;
  const image = fields.image ?? (isFromVolume ? 'BOOT_IMAGE_UNSPECIFIED' : 'BOOT_IMAGE_TINY');
  const isStarted = flags['start'] === true;
  await ensureBootImages(context, isStarted || !isFromVolume ? [image] : []);
  const created = await client.call(
    'Instances.CreateInstance',
    { instance: { ...fields, image }, requestId: createRequestId() },
    context,
  );
  const instance = isStarted ? await startInstance(client, created.name, context) : created;
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

const replaced = ['limits', 'metadata_options', 'network_allowance'];

/** Changes what may be changed of an instance. */
export async function updateInstanceAt(
  client: HostClient,
  context: CommandContext,
  text: string,
  flags: FlagValues,
): Promise<void> {
  const current = await getInstance(client, text, context);
  const { fields, mask } = await parseChanges(resourceFlags.Instance, flags, {
    limits: current.limits,
    readers: {
      ...metadataReaders(current.metadataOptions),
      network_allowance: async (words) => changeNetworkAllowance(current.networkAllowance, words),
    },
  });
  const instance = await client.call(
    'Instances.UpdateInstance',
    {
      instance: {
        name: current.name,
        // Replaced as a whole, so nobody may have changed them meanwhile.
        ...(mask.some((field) => replaced.includes(field)) ? { etag: current.etag } : {}),
        ...fields,
      },
      updateMask: mask,
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
