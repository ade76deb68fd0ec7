// SPDX-License-Identifier: Apache-2.0

// `argon volume …`. A running host is asked, so that its registry and its guests know; where none
// runs, create, list, resize and delete work on the state folder itself. Import always does, and a
// host finds what was imported.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { resourceFlags } from '../api/generated/argon/v1/flags.ts';
import { type Bytes, formatBytes, parseBytes } from '../base/byte-size.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { ensureStateSubdir } from '../base/state-dir.ts';
import { parseVolumeName, type VolumeId } from '../base/volume-id.ts';
import { type VolumeRecord, volumeUnitBytes } from '../volume/volume-record.ts';
import { type CommandContext, openHostServices, withHost } from './context.ts';
import { callControl } from './control-client.ts';
import type { HostClient } from './host/host-client.ts';
import { addFieldFlags, type FlagValues, givenFlags } from './host/parse-flags.ts';
import {
  type AttachFlags,
  attachVolumeAt,
  createVolumeAt,
  deleteVolumeAt,
  detachVolumeAt,
  getVolumeAt,
  listVolumesAt,
  parseNewVolume,
  updateVolumeAt,
} from './host/volume-actions.ts';
import { type Column, formatTable } from './output.ts';
import { importImage } from './volume-import.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface ImportFlags {
  readonly size?: string;
  readonly plain?: true;
}

interface ResizeFlags {
  readonly size?: string;
  readonly control?: string;
}

export function addVolumeCommand(program: Command, run: Run): void {
  const volume = program
    .command('volume')
    .description('make, list, grow, attach and delete volumes');
  addOwnVerbs(volume, run);
  addHostVerbs(volume, run);
}

// Those that work without a host too.
function addOwnVerbs(volume: Command, run: Run): void {
  const needsHost = 'needs a running host';
  addFieldFlags(
    volume.command('create').description('make an empty volume; it reads as zeros'),
    resourceFlags.Volume,
    {
      verb: 'create',
      required: ['size_bytes'],
      notes: { display_name: needsHost, limits: needsHost },
    },
  )
    .option('--plain', 'the same as --cipher none')
    .action(async (flags: FlagValues) => run(async (context) => createVolume(context, flags)));
  volume
    .command('list')
    .description('list volumes')
    .action(async () => run(listVolumes));
  volume
    .command('resize')
    .description('make a volume larger; what is new reads as zeros')
    .argument('<volume>', 'its name, id or display name')
    .argument('[size]', 'the same as --size')
    .option('--size <size>', 'as in 512MiB or 10GiB')
    .option('--control <path>', 'the control socket of the device, if argon serve or run has it')
    .action(async (text: string, size: string | undefined, flags: ResizeFlags) =>
      run(async (context) => resizeVolume(context, text, size, flags)),
    );
  volume
    .command('delete <volume>')
    .description('delete a volume and its key; its content cannot be had back')
    .action(async (text: string) => run(async (context) => deleteVolume(context, text)));
  volume
    .command('import <image>')
    .description('make a volume from a raw disk image')
    .option('--size <size>', "larger than the image; else the image's size")
    .option('--plain', 'do not encrypt it')
    .action(async (image: string, flags: ImportFlags) =>
      run(async (context) => importVolume(context, image, flags)),
    );
}

