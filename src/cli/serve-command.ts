// SPDX-License-Identifier: Apache-2.0

// `argon serve block`: one device for any front end, without controller or guest.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import { parseBytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import { createLogger } from '../base/log.ts';
import { parseChoice, parseInteger } from '../base/parse.ts';
import { createVolumeId, parseVolumeId, parseVolumeName } from '../base/volume-id.ts';
import {
  type CipherOptions,
  type DeviceOptions,
  type StoreOptions,
  startBlockCard,
} from '../card/block-card.ts';
import { parseBlockBytes } from '../card/bus/devices.ts';
import { changeLimits } from '../card/control.ts';
import { serveControl } from '../card/control-server.ts';
import { parseFaultRule } from '../card/fault-spec.ts';
import { parseGuestName, parseScopedLimits } from '../card/limit-spec.ts';
import { deviceOfVolume } from '../controller/volume-device.ts';
import { loadBlockAddon, loadHostAddon } from '../native/binding.ts';
import { guardProcess } from '../native/process-guard.ts';
import type { CommandContext } from './context.ts';
import { openHostServices } from './context.ts';
import { parseCpuList } from './cpu-list.ts';
import { writeAll } from './output.ts';

export interface ServeFlags {
  readonly socket: string;
  readonly volume?: string;
  readonly file?: string;
  readonly memory?: string;
  readonly null?: string;
  readonly plain?: true;
  readonly throwawayKey?: true;
  readonly queues: string;
  readonly blockSize: string;
  readonly readOnly?: true;
  readonly workers: string;
  readonly poll: string;
  readonly cpu?: string;
  readonly control?: string;
  readonly limit?: readonly string[];
  readonly fault?: readonly string[];
  readonly faults?: true;
  readonly power?: true;
  readonly seed: string;
  readonly guest?: string;
}

export function addServeBlock(
  serve: Command,
  run: (work: (context: CommandContext) => Promise<void>) => Promise<void>,
): void {
  serve
    .command('block')
    .description('serve one block device at a vhost-user socket until it is interrupted')
    .requiredOption('--socket <path>', 'where to listen (mode 0600)')
    .option('--volume <id>', 'a volume of the state folder')
    .option('--file <path>', 'a file or block device; say --plain or --throwaway-key with it')
    .option('--memory <size>', 'memory of this process, zeros at first')
    .option('--null <size>', 'nothing: writes go nowhere, reads leave memory as it is')
    .option('--plain', 'with --file: store bytes as they are')
    .option('--throwaway-key', 'with --file or --memory: encrypt under a key that is never kept')
    .option('--queues <n>', 'queues that a front end may use', '16')
    .option('--block-size <bytes>', 'the logical block that drivers see: 512 or 4096', '512')
    .option('--read-only', 'refuse every write, and say so to drivers')
    .option('--workers <n>', 'data threads', '1')
    .option('--poll <mode>', 'off, adaptive or always', 'adaptive')
    .option('--cpu <list>', 'CPUs for the workers, as in 0,2-3')
    .option('--control <path>', 'a socket (mode 0600) for argon limit, fault and metrics')
    .option('--limit <spec>', 'as in iops=1000 or host/bps=1GiB; may be given again', collect)
    .option('--fault <spec>', 'as in error:op=read,nth=3; may be given again', collect)
    .option('--faults', 'allow faults to be set while it runs')
    .option('--power', 'allow power cuts; writes stay in memory until they are flushed')
    .option('--seed <n>', 'what decides random faults', '1')
    .option('--guest <name>', 'the guest whose limits the volume shares')
    .addHelpText(
      'after',
      `
Prints "ready PATH" on stdout when front ends can connect. The guest sees virtio-blk;
its serial number is the volume's id. docs/limits.md and docs/faults.md have the words of
--limit and --fault.

Examples:
  argon serve block --socket /run/b.sock --memory 1GiB --throwaway-key
  argon serve block --socket /run/b.sock --volume vol0123456789abcdef0 --queues 4
  argon serve block --socket /run/b.sock --memory 1GiB --control /run/c.sock --limit iops=500
`,
    )
    .action(async (flags: ServeFlags) => run(async (context) => serveBlock(context, flags)));
}

