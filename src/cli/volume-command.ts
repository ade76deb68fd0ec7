// SPDX-License-Identifier: Apache-2.0

// `argon volume create|list|resize|delete|import`.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { type Bytes, formatBytes, parseBytes } from '../base/byte-size.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { ensureStateSubdir } from '../base/state-dir.ts';
import { parseVolumeId, type VolumeId } from '../base/volume-id.ts';
import { type VolumeRecord, volumeUnitBytes } from '../volume/volume-record.ts';
import { type CommandContext, openHostServices } from './context.ts';
import { callControl } from './control-client.ts';
import { type Column, formatTable } from './output.ts';
import { importImage } from './volume-import.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface CreateFlags {
  readonly size: string;
  readonly plain?: true;
}

interface ImportFlags {
  readonly size?: string;
  readonly plain?: true;
}

interface ResizeFlags {
  readonly control?: string;
}

export function addVolumeCommand(program: Command, run: Run): void {
  const volume = program.command('volume').description('make, list, grow, fill and delete volumes');
  volume
    .command('create')
    .description('make an empty volume; it reads as zeros')
    .requiredOption('--size <size>', 'as in 512MiB or 10GiB')
    .option('--plain', 'do not encrypt it')
    .action(async (flags: CreateFlags) => run(async (context) => createVolume(context, flags)));
  volume
    .command('list')
    .description('list volumes')
    .action(async () => run(listVolumes));
  volume
    .command('resize <id> <size>')
    .description('make a volume larger; what is new reads as zeros')
    .option('--control <path>', 'the control socket of the device, if a guest uses the volume')
    .action(async (id: string, size: string, flags: ResizeFlags) =>
      run(async (context) => resizeVolume(context, id, size, flags)),
    );
  volume
    .command('delete <id>')
    .description('delete a volume and its key; its content cannot be had back')
    .action(async (id: string) => run(async (context) => deleteVolume(context, id)));
  volume
    .command('import <image>')
    .description('make a volume from a raw disk image')
    .option('--size <size>', "larger than the image; else the image's size")
    .option('--plain', 'do not encrypt it')
    .action(async (image: string, flags: ImportFlags) =>
      run(async (context) => importVolume(context, image, flags)),
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

async function createVolume(context: CommandContext, flags: CreateFlags): Promise<void> {
  const { volumes } = await openHostServices(context.stateDir);
  const record = await volumes.create({
    sizeBytes: parseBytes(flags.size),
    cipher: flags.plain === true ? 'none' : 'aes-256-xts',
  });
  await context.print(describeVolume(record), `${record.id}\n`);
}

async function listVolumes(context: CommandContext): Promise<void> {
  const { volumes } = await openHostServices(context.stateDir);
  const records = await volumes.list();
  const text =
    context.format === 'name'
      ? records.map((record) => `${record.id}\n`).join('')
      : formatTable(columns, records);
  await context.print(records.map(describeVolume), text);
}

async function resizeVolume(
  context: CommandContext,
  id: string,
  size: string,
  { control }: ResizeFlags,
): Promise<void> {
  const { volumes } = await openHostServices(context.stateDir);
  const [volumeId, sizeBytes] = [parseVolumeId(id), parseBytes(size)];
  const record =
    control === undefined
      ? await volumes.resize(volumeId, sizeBytes)
      : await volumes.resizeOpen(volumeId, sizeBytes, {
          grow: async () => growAt(context, control, 'store.grow', volumeId, sizeBytes),
          announce: async () => growAt(context, control, 'device.grow', volumeId, sizeBytes),
        });
  const text = `${record.id} has ${formatBytes(record.sizeBytes)}\n`;
  await context.print(describeVolume(record), text);
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

async function deleteVolume(context: CommandContext, id: string): Promise<void> {
  const { volumes } = await openHostServices(context.stateDir);
  const volumeId = parseVolumeId(id);
  await volumes.delete(volumeId);
  await context.print({ deleted: volumeId }, `deleted ${volumeId}\n`);
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
  const record = await services.volumes.create({
    sizeBytes,
    cipher: flags.plain === true ? 'none' : 'aes-256-xts',
    source: imagePath,
  });
  context.stages.step(`copying ${formatBytes(imageBytes)} into ${record.id}`);
  try {
    const totals = await importImage(services, {
      imagePath,
      imageBytes,
      record,
      progress: context.stages,
      logFile: join(await ensureStateSubdir(context.stateDir, 'logs'), 'card.log'),
      signal: context.signal,
    });
    context.stages.ok(`${formatBytes(Number(totals.writtenBytes))} of it not zeros`);
  } catch (thrown) {
    context.stages.failed();
    // Half an image is no volume.
    await services.volumes.delete(record.id);
    throw thrown;
  }
  await context.print(describeVolume(record), `${record.id}\n`);
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