function addHostVerbs(volume: Command, run: Run): void {
  const onHost = async (
    verb: (client: HostClient, context: CommandContext) => Promise<void>,
  ): Promise<void> =>
    run(async (context) => withHost(context, async (client) => verb(client, context)));
  volume
    .command('get <volume>')
    .description('show all there is to know of a volume')
    .action(async (text: string) =>
      onHost(async (client, context) => getVolumeAt(client, context, text)),
    );
  addFieldFlags(
    volume
      .command('update <volume>')
      .description('change its display name, size or limits, also while a guest uses it'),
    resourceFlags.Volume,
    { verb: 'update', notes: { limits: 'what is not named stays' } },
  ).action(async (text: string, flags: FlagValues) =>
    onHost(async (client, context) => updateVolumeAt(client, context, text, flags)),
  );
  volume
    .command('limit <volume> <spec>')
    .description('limit it at once, as in iops=1000,read-bps=100MiB or none')
    .action(async (text: string, limit: string) =>
      onHost(async (client, context) => updateVolumeAt(client, context, text, { limit })),
    );
  volume
    .command('attach <volume> <instance>')
    .description('plug it into an instance, running or not')
    .option('--read-only', 'the guest may not write to it')
    .option('--no-wait', "do not wait for the guest's driver")
    .action(async (text: string, instance: string, flags: AttachFlags) =>
      onHost(async (client, context) => attachVolumeAt(client, context, [text, instance], flags)),
    );
  volume
    .command('detach <volume>')
    .description('take it out of its instance')
    .option('--force', 'even if the guest does not let go; its I/O fails')
    .action(async (text: string, flags: { readonly force?: true }) =>
      onHost(async (client, context) => detachVolumeAt(client, context, text, flags)),
    );
}

/** A volume as commands print it: without its wrapped key. */
export function describeVolume(record: VolumeRecord): Readonly<Record<string, string | number>> {
  const { id, sizeBytes, cipher, source, createdAt } = record;
  return { id, size_bytes: sizeBytes, cipher, source, created_at: createdAt };
}

const columns: readonly Column<VolumeRecord>[] = [
  { title: 'ID', of: (record) => record.id },
  { title: 'SIZE', of: (record) => formatBytes(record.sizeBytes), align: 'right' },
  { title: 'CIPHER', of: (record) => record.cipher },
  { title: 'CREATED', of: (record) => record.createdAt },
  { title: 'SOURCE', of: (record) => record.source },
];

async function createVolume(context: CommandContext, flags: FlagValues): Promise<void> {
  const done = await ifHost(context, async (client) => createVolumeAt(client, context, flags));
  if (done) return;
  const [refused] = givenFlags(resourceFlags.Volume, flags, ['size_bytes', 'cipher']);
  if (refused !== undefined) {
    throw new ArgonError('failed-precondition', `${refused} needs a running host`, {
      hint: 'argon up starts it',
    });
  }
  const { sizeBytes, cipher } = await parseNewVolume(flags);
  const { volumes } = await openHostServices(context.stateDir);
  const record = await volumes.create({
    sizeBytes: parseBytes(Number(sizeBytes)),
    cipher: cipher === 'VOLUME_CIPHER_NONE' ? 'none' : 'aes-256-xts',
  });
  await context.print(describeVolume(record), `${printedName(context, record)}\n`);
}

async function listVolumes(context: CommandContext): Promise<void> {
  if (await ifHost(context, async (client) => listVolumesAt(client, context))) return;
  const { volumes } = await openHostServices(context.stateDir);
  const records = await volumes.list();
  const text =
    context.format === 'name'
      ? records.map((record) => `${printedName(context, record)}\n`).join('')
      : formatTable(columns, records);
  await context.print(records.map(describeVolume), text);
}

async function resizeVolume(
  context: CommandContext,
  text: string,
  sizeArgument: string | undefined,
  { size: sizeFlag, control }: ResizeFlags,
): Promise<void> {
  const size = sizeArgument ?? sizeFlag;
  if (size === undefined || (sizeArgument !== undefined && sizeFlag !== undefined)) {
    throw new ArgonError('invalid-argument', 'give the new size, once', {
      hint: 'as in argon volume resize VOLUME --size 2GiB',
    });
  }
  const update = async (client: HostClient): Promise<void> =>
    updateVolumeAt(client, context, text, { size });
  if (control === undefined && (await ifHost(context, update))) return;
  const { volumes } = await openHostServices(context.stateDir);
  const [volumeId, sizeBytes] = [parseVolumeName(text), parseBytes(size)];
  const record =
    control === undefined
      ? await volumes.resize(volumeId, sizeBytes)
      : await volumes.resizeOpen(volumeId, sizeBytes, {
          grow: async () => growAt(context, control, 'store.grow', volumeId, sizeBytes),
          announce: async () => growAt(context, control, 'device.grow', volumeId, sizeBytes),
        });
  const sentence = `${record.id} has ${formatBytes(record.sizeBytes)}`;
  const line = context.format === 'name' ? printedName(context, record) : sentence;
  await context.print(describeVolume(record), `${line}\n`);
}