async function serveBlock(context: CommandContext, flags: ServeFlags): Promise<void> {
  const workers = parseInteger(flags.workers, '--workers', { min: 1, max: 64 });
  const pollMode = parseChoice(flags.poll, '--poll', ['off', 'adaptive', 'always']);
  const cpus = flags.cpu === undefined ? [] : parseCpuList(flags.cpu);
  const limits = (flags.limit ?? []).map(parseScopedLimits);
  const faults = (flags.fault ?? []).map(parseFaultRule);
  const device = await deviceOf(context, flags);

  const logger = createLogger('serve', 'info');
  guardProcess(loadHostAddon());
  await using card = startBlockCard(loadBlockAddon(), { workers, pollMode, cpus }, logger);
  for (const changes of limits) changeLimits({ card, volumeId: device.id }, changes);
  const deviceId = await card.addDevice(device);
  for (const rule of faults) card.addFault(deviceId, rule);
  await using stack = new AsyncDisposableStack();
  if (flags.control !== undefined) {
    const target = { card, deviceId, volumeId: device.id };
    stack.use(await serveControl(resolve(flags.control), target, logger));
  }
  await writeAll(process.stdout, `ready ${device.socketPath ?? ''}\n`);
  if (!context.signal.aborted) await once(context.signal, 'abort');
}

/** The device that the flags describe. */
async function deviceOf(context: CommandContext, flags: ServeFlags): Promise<DeviceOptions> {
  const serving = {
    socketPath: resolve(flags.socket),
    queues: parseInteger(flags.queues, '--queues', { min: 1, max: 256 }),
    blockBytes: parseBlockBytes(flags.blockSize, '--block-size'),
    isReadOnly: flags.readOnly === true,
    memoryPolicy: 'any',
    ...controlsOf(flags),
  } as const;
  const source = sourceOf(flags);
  if (source.kind === 'volume') {
    if (flags.plain === true || flags.throwawayKey === true) {
      throw new ArgonError('invalid-argument', '--plain and --throwaway-key are not for --volume', {
        hint: 'a volume is encrypted or not since it was made; argon volume list says which',
      });
    }
    const id = parseVolumeName(source.text);
    const { volumes, keys } = await openHostServices(context.stateDir);
    const record = await volumes.get(id);
    return deviceOfVolume(record, volumes, keys, serving);
  }
  return {
    ...serving,
    id: source.kind === 'file' ? idOfFile(resolve(source.text)) : createVolumeId(),
    store: storeOf(source),
    cipher: cipherOf(source, flags),
  };
}

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

// Without any of these flags nothing stands between the device and its store.
function controlsOf(flags: ServeFlags): Pick<DeviceOptions, 'controls'> {
  const seed = parseInteger(flags.seed, '--seed', { min: 0, max: Number.MAX_SAFE_INTEGER });
  const guest = flags.guest === undefined ? '' : parseGuestName(flags.guest);
  const hasFaults = flags.faults === true || flags.fault !== undefined;
  const hasPower = flags.power === true;
  const isWanted = [flags.control, flags.limit, flags.guest].some((flag) => flag !== undefined);
  if (!isWanted && !hasFaults && !hasPower) return {};
  return { controls: { guest, hasFaults, hasPower, seed: BigInt(seed) } };
}

interface Source {
  readonly kind: 'volume' | 'file' | 'memory' | 'null';
  readonly text: string;
}

function sourceOf(flags: ServeFlags): Source {
  const named: Source[] = [];
  for (const kind of ['volume', 'file', 'memory', 'null'] as const) {
    const text = flags[kind];
    if (text !== undefined) named.push({ kind, text });
  }
  const [source] = named;
  if (source === undefined || named.length > 1) {
    throw new ArgonError('invalid-argument', 'a device needs exactly one store', {
      hint: 'give one of --volume, --file, --memory and --null',
    });
  }
  return source;
}

function storeOf(source: Source): StoreOptions {
  if (source.kind === 'file') {
    return { kind: 'file', path: resolve(source.text), caching: 'auto', expectedBytes: 0n };
  }
  return {
    kind: source.kind === 'null' ? 'null' : 'memory',
    sizeBytes: BigInt(parseBytes(source.text)),
  };
}

function cipherOf(source: Source, flags: ServeFlags): CipherOptions {
  const isPlain = flags.plain === true;
  const isThrowaway = flags.throwawayKey === true;
  if (isPlain && isThrowaway) {
    throw new ArgonError('invalid-argument', '--plain and --throwaway-key exclude each other');
  }
  if (source.kind === 'null' && isThrowaway) {
    throw new ArgonError('invalid-argument', '--null keeps nothing that could be encrypted');
  }
  if (source.kind === 'file' && !isPlain && !isThrowaway) {
    // Not guessed: one choice writes a file's content in the clear, the other makes it unreadable.
    throw new ArgonError('invalid-argument', '--file needs a word on encryption', {
      hint: 'add --plain to store bytes as they are, or --throwaway-key to encrypt them for now',
    });
  }
  return { kind: isThrowaway ? 'throwaway-key' : 'none' };
}

// The same file has the same serial number each time.
function idOfFile(path: string): string {
  return parseVolumeId(`vol${createHash('sha256').update(path).digest('hex').slice(0, 17)}`);
}
