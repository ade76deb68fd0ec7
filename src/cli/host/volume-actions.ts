// SPDX-License-Identifier: Apache-2.0

// What `argon volume` asks of a running host.

import { resourceFlags } from '../../api/generated/argon/v1/flags.ts';
import type { Volume } from '../../api/generated/argon/v1/volumes.ts';
import type { Init } from '../../api/schema.ts';
import { formatBytes } from '../../base/byte-size.ts';
import { type Cancellable, deadlineSignal, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { CommandContext } from '../context.ts';
import { createRequestId, type HostClient } from './host-client.ts';
import { limitText } from './limit-text.ts';
import { type FlagValues, parseChanges, parseFieldFlags } from './parse-flags.ts';
import { idOf, listVolumes, resolveName } from './resources.ts';
import { printChange, printResource, printResources, volumeView } from './show.ts';

export interface AttachFlags {
  readonly readOnly?: true;
  /** Commander's name for --no-wait. */
  readonly wait: boolean;
}

// A guest that is still in its firmware takes the volume when its kernel is up: minutes under TCG.
const attachTimeoutMs = 300_000;
const attachPollMs = 250;

/**
 * The volume that the flags of `argon volume create` ask for.
 * @throws ArgonError invalid-argument.
 */
export async function parseNewVolume(flags: FlagValues): Promise<Init<Volume>> {
  if (flags['plain'] !== undefined && flags['cipher'] !== undefined) {
    throw new ArgonError('invalid-argument', '--plain and --cipher exclude each other');
  }
  const { fields } = await parseFieldFlags(resourceFlags.Volume, flags, { verb: 'create' });
  const cipher = flags['plain'] === true ? 'VOLUME_CIPHER_NONE' : 'VOLUME_CIPHER_AES_256_XTS';
  return { cipher, ...fields };
}

export async function createVolumeAt(
  client: HostClient,
  context: CommandContext,
  flags: FlagValues,
): Promise<void> {
  const volume = await client.call(
    'Volumes.CreateVolume',
    { volume: await parseNewVolume(flags), requestId: createRequestId() },
    context,
  );
  await printChange(
    context,
    volumeView,
    volume,
    `${volume.name} is there, ${formatBytes(Number(volume.sizeBytes))}`,
  );
}

export async function listVolumesAt(client: HostClient, context: CommandContext): Promise<void> {
  await printResources(context, volumeView, await listVolumes(client, context));
}

export async function getVolumeAt(
  client: HostClient,
  context: CommandContext,
  text: string,
): Promise<void> {
  await printResource(context, volumeView, await getVolume(client, text, context));
}

export async function updateVolumeAt(
  client: HostClient,
  context: CommandContext,
  text: string,
  flags: FlagValues,
): Promise<void> {
  const current = await getVolume(client, text, context);
  const { fields, mask } = await parseChanges(resourceFlags.Volume, flags, {
    limits: current.limits,
  });
  const volume = await client.call(
    'Volumes.UpdateVolume',
    {
      volume: {
        name: current.name,
        // Limits are replaced as a whole, so nobody may have changed them meanwhile.
        ...(mask.includes('limits') ? { etag: current.etag } : {}),
        ...fields,
      },
      updateMask: mask,
      requestId: createRequestId(),
    },
    context,
  );
  const facts = [formatBytes(Number(volume.sizeBytes)), `limits ${limitText(volume.limits)}`];
  await printChange(context, volumeView, volume, `${volume.name} has ${facts.join(', ')}`);
}

export async function deleteVolumeAt(
  client: HostClient,
  context: CommandContext,
  text: string,
): Promise<void> {
  const name = await resolveName(client, 'volume', text, context);
  await client.call('Volumes.DeleteVolume', { name, requestId: createRequestId() }, context);
  const line = context.format === 'name' ? name : `deleted ${name}`;
  await context.print({ deleted: name }, `${line}\n`);
}

/** Returns when the guest's driver has the volume, unless --no-wait or the guest is stopped. */
export async function attachVolumeAt(
  client: HostClient,
  context: CommandContext,
  [volumeText, instanceText]: readonly [string, string],
  flags: AttachFlags,
): Promise<void> {
  const name = await resolveName(client, 'volume', volumeText, context);
  const instance = await resolveName(client, 'instance', instanceText, context);
  const attached = await client.call(
    'Volumes.AttachVolume',
    { name, instance, readOnly: flags.readOnly === true, requestId: createRequestId() },
    context,
  );
  const isWaiting = flags.wait && (await isRunning(client, instance, context));
  const volume = isWaiting ? await waitUntilAttached(client, attached, context) : attached;
  const slot = volume.attachment?.slot ?? 0;
  const isThere = volume.attachment?.state === 'ATTACHMENT_STATE_ATTACHED';
  const what = isThere ? 'is attached to' : 'will be attached to';
  await printChange(
    context,
    volumeView,
    volume,
    `${name} ${what} ${instance} in slot ${slot}; its serial number there is ${idOf(name)}`,
  );
}

export async function detachVolumeAt(
  client: HostClient,
  context: CommandContext,
  text: string,
  flags: { readonly force?: true },
): Promise<void> {
  const name = await resolveName(client, 'volume', text, context);
  const volume = await client.call(
    'Volumes.DetachVolume',
    { name, force: flags.force === true, requestId: createRequestId() },
    context,
  );
  if (volume.attachment?.state === 'ATTACHMENT_STATE_BUSY') {
    throw new ArgonError('failed-precondition', `the guest does not let go of ${name}`, {
      hint: 'unmount it in the guest and try again; --force takes it away and fails its I/O',
      details: { volume: name, instance: volume.attachment.instance },
    });
  }
  await printChange(context, volumeView, volume, `${name} is detached`);
}

async function getVolume(client: HostClient, text: string, scope: Cancellable): Promise<Volume> {
  const name = await resolveName(client, 'volume', text, scope);
  return client.call('Volumes.GetVolume', { name }, scope);
}

async function isRunning(client: HostClient, name: string, scope: Cancellable): Promise<boolean> {
  const { state } = await client.call('Instances.GetInstance', { name }, scope);
  return state === 'INSTANCE_STATE_RUNNING' || state === 'INSTANCE_STATE_STARTING';
}

async function waitUntilAttached(
  client: HostClient,
  attached: Volume,
  scope: Cancellable,
): Promise<Volume> {
  const { name } = attached;
  let latest: Volume | undefined = attached;
  return pollUntil(
    async () => {
      const volume = latest ?? (await client.call('Volumes.GetVolume', { name }, scope));
      latest = undefined;
      const { attachment } = volume;
      if (attachment === undefined) {
        throw new ArgonError('aborted', `${name} was detached meanwhile`);
      }
      return attachment.state === 'ATTACHMENT_STATE_ATTACHING' ? undefined : volume;
    },
    `waiting for the guest's driver to have ${name}`,
    { signal: deadlineSignal(attachTimeoutMs, scope.signal), intervalMs: attachPollMs },
  );
}