async function growAt(
  { signal }: CommandContext,
  control: string,
  method: 'store.grow' | 'device.grow',
  volume: VolumeId,
  sizeBytes: Bytes,
): Promise<void> {
  await callControl(control, { method, params: { volume, sizeBytes } }, { signal });
}

async function deleteVolume(context: CommandContext, text: string): Promise<void> {
  if (await ifHost(context, async (client) => deleteVolumeAt(client, context, text))) return;
  const { volumes } = await openHostServices(context.stateDir);
  const volumeId = parseVolumeName(text);
  await volumes.delete(volumeId);
  await context.print({ deleted: volumeId }, `deleted ${volumeId}\n`);
}

/** True if a host runs and `work` was done with it. */
async function ifHost(
  context: CommandContext,
  work: (client: HostClient) => Promise<void>,
): Promise<boolean> {
  const found = await context.findHost();
  if (found === undefined) return false;
  await using client = found;
  await work(client);
  return true;
}

// `-o name` prints what a running host would: what is printed today is pasted tomorrow.
function printedName({ format }: CommandContext, { id }: VolumeRecord): string {
  return format === 'name' ? `volumes/${id}` : id;
}

async function importVolume(
  context: CommandContext,
  image: string,
  flags: ImportFlags,
): Promise<void> {
  const services = await openHostServices(context.stateDir);
  const imagePath = resolve(image);
  const imageBytes = await sizeOfImage(imagePath);
  const sizeBytes = sizeForImage(imageBytes, flags.size);
  const logFile = join(await ensureStateSubdir(context.stateDir, 'logs'), 'card.log');
  const { stages: progress, signal } = context;
  // A host that runs sees it when it is whole: half an image is no volume.
  const volume = await services.volumes.create({
    sizeBytes,
    cipher: flags.plain === true ? 'none' : 'aes-256-xts',
    source: imagePath,
    fill: async (record, paths) => {
      progress.step(`copying ${formatBytes(imageBytes)} into ${record.id}`);
      try {
        const options = { imagePath, imageBytes, record, paths, progress, logFile, signal };
        const totals = await importImage(services, options);
        progress.ok(`${formatBytes(Number(totals.writtenBytes))} of it not zeros`);
      } catch (thrown) {
        progress.failed();
        throw thrown;
      }
    },
  });
  await context.print(describeVolume(volume), `${printedName(context, volume)}\n`);
}

/** The size of the volume for an image: what was asked for, or the image's, in whole units. */
export function sizeForImage(imageBytes: number, asked: string | undefined): Bytes {
  if (asked === undefined) {
    return parseBytes(Math.ceil(imageBytes / volumeUnitBytes) * volumeUnitBytes);
  }
  const sizeBytes = parseBytes(asked);
  if (sizeBytes < imageBytes) {
    throw new ArgonError(
      'invalid-argument',
      `a volume of ${formatBytes(sizeBytes)} is too small for an image of ` +
        formatBytes(imageBytes),
    );
  }
  return sizeBytes;
}

async function sizeOfImage(path: string): Promise<number> {
  try {
    const status = await stat(path);
    if (!status.isFile()) {
      throw new ArgonError('invalid-argument', `${path} is not a regular file`, {
        hint: 'give a raw disk image',
      });
    }
    return status.size;
  } catch (thrown) {
    if (thrown instanceof ArgonError) throw thrown;
    throw new ArgonError(
      codeOfErrno(errnoName(thrown)),
      `the image ${path} cannot be read (${errnoName(thrown) ?? 'unknown error'})`,
      { cause: thrown, hint: 'give the path of a raw disk image' },
    );
  }
}
