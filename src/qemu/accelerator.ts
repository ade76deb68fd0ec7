// SPDX-License-Identifier: Apache-2.0

// Which accelerator an instance gets. `auto` is KVM only where a guest has really booted on it; the
// answer is remembered in the state folder, for as long as everything it depends on stays the same.

import { open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { join } from 'node:path';

import { type Cancellable, deadlineSignal, throwIfEnded } from '../base/deadline.ts';
import { ArgonError, errnoName } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { parseBoolean, parseInteger, parseJson, parseObject, parseString } from '../base/parse.ts';
import type { Progress } from '../base/progress.ts';
import { ensureStateSubdir, type StateDir } from '../base/state-dir.ts';
import type { BootProbe } from './kvm-probe.ts';
import type { Accelerator } from './profile.ts';
import { formatVersion, type QemuProgram } from './version.ts';

export type AcceleratorChoice = 'auto' | Accelerator;

export interface AcceleratorAnswer {
  readonly accelerator: Accelerator;
  /** Why, in words for the user. */
  readonly reason: string;
  /** `asked`: the user chose. `device`: /dev/kvm decided. `probe`: a guest was booted just now. */
  readonly source: 'asked' | 'device' | 'probe' | 'memory';
}

export interface AcceleratorOptions extends Cancellable {
  readonly stateDir: StateDir;
  readonly qemu: QemuProgram;
  /**
   * Gets what the probe boots and returns the probe. Called only when one is needed; may take long,
   * for an image may have to be made, and does not count towards the probe's time.
   */
  readonly prepareProbe: () => Promise<BootProbe>;
  readonly progress: Progress;
  readonly log: Logger;
  /** `forget`: boot a guest even if the answer is remembered. */
  readonly memory?: 'use' | 'forget';
  readonly device?: string;
}

/**
 * How long the probe guest may take. The tiny guest needs 1 to 2 s on KVM; under TCG, which is
 * always slower, it took 2.5 to 8.7 s on two busy cores. So a host that is slower than this under
 * KVM would gain nothing from it.
 */
export const probeTimeoutMs = 12_000;

// A guest that did not boot may have met a host busy beyond measure, so that answer is not for
// ever.
const refusalValidMs = 7 * 24 * 60 * 60 * 1000;
const reasonMaxChars = 300; // It is shown on one line; the log has all of it.
const probeVersion = 1; // Raised when the probe itself changes its mind.

const defaultDevice = '/dev/kvm';

/** The reason without the words of the program that failed, which may fill lines. */
export function briefReason({ reason }: Pick<AcceleratorAnswer, 'reason'>): string {
  return reason.split(': ', 1)[0] ?? reason;
}

/** What `auto` comes to where no guest has to be booted for it; undefined if one has. */
export async function recallAccelerator({
  stateDir,
  qemu,
  device = defaultDevice,
}: Pick<AcceleratorOptions, 'stateDir' | 'qemu' | 'device'>): Promise<
  AcceleratorAnswer | undefined
> {
  const obstacle = await findObstacle(device);
  if (obstacle !== undefined) return { accelerator: 'tcg', reason: obstacle, source: 'device' };
  const remembered = await recall(memoryFile(stateDir), await describeHost(qemu, device));
  return remembered === undefined ? undefined : answerOf(remembered, 'memory');
}

/**
 * Decides on an accelerator, with a probe boot of at most `probeTimeoutMs` where it is not known.
 * @throws ArgonError failed-precondition when KVM was asked for and its device cannot be opened.
 */
export async function chooseAccelerator(
  choice: AcceleratorChoice,
  options: AcceleratorOptions,
): Promise<AcceleratorAnswer> {
  const { stateDir, qemu, device = defaultDevice } = options;
  if (choice === 'tcg') return { accelerator: 'tcg', reason: 'as asked', source: 'asked' };
  if (choice === 'kvm') {
    const obstacle = await findObstacle(device);
    if (obstacle === undefined) return { accelerator: 'kvm', reason: 'as asked', source: 'asked' };
    throw new ArgonError('failed-precondition', `KVM cannot be used: ${obstacle}`, {
      hint: 'use the accelerator auto or tcg',
    });
  }
  const known = await recallAccelerator({ stateDir, qemu, device });
  const isStale = known?.source === 'memory' && options.memory === 'forget';
  if (known !== undefined && !isStale) return known;
  const outcome = await probe(options);
  const key = await describeHost(qemu, device);
  await remember(memoryFile(stateDir), { key, ...outcome, atMs: Date.now() }, options);
  return answerOf(outcome, 'probe');
}

function memoryFile(stateDir: StateDir): string {
  return join(stateDir, 'accelerator.json');
}

interface Outcome {
  readonly isUsable: boolean;
  readonly reason: string;
}

interface Memory extends Outcome {
  readonly key: string;
  readonly atMs: number;
}

function answerOf({ isUsable, reason }: Outcome, source: 'probe' | 'memory'): AcceleratorAnswer {
  return { accelerator: isUsable ? 'kvm' : 'tcg', reason, source };
}

async function findObstacle(device: string): Promise<string | undefined> {
  try {
    const handle = await open(device, 'r+');
    await handle.close();
    return undefined;
  } catch (thrown) {
    const errno = errnoName(thrown) ?? 'an unknown error';
    if (errno === 'ENOENT') return `${device} does not exist`;
    const help = errno === 'EACCES' ? '; on Debian the group kvm may' : '';
    return `${device} cannot be opened (${errno})${help}`;
  }
}

async function probe(options: AcceleratorOptions): Promise<Outcome> {
  const bootProbe = await options.prepareProbe();
  const seconds = probeTimeoutMs / 1000;
  options.progress.step(`probing KVM by booting a guest on it (at most ${seconds} s, remembered)`);
  const startedMs = performance.now();
  try {
    await bootProbe({ signal: deadlineSignal(probeTimeoutMs, options.signal) });
    const tookMs = Math.round(performance.now() - startedMs);
    return { isUsable: true, reason: `a guest booted on KVM in ${tookMs} ms` };
  } catch (thrown) {
    throwIfEnded(options.signal, 'probing KVM');
    const error = ArgonError.from(thrown);
    options.log.info({ err: error }, 'KVM is there but unusable');
    const said = error.message.replaceAll(/\s+/g, ' ').slice(0, reasonMaxChars);
    return { isUsable: false, reason: `KVM is there but boots no guest: ${said}` };
  }
}

/** Everything that the answer depends on, as one text to compare. */
async function describeHost({ version }: QemuProgram, device: string): Promise<string> {
  const { rdev } = await stat(device);
  const modules = await readdir('/sys/module').catch(() => []);
  return JSON.stringify({
    probeVersion,
    kernel: release(),
    qemu: formatVersion(version),
    cpu: cpus()[0]?.model ?? '',
    device: `${device} ${rdev}`,
    // Which kind of KVM: kvm_intel, kvm_amd, or one that only looks like them.
    modules: modules.filter((name) => name.startsWith('kvm')).toSorted(),
  });
}

// A missing, damaged, foreign or outdated memory is the same as none.
async function recall(file: string, key: string): Promise<Memory | undefined> {
  try {
    const memory = parseMemory(await readFile(file, 'utf8'));
    const ageMs = Date.now() - memory.atMs;
    const isFresh = memory.isUsable || (ageMs >= 0 && ageMs < refusalValidMs);
    return memory.key === key && isFresh ? memory : undefined;
  } catch {
    return undefined;
  }
}

function parseMemory(text: string): Memory {
  const memory = parseObject(parseJson(text, 'accelerator.json'), 'accelerator.json');
  return {
    key: parseString(memory['key'], 'key'),
    isUsable: parseBoolean(memory['isUsable'], 'isUsable'),
    reason: parseString(memory['reason'], 'reason'),
    atMs: parseInteger(memory['atMs'], 'atMs', { min: 0, max: Number.MAX_SAFE_INTEGER }),
  };
}

// Not being able to remember costs the next run a probe, and is no reason to fail this one.
async function remember(
  file: string,
  memory: Memory,
  { stateDir, log }: AcceleratorOptions,
): Promise<void> {
  const unfinished = `${file}.${process.pid}`;
  try {
    await ensureStateSubdir(stateDir);
    await writeFile(unfinished, `${JSON.stringify(memory, undefined, 2)}\n`, { mode: 0o600 });
    await rename(unfinished, file);
  } catch (thrown) {
    log.warn({ err: ArgonError.from(thrown) }, 'the accelerator cannot be remembered');
  }
}
